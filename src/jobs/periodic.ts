import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app.ts';
import type { Queryable } from '../db/pool.ts';
import { ulid } from '../ids.ts';
import type { PeriodicSpec } from './jobs.ts';
import { insertSchedules, takeSchedule } from './queries.ts';

/**
 * Periodic work. Every process keeps a timer for each, and a row in `schedules` lets one of them
 * run it when its time has come. A run that fails is logged and comes again at its next time; one
 * that takes longer than its period does not overlap itself in this process.
 */
export interface PeriodicOptions {
  readonly link: Queryable;
  readonly app: App;
  readonly specs: readonly PeriodicSpec[];
}

const STOP_LIMIT_MS = 5_000;

export class Periodic {
  readonly #options: PeriodicOptions;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<unknown>;

  constructor(options: PeriodicOptions) {
    this.#options = options;
    // Every piece of work waits on the one signal.
    setMaxListeners(options.specs.length + 1, this.#stopping.signal);
    this.#loops = Promise.all(options.specs.map((spec) => this.#loop(spec)));
  }

  /** Lets running work finish, for up to 5 s. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.race([this.#loops, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
  }

  async #loop(spec: PeriodicSpec): Promise<void> {
    const { signal } = this.#stopping;
    const { name, every_ms } = spec;
    let known = false;
    while (!signal.aborted) {
      try {
        if (!known) await insertSchedules(this.#options.link, [name]);
        known = true;
        const mine = await takeSchedule(this.#options.link, { name, token: ulid(), every_ms });
        if (mine && !signal.aborted) await spec.run(this.#options.app);
      } catch (error) {
        this.#options.app.log.warn({ err: error, name }, 'periodic work failed');
      }
      // A little later than the row's time, which was set a moment before this timer.
      await sleep(every_ms + 2, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
