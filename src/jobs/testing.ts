import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeAll } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import type { App } from '../app.ts';
import { type Db, openDb, sql } from '../db/pool.ts';
import { createJobs, type JobsOptions } from './engine.ts';
import type { Job, JobResult, JobSpec, Jobs, NewJob } from './jobs.ts';

/** Engines on one database of a test file; each stands for a process. */
export const DONE = { done: true } as const;
export const FAR_MS = 3_600_000;
const log = pino({ level: 'silent' });
let url = '';
const open: { db: Db; jobs: Jobs }[] = [];

/** Every test file calls it: files share this module, each has a database of its own. */
export function openJobsDatabase(): void {
  beforeAll(async () => {
    url = (await createTestDatabase()).url;
  });
  afterEach(async () => {
    for (const { jobs, db } of open.splice(0)) {
      await jobs.stop();
      await db.end();
    }
    // A test may have cut the connections of the others.
    const fresh = outsider();
    await fresh.query(sql`delete from jobs`);
    await fresh.end();
  });
}

/** The database of this file, as somebody else reaches it. */
export function outsider(): Db {
  return openDb({ url, max_connections: 1 });
}

/** One process's engine: its own pool, no poll to speak of unless the test asks for one. */
export function engine(options: Partial<JobsOptions> = {}): { db: Db; jobs: Jobs; app: App } {
  const db = openDb({ url, max_connections: 4 });
  const jobs = createJobs({ db, log, lease_ms: 2_000, poll_ms: FAR_MS, retry_pace: 1, ...options });
  open.push({ db, jobs });
  // Handlers in this file read nothing else of it.
  return { db, jobs, app: { db, log, jobs } as unknown as App };
}

export function spec(run: (job: Job) => Promise<JobResult>, more: Partial<JobSpec> = {}): JobSpec {
  const gaps = { first_gap_ms: 1, max_gap_ms: 4 };
  return {
    kind: 'refund.send',
    max_tries: 3,
    concurrency: 20,
    ...gaps,
    run: (_app, job) => run(job),
    ...more,
  };
}

export function job(key: string, more: Partial<NewJob> = {}): NewJob {
  return { book: 0, kind: 'refund.send', key, payload: { key }, ...more };
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

export async function left(db: Db): Promise<number> {
  const [row] = await db.query<{ n: bigint }>(sql`select count(*) as n from jobs`);
  return Number(row?.n);
}

/** A handler that writes down what it ran and is done. */
export function noting<T>(ran: T[], what: (job: Job) => T): JobSpec {
  return spec(async (one) => {
    ran.push(what(one));
    return DONE;
  });
}
