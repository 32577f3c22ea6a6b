import { type Queryable, sql } from '../db/pool.ts';
import { type Book, newId } from '../ids.ts';
import type { JobKind, NewJob } from './jobs.ts';

/** A job that failed in its last try. It stays, and keeps its key taken, until it is replayed. */
export interface DeadJob {
  readonly book: Book;
  readonly id: string;
  readonly kind: JobKind;
  readonly key: string;
  readonly tries: number;
  readonly last_error: string | null;
  readonly created_at: Date;
}

/** Newest first, ids below `before`. */
export function listDead(
  db: Queryable,
  { book, before, limit }: { book: Book; before?: string | undefined; limit: number },
): Promise<DeadJob[]> {
  return db.query<DeadJob>(sql`
    select book, id, kind, key, tries, last_error, created_at from jobs
    where book = ${book} and state = 'dead'
      and (${before ?? null}::text is null or id < ${before ?? null})
    order by id desc limit ${limit}`);
}

/** Gives a dead job all its tries back, due now; false when there is none. Call `wake` after it. */
export async function replayDead(
  db: Queryable,
  { book, id }: { book: Book; id: string },
): Promise<boolean> {
  const rows = await db.query(sql`
    update jobs set state = 'ready', tries = 0, token = null, run_at = now()
    where book = ${book} and id = ${id} and state = 'dead'
    returning id`);
  return rows.length > 0;
}

/**
 * Queues a job that may be queued, dead or running already, due now with all its tries. A run that
 * is under way is fenced off, so the new one is never swallowed by its end. Call `wake` after it.
 */
export async function requeue(db: Queryable, job: Omit<NewJob, 'run_at'>): Promise<void> {
  const { book, kind, key } = job;
  await db.query(sql`
    insert into jobs (book, id, kind, key, payload)
    values (${book}, ${newId('job', book)}, ${kind}, ${key}, ${JSON.stringify(job.payload)}::jsonb)
    on conflict (book, kind, key) do update
    set payload = excluded.payload, state = 'ready', tries = 0, token = null, run_at = now()`);
}
