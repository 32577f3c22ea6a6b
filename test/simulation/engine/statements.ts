import type pg from 'pg';
import type { LockWatch } from './lock-watch.ts';
import {
  driver,
  endedByServer,
  hangUp,
  labelOf,
  pidOf,
  rowsOf,
  silence,
  tellEnd,
  waitForEver,
} from './pg-client.ts';
import { inProcess, keepContext, type SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import { within } from './real.ts';
import type { Scheduler } from './scheduler.ts';
import type { Asked, Done, Sent, Session } from './sessions.ts';

const PATIENCE_MS = 2;
const ANSWER_GATES = 0.3;
const NOTIFY = /^\s*select pg_notify\('(\w+)'/;
const LISTEN = /^listen (\w+)$/;
/** What neither writes a row nor asks for the time need not be told of it. */
const TIMELESS = /^\s*(begin|commit|rollback|savepoint|release|set|reset|listen|analyze)\b/i;
const SELECT = /^\s*select\b/i;
const READS_TIME = /now\(|clock_timestamp/i;

function isTimeless(text: string): boolean {
  return TIMELESS.test(text) || (SELECT.test(text) && !READS_TIME.test(text));
}

/**
 * Every statement of a simulated process stands at a gate before it runs, and some once more before
 * its answer is known, so that others, or a crash, come in between. A statement that waits for
 * another's lock stays out there while the others go on.
 * One object a simulation; `installStatements` sends everybody's to the one at hand.
 */
export class Statements {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #watch: LockWatch;
  readonly #sessions = new Map<pg.Client, Session>();
  readonly #ended = new WeakSet<Session>();
  #sent: Sent[] = [];
  #told_ms = 0;
  #numbers = 0;
  ran = 0;

  constructor(options: { scheduler: Scheduler; random: Random; watch: LockWatch }) {
    this.#scheduler = options.scheduler;
    this.#random = options.random.stream('statements');
    this.#watch = options.watch;
  }

  knows(client: pg.Client): boolean {
    return this.#sessions.has(client);
  }

  connect(client: pg.Client, process: SimulatedProcess, done: (error?: Error) => void): void {
    this.#numbers += 1;
    const number = this.#numbers;
    const resume = keepContext();
    this.#scheduler.gate({ process, label: `connects #${number}` }, async () => {
      const session: Session = {
        client,
        process,
        number,
        waiting: [],
        unheard: [],
        busy: false,
        listens: new Set(),
      };
      this.#sessions.set(client, session);
      waitForEver(client);
      const error = await new Promise<Error | undefined>((resolve) =>
        resume(() => driver.connect.call(client, (problem?: Error) => resolve(problem))),
      );
      resume(() => done(error));
    });
  }

  /** Answers when the server knows that the session is over. */
  end(client: pg.Client, done: () => void): void {
    const session = this.#sessions.get(client);
    if (!session) return;
    const resume = keepContext();
    const { process, number } = session;
    this.#scheduler.gate({ process, label: `disconnects #${number}` }, async () => {
      this.#sessions.delete(client);
      await new Promise<void>((resolve) => driver.end.call(client, () => resolve()));
      resume(done);
    });
  }

  ask(client: pg.Client, config: pg.QueryConfig, done: Done): void {
    const session = this.#sessions.get(client);
    if (!session) throw new Error('a statement without a session');
    const resume = keepContext();
    const asked: Asked = {
      config,
      done: (error, result) => resume(() => done(error, result)),
      label: labelOf(config),
    };
    session.waiting.push(asked);
    this.#next(session);
  }

  /** The sessions of a dead process end as those of a killed one do. */
  async kill(process: SimulatedProcess): Promise<void> {
    const dead = [...this.#sessions.values()].filter((session) => session.process === process);
    for (const { client } of dead) {
      this.#sessions.delete(client);
      silence(client);
    }
    this.#sent = this.#sent.filter(({ session }) => session.process !== process);
    await this.#watch.terminate(dead.map(({ client }) => pidOf(client)));
    await this.#deliver();
  }

  /** The server ends these sessions, and their owner lives: what it had asked fails. */
  async cut(process: SimulatedProcess): Promise<void> {
    const sessions = [...this.#sessions.values()].filter((each) => each.process === process);
    const error = endedByServer();
    for (const session of sessions) {
      const { client, waiting, number } = session;
      this.#sessions.delete(client);
      this.#ended.add(session);
      hangUp(client);
      const asked = this.#sent.filter((sent) => sent.session === session);
      this.#sent = this.#sent.filter((sent) => sent.session !== session);
      const lost = [...asked, ...waiting.splice(0)];
      this.#scheduler.gate({ process, label: `#${number} is ended by the server` }, () => {
        for (const { done } of lost) done(error);
        inProcess(process, () => tellEnd(client, error));
      });
    }
    await this.#watch.terminate(sessions.map(({ client }) => pidOf(client)));
    await this.#deliver();
  }

  #next(session: Session): void {
    const asked = session.waiting[0];
    if (!asked || session.busy || this.#ended.has(session)) return;
    session.busy = true;
    session.waiting.shift();
    const { process, number } = session;
    this.#scheduler.gate({ process, label: `#${number} ${asked.label}` }, async () => {
      if (this.#ended.has(session)) return asked.done(endedByServer());
      if (!isTimeless(asked.config.text)) await this.#tellTime();
      this.#send(session, asked);
      await this.#deliver();
    });
  }

  /** The database's clock shows virtual time. */
  async #tellTime(): Promise<void> {
    const { now_ms } = this.#scheduler;
    if (now_ms === this.#told_ms) return;
    this.#told_ms = now_ms;
    await this.#watch.query('select setval($1, $2)', ['simulated_clock', now_ms]);
  }

  #send(session: Session, asked: Asked): void {
    this.ran += 1;
    let over = () => {};
    const sent: Sent = {
      ...asked,
      session,
      outcome: undefined,
      over: new Promise((resolve) => {
        over = resolve;
      }),
    };
    this.#sent.push(sent);
    const { config } = asked;
    driver.query.call(
      session.client,
      { ...config },
      (error: Error | null, result: pg.QueryResult) => {
        sent.outcome = { error, result };
        over();
      },
    );
  }

  /** Waits until whoever can finish has finished, and tells them in the order they were sent. */
  async #deliver(): Promise<void> {
    for (;;) {
      const running = this.#sent.filter(({ outcome }) => outcome === undefined);
      if (running.length === 0) break;
      const all = Promise.all(running.map(({ over }) => over));
      if (await within(all, PATIENCE_MS)) break;
      const still = running.filter(({ outcome }) => outcome === undefined);
      if (still.length === 0) break;
      const pids = still.map(({ session }) => pidOf(session.client));
      if ((await this.#watch.allStuck(pids)) && still.every(({ outcome }) => !outcome)) break;
    }
    const finished = this.#sent.filter(({ outcome }) => outcome !== undefined);
    this.#sent = this.#sent.filter(({ outcome }) => outcome === undefined);
    for (const sent of finished) this.#finish(sent);
  }

  #finish(sent: Sent): void {
    const { session, outcome, done, config } = sent;
    if (!outcome) return;
    const { process, number } = session;
    const said = outcome.error ? `fails: ${outcome.error.message}` : rowsOf(outcome.result);
    this.#scheduler.trace.add(`   #${number} ${said}`);
    if (!outcome.error) this.#after(session, config);
    session.busy = false;
    this.#next(session);
    const { unheard } = session;
    unheard.push(() => done(outcome.error, outcome.result));
    // Answers of one session arrive in their order.
    if (unheard.length > 1) return;
    const hear = () => {
      for (const tell of unheard.splice(0)) tell();
    };
    if (!this.#random.chance(ANSWER_GATES)) hear();
    else this.#scheduler.gate({ process, label: `#${number} hears: ${said}` }, hear);
  }

  /** LISTEN and NOTIFY: the server's own messages come at any time, so ours stand in for them. */
  #after(session: Session, { text, values }: pg.QueryConfig): void {
    const [, heard] = LISTEN.exec(text) ?? [];
    if (heard !== undefined) session.listens.add(heard);
    const [, channel] = NOTIFY.exec(text) ?? [];
    if (channel === undefined) return;
    const message = { channel, payload: String(values?.[0] ?? '') };
    for (const { client, process, listens, number } of this.#sessions.values()) {
      if (!listens.has(channel)) continue;
      const delay_ms = this.#random.below(20);
      this.#scheduler.gate({ process, label: `#${number} is notified`, delay_ms }, () => {
        inProcess(process, () => client.emit('notification', message as never));
      });
    }
  }
}
