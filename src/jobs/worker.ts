import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app.ts';
import { type Book, ulid } from '../ids.ts';
import { jitter } from './backoff.ts';
import { DueTimes } from './due-times.ts';
import type { JobsOptions } from './engine.ts';
import type { JobKind, JobSpec, PeriodicSpec } from './jobs.ts';
import { Link } from './link.ts';
import { Periodic } from './periodic.ts';
import { anyDue, claimJobs, extendLeases, type JobRow, listBooks } from './queries.ts';
import { type Finished, Results } from './results.ts';
import { runJob } from './run.ts';

/**
 * One process's worker. A round claims what is due for every kind with a free slot, one statement a
 * book; rounds follow a wake, a NOTIFY, a due time, a written batch of results or the poll, and
 * never overlap. A failing database ends a round, and the next one comes after a gap.
 */
export interface WorkerOptions extends JobsOptions {
  readonly app: App;
  readonly specs: readonly JobSpec[];
  readonly periodic: readonly PeriodicSpec[];
  /** Books that this process has enqueued for; those of the platforms are added. */
  readonly books: Set<Book>;
  readonly self: string;
}

interface Held {
  readonly book: Book;
  readonly id: string;
  readonly token: string;
  readonly kind: JobKind;
  readonly since_ms: number;
  /** False once the handler has answered and the result is on its way. */
  running: boolean;
}

const MAX_CLAIM = 100;
const MAX_RUN_MS = 600_000;
const STOP_LIMIT_MS = 10_000;
const FAILURE_GAP_MS = 250;
const IDLE_LOOK_MS = 5;

export class Worker {
  readonly link: Link;
  readonly #options: WorkerOptions;
  readonly #specs: ReadonlyMap<JobKind, JobSpec>;
  readonly #held = new Map<string, Held>();
  readonly #busy = new Map<JobKind, number>();
  /** Kinds of which more was due than there were free slots. */
  readonly #backlog = new Set<JobKind>();
  readonly #results: Results;
  readonly #due = new DueTimes(() => this.wake());
  readonly #periodic: Periodic;
  readonly #timers: NodeJS.Timeout[];
  #round: Promise<void> | undefined;
  #again = false;
  #beating = false;
  #polling = false;
  #stopped = false;

  constructor(options: WorkerOptions) {
    const { db, log, self, specs, lease_ms, poll_ms } = options;
    this.#options = options;
    this.#specs = new Map(specs.map((spec) => [spec.kind, spec]));
    this.link = new Link({ db, log, self, channel: 'hutong_jobs', onSignal: () => this.wake() });
    this.#results = new Results({
      db: this.link,
      written: (batch) => this.#written(batch),
      failed: (error) => this.#pause(error),
    });
    this.#periodic = new Periodic({ link: this.link, app: options.app, specs: options.periodic });
    this.#timers = [
      setInterval(() => void this.#poll(), jitter(poll_ms)),
      setInterval(() => void this.#heartbeat(), lease_ms / 3),
    ];
    void this.#poll();
  }

  wake(): void {
    this.#again = true;
    if (this.#stopped || this.#round) return;
    this.#round = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#rounds())
      .finally(() => {
        this.#round = undefined;
        if (this.#again) this.wake();
      });
  }

  dueAt(run_at: Date): void {
    this.#due.add(run_at.getTime() - Date.now());
  }

  async idle(): Promise<void> {
    const kinds = [...this.#specs.keys()];
    for (;;) {
      if (!this.#round && this.#held.size === 0 && this.#results.empty) {
        let due = false;
        for (const book of await this.#books()) {
          due ||= await anyDue(this.#options.db, { book, kinds });
        }
        if (!due && !this.#round && this.#held.size === 0) return;
        if (due) this.wake();
      }
      await sleep(IDLE_LOOK_MS);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#due.stop();
    await this.#periodic.stop();
    const limit = Date.now() + STOP_LIMIT_MS;
    while ((this.#round || this.#held.size > 0) && Date.now() < limit) await sleep(IDLE_LOOK_MS);
    this.#results.stop();
    for (const timer of this.#timers) clearInterval(timer);
    await this.link.stop();
  }

  async #rounds(): Promise<void> {
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        for (const book of this.#options.books) await this.#claim(book);
      }
    } catch (error) {
      await this.#pause(error);
      this.#again = true;
    }
  }

  async #claim(book: Book): Promise<void> {
    const wanted: { kind: JobKind; free: number }[] = [];
    for (const { kind, concurrency } of this.#specs.values()) {
      const free = Math.min(concurrency - (this.#busy.get(kind) ?? 0), MAX_CLAIM);
      if (free > 0) wanted.push({ kind, free });
      else this.#backlog.add(kind);
    }
    if (wanted.length === 0) return;
    const { lease_ms } = this.#options;
    const token = ulid();
    const rows = await claimJobs(this.link, { book, wanted, token, lease_ms });
    for (const row of rows) void this.#run(row, token);
    for (const { kind, free } of wanted) {
      const full = rows.filter((row) => row.kind === kind).length === free;
      if (full) this.#backlog.add(kind);
    }
  }

  async #run(row: JobRow, token: string): Promise<void> {
    const spec = this.#specs.get(row.kind);
    if (!spec) return;
    const { book, id, kind } = row;
    const held: Held = { book, id, kind, token, since_ms: performance.now(), running: true };
    this.#held.set(id, held);
    this.#busy.set(kind, (this.#busy.get(kind) ?? 0) + 1);
    const { app, retry_pace } = this.#options;
    const outcome = this.#stopped
      ? unstarted(row)
      : await runJob(app, spec, { ...row, token }, retry_pace);
    // A job that ran too long was let go: its slot is free and its result is fenced off.
    if (this.#held.get(id) !== held) return;
    this.#leaveSlot(held);
    this.#results.add({ book, id, token, outcome });
  }

  #written(batch: readonly Finished[]): void {
    for (const { id, token, outcome } of batch) {
      if (this.#held.get(id)?.token === token) this.#held.delete(id);
      if (outcome.kind === 'back' && outcome.put.state === 'ready') {
        this.#due.add(outcome.put.in_ms);
      }
    }
    if (this.#backlog.size > 0) {
      this.#backlog.clear();
      this.wake();
    }
  }

  async #heartbeat(): Promise<void> {
    // One at a time: while the database is away they would only pile up.
    if (this.#beating) return;
    this.#beating = true;
    await this.#extend().finally(() => {
      this.#beating = false;
    });
  }

  async #extend(): Promise<void> {
    const { lease_ms, log } = this.#options;
    const limit = performance.now() - MAX_RUN_MS;
    for (const held of this.#held.values()) {
      if (held.since_ms < limit) this.#letGo(held, 'a job runs too long; others may take it');
    }
    try {
      for (const book of new Set([...this.#held.values()].map((held) => held.book))) {
        const held = [...this.#held.values()].filter((one) => one.book === book);
        const kept = new Set(await extendLeases(this.link, { book, held, lease_ms }));
        // Those that finished while the statement ran are no loss.
        const lost = held.filter((one) => !kept.has(one.id) && this.#held.get(one.id) === one);
        for (const one of lost) this.#letGo(one, 'a job lost its lease while it ran');
      }
    } catch (error) {
      log.warn({ err: error }, 'leases were not extended; trying again');
    }
  }

  #letGo(held: Held, why: string): void {
    const { book, kind, id } = held;
    this.#options.log.warn({ job: { book, kind, id } }, why);
    this.#held.delete(id);
    this.#leaveSlot(held);
  }

  #leaveSlot(held: Held): void {
    if (!held.running) return;
    held.running = false;
    this.#busy.set(held.kind, (this.#busy.get(held.kind) ?? 1) - 1);
  }

  async #poll(): Promise<void> {
    if (this.#stopped || this.#polling) return;
    this.#polling = true;
    try {
      await this.#books();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the jobs engine cannot reach the database');
    }
    this.#polling = false;
    this.wake();
  }

  async #books(): Promise<ReadonlySet<Book>> {
    const { books, db } = this.#options;
    for (const book of await listBooks(db)) books.add(book);
    return books;
  }

  async #pause(error: unknown): Promise<void> {
    this.#options.log.warn({ err: error }, 'the jobs engine waits for the database');
    await sleep(jitter(FAILURE_GAP_MS), undefined, { ref: false });
  }
}

/** A job claimed while stopping goes back at once, as if nobody had taken it. */
function unstarted(row: JobRow): Finished['outcome'] {
  const put = { state: 'ready', in_ms: 0, tries: row.tries - 1, last_error: null } as const;
  return { kind: 'back', put };
}
