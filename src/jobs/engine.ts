import type { App } from '../app.ts';
import type { Db } from '../db/pool.ts';
import { type Book, newId, ulid } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { JobSpec, Jobs, NewJob, PeriodicSpec } from './jobs.ts';
import { insertJobs, notify } from './queries.ts';
import { Worker } from './worker.ts';

export interface JobsOptions {
  readonly db: Db;
  readonly log: Logger;
  /** How long a worker that died keeps its jobs from others. */
  readonly lease_ms: number;
  /** The slow look behind in-process wakes and NOTIFY. */
  readonly poll_ms: number;
  /** Multiplies every back-off gap; handlers scale their own `again_in_ms`. */
  readonly retry_pace: number;
}

const NOTIFY_GAP_MS = 10;
const DEFAULT_BOOK = 0;

/** The durable jobs of `jobs.ts` on this database; nothing runs before `start`. */
export function createJobs(options: JobsOptions): Jobs {
  const { db, log } = options;
  const self = ulid();
  const books = new Set<Book>([DEFAULT_BOOK]);
  let worker: Worker | undefined;
  let notifying = false;

  async function enqueue(tx: Parameters<Jobs['enqueue']>[0], jobs: readonly NewJob[]) {
    if (jobs.length === 0) return;
    for (const job of jobs) books.add(job.book);
    // In one order, so that two batches with common keys wait for each other and never deadlock.
    const rows = jobs
      .map((job) => ({ ...job, ...named(job) }))
      .sort((a, b) => (a.order < b.order ? -1 : 1));
    await insertJobs(tx, rows);
    for (const { run_at } of rows) if (run_at) worker?.dueAt(run_at);
  }

  function wake(): void {
    worker?.wake();
    if (notifying) return;
    notifying = true;
    setTimeout(() => {
      // Whatever is woken from here on needs the next NOTIFY.
      notifying = false;
      notify(worker?.link ?? db, self).catch((error: unknown) => {
        // A lost NOTIFY only means that others find the job by their poll.
        log.debug({ err: error }, 'a NOTIFY was not sent');
      });
    }, NOTIFY_GAP_MS).unref();
  }

  return {
    enqueue,
    wake,
    start(app: App, specs: readonly JobSpec[], periodic: readonly PeriodicSpec[]) {
      if (worker) throw new Error('the jobs engine is already running');
      worker = new Worker({ ...options, app, specs, periodic, books, self });
    },
    async stop() {
      const stopping = worker;
      await stopping?.stop();
      worker = undefined;
    },
    async idle() {
      await worker?.idle();
    },
  };
}

function named(job: NewJob) {
  const order = `${job.book} ${job.kind} ${job.key}`;
  return { id: newId('job', job.book), run_at: job.run_at ?? null, order };
}
