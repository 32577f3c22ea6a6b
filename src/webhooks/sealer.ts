import type { App } from '../app.ts';
import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { PeriodicSpec } from '../jobs/jobs.ts';

/**
 * Gives committed public events their position: gapless per book, in the order of the database's
 * clock, by one sealer at a time. An id is made before its transaction commits, so a feed that
 * pages by id would step over an event that commits late; a position is given after the commit,
 * and whatever commits later gets a later one.
 */
const SEAL_LOCK = 0x5ea1;
const MAX_SEALED = 1_000;
const MAX_ROUNDS = 50;
const EVERY_MS = 1_000;

export const sealEvents: PeriodicSpec = {
  name: 'events.seal',
  every_ms: EVERY_MS,
  async run(app) {
    for (const book of await booksToSeal(app.db)) await sealBook(app, book);
  },
};

/** Seals everything that is committed now, up to 50,000 events; the next run takes the rest. */
export async function sealBook(app: Pick<App, 'db'>, book: Book): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const sealed = await app.db.transaction(async (tx) => {
      if (!(await tryLock(tx, book))) return 0;
      await byPrimaryKey(tx);
      return sealSome(tx, book);
    });
    if (sealed < MAX_SEALED) return;
  }
}

async function booksToSeal(db: Queryable): Promise<Book[]> {
  const rows = await db.query<{ book: Book }>(sql`
    select b.book from (select distinct book from platforms) b
    where exists (select from events e where e.book = b.book and e.position is null and e.public)`);
  return rows.map((row) => row.book);
}

async function tryLock(tx: Queryable, book: Book): Promise<boolean> {
  const [row] = await tx.query<{ locked: boolean }>(sql`
    select pg_try_advisory_xact_lock(${SEAL_LOCK}::int, ${book}::int) as locked`);
  return row?.locked ?? false;
}

/** A few events are sealed each second: the planner must not read the whole table for them. */
async function byPrimaryKey(tx: Queryable): Promise<void> {
  await tx.query(sql`
    select set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`);
}

async function sealSome(tx: Queryable, book: Book): Promise<number> {
  const rows = await tx.query(sql`
    with last as (
      select coalesce(max(position), 0) as position from events
      where book = ${book} and position is not null
    ), next as (
      select u.id, row_number() over (order by u.created_at, u.id) as ordinal
      from (
        select id, created_at from events
        where book = ${book} and position is null and public
        order by created_at, id limit ${MAX_SEALED}
      ) u
    )
    update events e set position = last.position + next.ordinal
    from next, last
    where e.book = ${book} and e.id = next.id
    returning e.id`);
  return rows.length;
}
