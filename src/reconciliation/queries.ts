import type { BusinessDate } from '../clock.ts';
import { fragment, type Queryable, sql } from '../db/pool.ts';
import { type Book, newId } from '../ids.ts';
import type { BillDay, BillState, Report } from './bill.ts';
import type { Break, BreakKind } from './breaks/break.ts';
import { BREAK_COLUMNS } from './breaks/row.ts';

const BILL_COLUMNS = fragment`
  id, wallet_account_id, date::text, state, problem, runs, report, closing_balance, created_at,
  closed_at
`;

export async function selectBill(db: Queryable, id: string): Promise<BillDay | undefined> {
  const [row] = await db.query<BillDay>(sql`
    select ${BILL_COLUMNS} from bills where id = ${id}`);
  return row;
}

export interface BillFilter {
  readonly account_id: string | null;
  readonly state: BillState | null;
  readonly date: string | null;
  readonly before: string | null;
  readonly limit: number;
}

export async function selectBills(db: Queryable, filter: BillFilter): Promise<BillDay[]> {
  return db.query<BillDay>(sql`
    select ${BILL_COLUMNS} from bills
    where (${filter.account_id}::text is null or wallet_account_id = ${filter.account_id})
      and (${filter.state}::text is null or state = ${filter.state})
      and (${filter.date}::date is null or date = ${filter.date}::date)
      and (${filter.before}::text is null or id < ${filter.before})
    order by id desc limit ${filter.limit}`);
}

/** `account date` of every bill from this day on that is closed or has its job, in this book. */
export async function selectDaysInHand(
  db: Queryable,
  { from, book }: { readonly from: string; readonly book: Book },
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ name: string }>(sql`
    select b.wallet_account_id || ' ' || to_char(b.date, 'YYYY-MM-DD') as name
    from wallet_accounts a
    join bills b on b.wallet_account_id = a.id and b.date >= ${from}::date
    where b.state = 'closed' or exists (
      select from jobs where book = ${book} and kind = 'bill.close' and key = b.id)`);
  return new Set(rows.map(({ name }) => name));
}

/**
 * Days whose bill has shares or payouts done that were not done here when they were compared: what
 * the wallet says of them later may make it even.
 */
export async function selectUnsettled(
  db: Queryable,
  { closed_before, from }: { readonly closed_before: Date; readonly from: string },
): Promise<{ readonly account_id: string; readonly date: string }[]> {
  return db.query<{ account_id: string; date: string }>(sql`
    select distinct l.wallet_account_id as account_id, l.date::text as date
    from (select distinct book from platforms) p
    cross join lateral (
      select bill_id from breaks
      where book = p.book and state = 'open' and kind = 'state' and about in ('split', 'payout')
    ) b
    join bills l on l.id = b.bill_id
    where l.date >= ${from}::date and l.closed_at < ${closed_before}
    order by 1, 2`);
}

/** The bill of a day, which is made when there is none yet. */
export async function ensureBill(
  db: Queryable,
  { account_id, date, now }: { account_id: string; date: string; now: Date },
): Promise<{ readonly id: string }> {
  await db.query(sql`
    insert into bills (id, wallet_account_id, date, state, created_at)
    values (${newId('bil')}, ${account_id}, ${date}::date, 'waiting', ${now})
    on conflict (wallet_account_id, date) do nothing`);
  const [row] = await db.query<{ id: string }>(sql`
    select id from bills where wallet_account_id = ${account_id} and date = ${date}::date`);
  if (!row) throw new Error(`the bill of ${account_id} of ${date} is gone`);
  return row;
}

/** Why the day is not closed yet; one that was closed before stays closed, and says so. */
export async function noteProblem(
  db: Queryable,
  id: string,
  { why, failed }: { readonly why: string; readonly failed: boolean },
): Promise<void> {
  await db.query(sql`
    update bills set problem = ${why},
      state = case when ${failed} and state = 'waiting' then 'failed' else state end
    where id = ${id}`);
}

export async function closeBill(
  db: Queryable,
  id: string,
  closed: {
    readonly report: Report;
    /** Undefined when this run had no bill of it: an earlier one is kept. */
    readonly closing_balance: bigint | null | undefined;
    /** When the comparison began, business time. */
    readonly began: Date;
  },
): Promise<void> {
  const balance = closed.closing_balance;
  await db.query(sql`
    update bills set state = 'closed', problem = null, runs = runs + 1, report = ${closed.report},
      closing_balance = case when ${balance === undefined} then closing_balance
        else ${balance ?? null}::bigint end, closed_at = ${closed.began}
    where id = ${id}`);
}

/** So many days back a seller's balance is looked for that was compared. */
const SELLERS_DAYS = 60;

/** What the bill of the day before left on the account, if it is known. */
export async function balanceBefore(
  db: Queryable,
  { account_id, date }: { account_id: string; date: string },
): Promise<bigint | undefined> {
  const [row] = await db.query<{ closing_balance: bigint | null }>(sql`
    select closing_balance from bills
    where wallet_account_id = ${account_id} and date = ${date}::date - 1`);
  return row?.closing_balance ?? undefined;
}

/** The same of each seller under the account, by the seller's number at the wallet. */
export async function sellersBefore(
  db: Queryable,
  { account_id, date }: { account_id: string; date: string },
): Promise<ReadonlyMap<string, bigint>> {
  const rows = await db.query<{ seller: string; closing: bigint }>(sql`
    select each->>'seller' as seller, (each->>'closing')::bigint as closing
    from bills cross join lateral jsonb_array_elements(report->'sellers') each
    where wallet_account_id = ${account_id} and date = ${date}::date - 1
      and jsonb_typeof(report->'sellers') = 'array' and each->>'closing' is not null`);
  return new Map(rows.map(({ seller, closing }) => [seller, closing]));
}

/**
 * The last closing balance before this day that was compared with our ledger, of each seller, where
 * every day since is closed and its payouts are known.
 */
export async function sellersKnown(
  db: Queryable,
  { account_id, date }: { account_id: string; date: string },
): Promise<ReadonlyMap<string, { readonly closing: bigint; readonly date: BusinessDate }>> {
  const rows = await db.query<{ seller: string; closing: bigint; date: BusinessDate }>(sql`
    select distinct on (each->>'seller') each->>'seller' as seller,
      (each->>'closing')::bigint as closing, date::text as date
    from bills cross join lateral jsonb_array_elements(report->'sellers') each
    where wallet_account_id = ${account_id} and date < ${date}::date
      and date >= ${date}::date - ${SELLERS_DAYS}::int
      and jsonb_typeof(report->'sellers') = 'array' and each->>'expected' is not null
      and each->>'closing' is not null
      and ${date}::date - bills.date - 1 = (select count(*) from bills b
        where b.wallet_account_id = bills.wallet_account_id and b.date > bills.date
          and b.date < ${date}::date and jsonb_typeof(b.report->'payouts') = 'object')
    order by each->>'seller', bills.date desc`);
  return new Map(rows.map((row) => [row.seller, row]));
}

export async function selectBreak(
  db: Queryable,
  book: Book,
  id: string,
): Promise<Break | undefined> {
  const [row] = await db.query<Break>(sql`
    select ${BREAK_COLUMNS} from breaks where book = ${book} and id = ${id}`);
  return row;
}

export interface BreakFilter {
  readonly book: Book;
  readonly account_id: string | null;
  readonly bill_id: string | null;
  readonly payment_id: string | null;
  readonly state: string | null;
  readonly kind: BreakKind | null;
  /** Made at this time or before; for an age. */
  readonly until: Date | null;
  readonly before: string | null;
  readonly limit: number;
}

export async function selectBreaks(db: Queryable, filter: BreakFilter): Promise<Break[]> {
  return db.query<Break>(sql`
    select ${BREAK_COLUMNS} from breaks
    where book = ${filter.book}
      and (${filter.account_id}::text is null or wallet_account_id = ${filter.account_id})
      and (${filter.bill_id}::text is null or bill_id = ${filter.bill_id})
      and (${filter.payment_id}::text is null or payment_id = ${filter.payment_id})
      and (${filter.state}::text is null or state = ${filter.state})
      and (${filter.kind}::text is null or kind = ${filter.kind})
      and (${filter.until}::timestamptz is null or created_at <= ${filter.until})
      and (${filter.before}::text is null or id < ${filter.before})
    order by id desc limit ${filter.limit}`);
}

/** Breaks with these names, in whatever state. */
export async function selectBreaksNamed(
  db: Queryable,
  named: {
    readonly book: Book;
    readonly account_id: string;
    readonly kinds: readonly string[];
    readonly subjects: readonly string[];
  },
): Promise<Break[]> {
  return db.query<Break>(sql`
    select ${BREAK_COLUMNS}
    from unnest(${named.kinds}::text[], ${named.subjects}::text[]) as n (of_kind, of_subject)
    join breaks on kind = of_kind and subject = of_subject
    where book = ${named.book} and wallet_account_id = ${named.account_id}`);
}
