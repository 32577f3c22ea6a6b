import type { App } from '../../app.ts';
import { type Queryable, type Statement, sql } from '../../db/pool.ts';

/**
 * Where a bill is compared: one connection with temporary tables, which vanish with it. The lock
 * keeps two processes from closing the same day at once.
 */
export interface Desk extends Queryable {
  readonly account_id: string;
  /** Business date of the bill. */
  readonly date: string;
  /** How long before midnight the wallet's day ends, milliseconds. */
  readonly day_shift_ms: number;
  readonly refunds_by: 'accepted' | 'completed';
}

/** A line of the bill beside what we have of it. */
const MATCHED = sql`
  create temporary table matched (
    no integer not null,
    line integer not null,
    book smallint not null,
    about text not null,
    -- our number of the payment or refund, by the wallet's word
    reference text not null,
    wallet_reference text not null,
    transaction_id text not null,
    wallet_refund_id text,
    amount bigint not null,
    fee bigint not null,
    at timestamptz not null,
    unfinished boolean not null,
    -- 1, or more for a further line about the same thing
    place integer not null default 1,
    -- the attempt or refund; null when we know none
    object_id text,
    payment_id text,
    -- of a combined order: the seller's part, and our number of the whole, which no line has
    part_id text,
    whole text,
    -- our books have its money
    counted boolean not null,
    -- our books say no less than the line does
    known boolean not null,
    ours bigint,
    our_date date,
    -- what the ledger has of it
    booked bigint not null,
    booked_fee bigint not null
  )`;

const DIFFERENCES = sql`
  create temporary table differences (
    book smallint not null,
    kind text not null,
    about text not null,
    subject text not null,
    payment_id text,
    amount bigint not null,
    fee bigint not null,
    detail jsonb not null
  )`;

/** No statement about a bill takes this long; the pool's own limit is shorter. */
const LONGEST_STATEMENT = sql`set statement_timeout = '5min'`;
const WORK_MEMORY = sql`set work_mem = '64MB'`;
/** Each chunk is a statement of its own: compiling it would take longer than running it. */
const NO_COMPILER = sql`set jit = off`;

const DROP = sql`drop table if exists pg_temp.matched, pg_temp.differences, pg_temp.moved`;

/** Undefined when another process works on the same day. */
export async function atDesk<T>(
  app: App,
  about: Omit<Desk, 'query'>,
  work: (desk: Desk) => Promise<T>,
): Promise<T | undefined> {
  const name = `bill ${about.account_id} ${about.date}`;
  return app.db.connection(async (client) => {
    const query = async <Row>({ name: plan, text, values }: Statement): Promise<Row[]> => {
      const { rows } = await client.query({ name: plan, text, values: [...values] });
      return rows as Row[];
    };
    const [lock] = await query<{ mine: boolean }>(sql`
      select pg_try_advisory_lock(hashtextextended(${name}, 0)) as mine`);
    if (!lock?.mine) return undefined;
    try {
      const settings = [LONGEST_STATEMENT, WORK_MEMORY, NO_COMPILER];
      for (const each of [...settings, MATCHED, DIFFERENCES]) await query(each);
      return await work({ ...about, query });
    } finally {
      await query(DROP);
      await query(sql`reset statement_timeout`);
      await query(sql`reset work_mem`);
      await query(sql`reset jit`);
      await query(sql`select pg_advisory_unlock(hashtextextended(${name}, 0))`);
    }
  });
}
