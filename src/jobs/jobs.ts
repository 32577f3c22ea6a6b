import type { App } from '../app.ts';
import type { Queryable } from '../db/pool.ts';
import type { Book } from '../ids.ts';

/**
 * Durable work on PostgreSQL: claimed with SKIP LOCKED under a lease that a heartbeat extends and a
 * token fences; woken in process after commit, by one coalesced NOTIFY, and by a slow poll behind
 * both; retried with exponential back-off and jitter; dead letters kept. A handler may run more
 * than once and must be harmless then.
 */
export interface NewJob {
  readonly book: Book;
  readonly kind: JobKind;
  /** The same (book, kind, key) is queued once; a second enqueue is a no-op. */
  readonly key: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Real time; now when absent. */
  readonly run_at?: Date;
}

export const JOB_KINDS = [
  'notification.process',
  'attempt.close',
  'refund.send',
  'webhook.deliver',
  'payout.send',
  'bill.close',
] as const;
export type JobKind = (typeof JOB_KINDS)[number];

export interface Job {
  readonly book: Book;
  readonly id: string;
  readonly kind: JobKind;
  readonly key: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Tries including this one. */
  readonly tries: number;
  /** Real time since it was queued. */
  readonly age_ms: number;
  readonly token: string;
}

/** What a handler answers: done (deleted), or run again after a while; throwing means back-off. */
export type JobResult = { readonly done: true } | { readonly again_in_ms: number };

export interface JobSpec {
  readonly kind: JobKind;
  /** Tries after which a job that keeps throwing is dead. `again_in_ms` does not count. */
  readonly max_tries: number;
  /** How many run at once in this process. */
  readonly concurrency: number;
  /** First gap of the back-off, doubled each time up to `max_gap_ms`; scaled by retry_pace. */
  readonly first_gap_ms: number;
  readonly max_gap_ms: number;
  run(app: App, job: Job): Promise<JobResult>;
}

export interface PeriodicSpec {
  readonly name: string;
  readonly every_ms: number;
  run(app: App): Promise<void>;
}

export interface Jobs {
  /** Inserts jobs as part of the caller's statement or transaction; wake() after commit. */
  enqueue(tx: Queryable, jobs: readonly NewJob[]): Promise<void>;
  /** Tells workers that something is due: at once in this process, coalesced NOTIFY to others. */
  wake(): void;
  /** Starts claiming. `stop` lets running handlers finish for up to 10 s. */
  start(app: App, specs: readonly JobSpec[], periodic: readonly PeriodicSpec[]): void;
  stop(): Promise<void>;
  /** Resolves when this process has nothing running and nothing due; for tests. */
  idle(): Promise<void>;
}
