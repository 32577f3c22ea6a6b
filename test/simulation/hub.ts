import type { App } from '../../src/app.ts';
import type { Clock } from '../../src/clock.ts';
import type { Config } from '../../src/config.ts';
import { listen } from '../../src/http/listen.ts';
import { createHub } from '../../src/hub.ts';
import { createApp } from '../../src/wiring.ts';
import { JOB_SPECS, PERIODIC_SPECS } from '../../src/work.ts';
import type { Bug } from './bugs.ts';
import type { Network } from './engine/network.ts';
import { inProcess, type SimulatedProcess } from './engine/process.ts';
import type { Scheduler } from './engine/scheduler.ts';
import type { Statements } from './engine/statements.ts';
import { connectorsWith, withBug } from './planted.ts';

export interface HubOptions {
  readonly name: string;
  readonly config: Config;
  readonly database_url: string;
  readonly public_url: string;
  readonly db_settings: Readonly<Record<string, string>>;
  /** Some seconds beside everybody else's. */
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly statements: Statements;
  readonly network: Network;
  readonly bug: Bug | undefined;
  /** Periodic work comes so often, between these two. */
  readonly paces_ms: readonly [number, number];
}

/** One hub as it runs in production, that may die at any gate and be started again. */
export class Hub {
  readonly #options: HubOptions;
  #process: SimulatedProcess | undefined;
  #starts = 0;
  /** Where it listens; 0 while it does not. */
  port = 0;
  app: App | undefined;
  /** Why it could not start: never in a sound world. */
  failure: unknown;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  get alive(): boolean {
    return this.#process !== undefined;
  }

  start(): void {
    this.#starts += 1;
    const { name, scheduler } = this.#options;
    const process = { name: `${name}.${this.#starts}`, alive: true };
    this.#process = process;
    scheduler.trace.add(`   ${process.name} starts`);
    inProcess(process, () => {
      this.#run().catch((error: unknown) => {
        if (process.alive) this.failure = error;
      });
    });
  }

  /** As kill -9 does it. */
  async crash(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    const { scheduler, network, statements } = this.#options;
    scheduler.trace.add(`   ${process.name} dies`);
    this.#process = undefined;
    this.app = undefined;
    this.port = 0;
    scheduler.bury(process);
    network.bury(process);
    await statements.kill(process);
  }

  /** The server ends all its sessions; it goes on. */
  async cut(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    const { scheduler, statements } = this.#options;
    scheduler.trace.add(`   ${process.name} is cut off from the database`);
    await statements.cut(process);
  }

  async #run(): Promise<void> {
    const { config, database_url, public_url, db_settings, bug, name } = this.#options;
    const { clock, paces_ms } = this.#options;
    const built = await createApp({
      config,
      database_url,
      name,
      public_url,
      db_settings,
      clock,
      connectors: connectorsWith(bug),
    });
    const app = withBug(built.app, bug);
    const { port } = await listen(app, createHub(app), { host: config.host, port: 0 });
    const [often_ms, rarely_ms] = paces_ms;
    const periodic = PERIODIC_SPECS.map((spec) => ({
      ...spec,
      every_ms: Math.min(Math.max(spec.every_ms, often_ms), rarely_ms),
    }));
    app.jobs.start(app, JOB_SPECS, periodic);
    this.port = port;
    this.app = app;
  }
}
