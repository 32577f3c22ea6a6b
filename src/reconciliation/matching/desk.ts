import type { App } from '../../app.ts';
import { type BusinessDate, dayAfter, startOfDay } from '../../clock.ts';
import { type Queryable, type Statement, sql } from '../../db/pool.ts';

/**
 * Where a bill is compared: one connection with temporary tables, which vanish with it. The lock
 * keeps two processes from closing days of the same account at once: what one day lacks another
 * may have, and the balances of one begin where those of the day before end.
 */
export interface Desk extends Queryable {
  readonly account_id: string;
  /** Business date of the bill. */
  readonly date: BusinessDate;
  /** How long before midnight the wallet's day ends, milliseconds. */
  readonly day_shift_ms: number;
  readonly refunds_by: 'accepted' | 'completed';
}

/** No comparison of a day takes as long; an interval. */
export const COMPARING = '10 minutes';

/** When the wallet's own day begins and ends. */
export function dayOf({ date, day_shift_ms }: Pick<Desk, 'date' | 'day_shift_ms'>): {
  readonly from: Date;
  readonly until: Date;
} {
  const at = (day: BusinessDate) => new Date(startOfDay(day).getTime() - day_shift_ms);
  return { from: at(date), until: at(dayAfter(date)) };
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
    -- a refund that has not ended
    under_way boolean not null default false,
    -- our books say no less than the line does
    known boolean not null,
    ours bigint,
    our_date date,
    -- what the ledger has of it
    booked bigint not null,
    booked_fee bigint not null
  )`;

/** A movement that a bill of splits or of funds tells of under a number of ours. */
const TOLD = sql`
  create temporary table told (
    book smallint not null,
    about text not null,
    reference text not null,
    receiver text not null,
    -- out is positive, what came back negative
    amount bigint not null,
    at timestamptz not null
  )`;

/** What the bill tells of one share or payout, beside what we have of it. */
const MOVES = sql`
  create temporary table moves (
    book smallint not null,
    about text not null,
    reference text not null,
    receiver text not null,
    payment_id text,
    -- null when the bill has none of it
    billed bigint,
    -- null when we know none
    ours bigint,
    -- what the ledger has of it; null where it need not have any
    booked bigint,
    -- by our record it happened
    counted boolean not null,
    -- our books of this day have it
    in_books boolean not null,
    -- the bill of another day had it
    again boolean not null default false,
    our_date date,
    at timestamptz
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

const DROP = sql`
  drop table if exists pg_temp.matched, pg_temp.told, pg_temp.moves, pg_temp.differences,
    pg_temp.moved, pg_temp.seller_days, pg_temp.seller_holds`;

/** Undefined when another process works on a day of the same account. */
export async function atDesk<T>(
  app: App,
  about: Omit<Desk, 'query'>,
  work: (desk: Desk) => Promise<T>,
): Promise<T | undefined> {
  const name = `bills ${about.account_id}`;
  return app.db.connection(async (client) => {
    const query = async <Row>({ name: plan, text, values }: Statement): Promise<Row[]> => {
      const { rows } = await client.query({ name: plan, text, values: [...values] });
      return rows as Row[];
    };
    const [lock] = await query<{ mine: boolean }>(sql`
      select pg_try_advisory_lock(hashtextextended(${name}, 0)) as mine`);
    if (!lock?.mine) return undefined;
    const settings = [LONGEST_STATEMENT, WORK_MEMORY, NO_COMPILER];
    for (const each of [...settings, MATCHED, TOLD, MOVES, DIFFERENCES]) await query(each);
    // What throws takes its connection with it, and the lock, the tables and the settings.
    const result = await work({ ...about, query });
    await query(DROP);
    await query(sql`reset statement_timeout`);
    await query(sql`reset work_mem`);
    await query(sql`reset jit`);
    await query(sql`select pg_advisory_unlock(hashtextextended(${name}, 0))`);
    return result;
  });
}
