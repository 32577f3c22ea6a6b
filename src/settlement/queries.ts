import type { BusinessDate } from '../clock.ts';
import { fragment, type Queryable, sql } from '../db/pool.ts';
import type { Page } from '../http/pagination.ts';
import type { Book } from '../ids.ts';
import type { LineKind, Settlement, Totals } from './settlement.ts';

/** Merchants with an account in the ledger that are not settled until this day. */
export async function selectUnsettled(
  db: Queryable,
  find: {
    readonly book: Book;
    readonly through: BusinessDate;
    readonly after: string;
    readonly limit: number;
    readonly platform_id?: string;
  },
): Promise<{ id: string }[]> {
  const { book, through, after, limit, platform_id = null } = find;
  return db.query(sql`
    select m.id from ledger_accounts a
    join merchants m on m.id = substr(a.id, 10)
    left join settlement_cursors c on c.book = a.book and c.merchant_id = m.id
    where a.book = ${book} and starts_with(a.id, 'merchant:') and a.id > 'merchant:' || ${after}
      and (c.settled_to is null or c.settled_to < ${through}::date)
      and (${platform_id}::text is null or m.platform_id = ${platform_id})
    order by a.id limit ${limit}`);
}

/** Settlements that were counted when a crash came. */
export async function selectCounted(
  db: Queryable,
  book: Book,
  limit: number,
): Promise<{ id: string }[]> {
  return db.query(sql`
    select id from settlements where book = ${book} and state = 'counted' order by id limit ${limit}`);
}

/** Where a merchant's payments live. */
export async function selectHome(
  db: Queryable,
  merchantId: string,
): Promise<{ book: Book; platform_id: string } | undefined> {
  const [row] = await db.query<{ book: Book; platform_id: string }>(sql`
    select p.book, p.id as platform_id from merchants m join platforms p on p.id = m.platform_id
    where m.id = ${merchantId}`);
  return row;
}

/** Runs of one merchant wait for each other on this row, until their transaction ends. */
export async function lockCursor(
  tx: Queryable,
  book: Book,
  merchantId: string,
): Promise<{ settled_to: BusinessDate | null }> {
  await tx.query(sql`
    insert into settlement_cursors (book, merchant_id) values (${book}, ${merchantId})
    on conflict do nothing`);
  const [row] = await tx.query<{ settled_to: BusinessDate | null }>(sql`
    select to_char(settled_to, 'YYYY-MM-DD') as settled_to from settlement_cursors
    where book = ${book} and merchant_id = ${merchantId} for update`);
  return row ?? { settled_to: null };
}

interface Scope {
  readonly book: Book;
  readonly merchant_id: string;
}

/** When the earliest open line until `before` was posted, in business time. */
export async function selectFirstOpen(
  tx: Queryable,
  { book, merchant_id }: Scope,
  before: Date,
): Promise<Date | null> {
  const [row] = await tx.query<{ first: Date | null }>(sql`
    select min(business_at) as first
    from open_settlement_lines(${book}::smallint, ${merchant_id})
    where business_at < ${before} and wallet_account_id is not null`);
  return row?.first ?? null;
}

/** The wallet accounts that have open lines until `before`. */
export async function selectOpenAccounts(
  tx: Queryable,
  { book, merchant_id }: Scope,
  before: Date,
): Promise<{ wallet_account_id: string }[]> {
  return tx.query(sql`
    select distinct wallet_account_id
    from open_settlement_lines(${book}::smallint, ${merchant_id})
    where business_at < ${before} and wallet_account_id is not null`);
}

export interface CountedSum {
  readonly settlement_id: string;
  readonly kind: LineKind;
  readonly sum: bigint;
  readonly count: number;
}

/** Takes every open line until `before` for the settlements given by wallet account. */
export async function takeLines(
  tx: Queryable,
  { book, merchant_id }: Scope,
  before: Date,
  ids: Readonly<Record<string, string>>,
): Promise<CountedSum[]> {
  return tx.query<CountedSum>(sql`
    with taken as (
      insert into settlement_lines (book, posting_id, settlement_id, kind, amount)
      select ${book}, o.posting_id, i.value, o.kind, o.amount
      from open_settlement_lines(${book}::smallint, ${merchant_id}) o
      join jsonb_each_text(${JSON.stringify(ids)}::jsonb) i on i.key = o.wallet_account_id
      where o.business_at < ${before}
      returning settlement_id, kind, amount)
    select settlement_id, kind, sum(amount)::bigint as sum, count(*)::int as count
    from taken group by settlement_id, kind`);
}

/** All until `through` is settled; the next run begins at the first posting that is not. */
export async function moveCursor(
  tx: Queryable,
  { book, merchant_id }: Scope,
  through: BusinessDate,
): Promise<void> {
  const account = `merchant:${merchant_id}`;
  await tx.query(sql`
    update settlement_cursors c set
      settled_to = greatest(c.settled_to, ${through}::date),
      open_from = greatest(c.open_from, coalesce(
        (select min(ledger_position) from open_settlement_lines(${book}::smallint, ${merchant_id})
         where wallet_account_id is not null),
        greatest(
          (select max(position) from postings where book = ${book} and debit_account = ${account}),
          (select max(position) from postings where book = ${book} and credit_account = ${account})),
        0))
    where c.book = ${book} and c.merchant_id = ${merchant_id}`);
}

export async function insertSettlement(
  tx: Queryable,
  stl: Omit<Settlement, 'version' | 'state' | keyof Totals> & Totals,
): Promise<void> {
  await tx.query(sql`
    insert into settlements (book, id, platform_id, merchant_id, wallet_account_id, wallet, custody,
      business_date, state, gross, refunds, wallet_fees, platform_fees, shares, adjustments, net,
      line_count, created_at)
    values (${stl.book}, ${stl.id}, ${stl.platform_id}, ${stl.merchant_id},
      ${stl.wallet_account_id}, ${stl.wallet}, ${stl.custody}, ${stl.business_date}, 'counted',
      ${stl.gross}, ${stl.refunds}, ${stl.wallet_fees}, ${stl.platform_fees}, ${stl.shares},
      ${stl.adjustments}, ${stl.net}, ${stl.line_count}, ${stl.created_at})`);
}

const COLUMNS = fragment`
  book, id, version, platform_id, merchant_id, wallet_account_id, wallet, custody,
  to_char(business_date, 'YYYY-MM-DD') as business_date, state, gross, refunds, wallet_fees,
  platform_fees, shares, adjustments, net, line_count, created_at
`;

export async function selectSettlement(
  db: Queryable,
  book: Book,
  id: string,
): Promise<Settlement | undefined> {
  const [row] = await db.query<Settlement>(sql`
    select ${COLUMNS} from settlements where book = ${book} and id = ${id}`);
  return row;
}

export interface SettlementFilter {
  readonly book: Book;
  readonly platform_id: string;
  readonly merchant_id: string | null;
  readonly wallet_account_id: string | null;
  readonly date: BusinessDate | null;
}

/** Newest first; one more than the page shows. */
export async function selectSettlements(
  db: Queryable,
  page: Page,
  filter: SettlementFilter,
): Promise<Settlement[]> {
  return db.query<Settlement>(sql`
    select ${COLUMNS} from settlements
    where book = ${filter.book} and platform_id = ${filter.platform_id}
      and (${filter.merchant_id}::text is null or merchant_id = ${filter.merchant_id})
      and (${filter.wallet_account_id}::text is null
        or wallet_account_id = ${filter.wallet_account_id})
      and (${filter.date}::date is null or business_date = ${filter.date}::date)
      and (${page.before ?? null}::text is null or id < ${page.before ?? null})
    order by id desc limit ${page.limit + 1}`);
}

export interface SettlementLine {
  /** The posting. */
  readonly id: string;
  readonly kind: LineKind;
  readonly amount: bigint;
  readonly payment_id: string | null;
  readonly business_at: Date;
}

/** Newest first; one more than the page shows. */
export async function selectLines(
  db: Queryable,
  page: Page,
  { book, id }: Pick<Settlement, 'book' | 'id'>,
): Promise<SettlementLine[]> {
  return db.query<SettlementLine>(sql`
    select l.posting_id as id, l.kind, l.amount, y.id as payment_id, p.business_at
    from settlement_lines l join postings p on p.book = l.book and p.id = l.posting_id
    left join payments y on y.book = p.book and y.id = p.subject_id
    where l.book = ${book} and l.settlement_id = ${id}
      and (${page.before ?? null}::text is null or l.posting_id < ${page.before ?? null})
    order by l.posting_id desc limit ${page.limit + 1}`);
}
