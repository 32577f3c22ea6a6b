import { type Queryable, sql } from '../db/pool.ts';
import { columnJson } from '../db/storable.ts';
import type { Book } from '../ids.ts';
import type { JobKind } from './jobs.ts';

/** SQL on `jobs` and `schedules`; each statement touches one book, except `insertJobs`. */
export interface JobRow {
  readonly book: Book;
  readonly id: string;
  readonly kind: JobKind;
  readonly key: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly tries: number;
  readonly age_ms: number;
}

export interface NewJobRow {
  readonly book: Book;
  readonly id: string;
  readonly kind: string;
  readonly key: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly run_at: Date | null;
}

export async function insertJobs(db: Queryable, rows: readonly NewJobRow[]): Promise<void> {
  await db.query(sql`
    insert into jobs (book, id, kind, key, payload, run_at)
    select r.book, r.id, r.kind, r.key, r.payload, coalesce(r.run_at, now())
    from jsonb_to_recordset(${columnJson(rows)}::jsonb) as r
      (book smallint, id text, kind text, key text, payload jsonb, run_at timestamptz)
    on conflict (book, kind, key) do nothing`);
}

/** Takes at most `free` due jobs of each kind and holds them under `token` until the lease ends. */
export async function claimJobs(
  db: Queryable,
  claim: {
    book: Book;
    wanted: readonly { kind: JobKind; free: number }[];
    token: string;
    lease_ms: number;
  },
): Promise<JobRow[]> {
  const kinds = claim.wanted.map((want) => want.kind);
  const free = claim.wanted.map((want) => want.free);
  const claimed = await db.query<JobRow>(sql`
    with due as (
      select d.id
      from unnest(${kinds}::text[], ${free}::int[]) as want (kind, free)
      cross join lateral (
        select j.id from jobs j
        where j.book = ${claim.book} and j.kind = want.kind and j.state = 'ready'
          and j.run_at <= now()
        order by j.run_at
        limit want.free
        for update skip locked
      ) d
    )
    update jobs t
    set token = ${claim.token}, tries = t.tries + 1,
      run_at = now() + ${claim.lease_ms} * interval '1 millisecond'
    from due
    where t.book = ${claim.book} and t.id = due.id
    returning t.book, t.id, t.kind, t.key, t.payload, t.tries,
      (extract(epoch from now() - t.created_at) * 1000)::float8 as age_ms`);
  // `returning` has no order of its own.
  return claimed.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

export interface HeldKey {
  readonly id: string;
  readonly token: string;
}

/** Answers the ids that are still held; the others were taken over after their lease ended. */
export async function extendLeases(
  db: Queryable,
  { book, held, lease_ms }: { book: Book; held: readonly HeldKey[]; lease_ms: number },
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(sql`
    update jobs t set run_at = now() + ${lease_ms} * interval '1 millisecond'
    from unnest(${held.map((h) => h.id)}::text[], ${held.map((h) => h.token)}::text[])
      as h (id, token)
    where t.book = ${book} and t.id = h.id and t.token = h.token and t.state = 'ready'
    returning t.id`);
  return rows.map((row) => row.id);
}

export async function deleteDone(
  db: Queryable,
  { book, held }: { book: Book; held: readonly HeldKey[] },
): Promise<void> {
  await db.query(sql`
    delete from jobs t
    using unnest(${held.map((h) => h.id)}::text[], ${held.map((h) => h.token)}::text[])
      as h (id, token)
    where t.book = ${book} and t.id = h.id and t.token = h.token`);
}

export interface Putback extends HeldKey {
  readonly state: 'ready' | 'dead';
  readonly in_ms: number;
  readonly tries: number;
  readonly last_error: string | null;
}

export async function putBack(
  db: Queryable,
  { book, jobs }: { book: Book; jobs: readonly Putback[] },
): Promise<void> {
  await db.query(sql`
    update jobs t set state = h.state, tries = h.tries, last_error = h.last_error, token = null,
      run_at = now() + h.in_ms * interval '1 millisecond'
    from jsonb_to_recordset(${JSON.stringify(jobs)}::jsonb) as h
      (id text, token text, state text, in_ms float8, tries int, last_error text)
    where t.book = ${book} and t.id = h.id and t.token = h.token`);
}

export async function anyDue(
  db: Queryable,
  { book, kinds }: { book: Book; kinds: readonly JobKind[] },
): Promise<boolean> {
  const [row] = await db.query<{ due: boolean }>(sql`
    select exists (select from jobs where book = ${book} and kind = any(${kinds}::text[])
      and state = 'ready' and run_at <= now()) as due`);
  return row?.due ?? false;
}

export async function listBooks(db: Queryable): Promise<Book[]> {
  const rows = await db.query<{ book: Book }>(sql`select distinct book from platforms`);
  return rows.map((row) => row.book);
}

export async function insertSchedules(db: Queryable, names: readonly string[]): Promise<void> {
  await db.query(sql`
    insert into schedules (name) select unnest(${names}::text[]) on conflict (name) do nothing`);
}

/** True for the one process that may run this occasion of the periodic work. */
export async function takeSchedule(
  db: Queryable,
  { name, token, every_ms }: { name: string; token: string; every_ms: number },
): Promise<boolean> {
  const rows = await db.query(sql`
    update schedules
    set run_at = now() + ${every_ms} * interval '1 millisecond', token = ${token}
    where name = ${name} and run_at <= now()
    returning name`);
  return rows.length > 0;
}

export async function notify(db: Queryable, payload: string): Promise<void> {
  await db.query(sql`select pg_notify('hutong_jobs', ${payload})`);
}
