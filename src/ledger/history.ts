import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import { type AccountState, balanceOf } from './apply.ts';
import type { AccountSpec, Balance } from './ledger.ts';

/**
 * Balances now and at any moment of the past: the account's latest snapshot before it, and the
 * postings from there to the next snapshot, a thousand or so. Before the first snapshot there are
 * also postings from before the chain, which have no position.
 */
type Sums = Pick<
  AccountState,
  'normal' | 'debits_pending' | 'debits_posted' | 'credits_pending' | 'credits_posted'
>;

const MAX_POSITION = 2n ** 63n - 1n;

/** An account as it stands, with its limits of today, or what it had at a moment of the past. */
export interface AccountThen {
  readonly normal: AccountSpec['normal'];
  readonly currency: 'CNY';
  /** Limits change without a posting, so that only those of today are known. */
  readonly floor: bigint | null;
  readonly cap: bigint | null;
  /** The moment that was asked for, or now by the database's clock. */
  readonly at: Date;
  /** True when that moment has not come by the same clock. */
  readonly ahead: boolean;
  readonly balance: Balance;
}

type Row = Sums & Omit<AccountThen, 'balance'>;

export async function findAccount(
  db: Queryable,
  book: Book,
  account: string,
  at?: Date,
): Promise<AccountThen | undefined> {
  const found = at ? await selectThen(db, book, account, at) : await selectNow(db, book, account);
  if (!found) return undefined;
  const { normal, currency, floor, cap, ahead } = found;
  return { normal, currency, floor, cap, at: found.at, ahead, balance: balanceOf(found) };
}

export async function findBalance(
  db: Queryable,
  book: Book,
  account: string,
  at?: Date,
): Promise<Balance | undefined> {
  return (await findAccount(db, book, account, at))?.balance;
}

async function selectNow(db: Queryable, book: Book, account: string): Promise<Row | undefined> {
  const [row] = await db.query<Row>(sql`
    select normal, currency, floor, cap,
      date_trunc('milliseconds', clock_timestamp()) as at, false as ahead,
      debits_pending, debits_posted, credits_pending, credits_posted
    from ledger_accounts where book = ${book} and id = ${account}`);
  return row;
}

async function selectThen(
  db: Queryable,
  book: Book,
  account: string,
  at: Date,
): Promise<Row | undefined> {
  const [row] = await db.query<Row>(sql`
    with start as (
      select position, debits_pending, debits_posted, credits_pending, credits_posted
      from ledger_snapshots
      where book = ${book} and account = ${account} and sealed_at <= ${at}
      order by position desc limit 1
    ), span as (
      select coalesce((select position from start), 0) as after,
        coalesce((
          select position from ledger_snapshots
          where book = ${book} and account = ${account} and sealed_at > ${at}
          order by position limit 1
        ), ${MAX_POSITION}) as until
    ), since as (
      select 'debit' as side, kind, amount from postings
      where book = ${book} and debit_account = ${account} and created_at <= ${at}
        and position > (select after from span) and position <= (select until from span)
      union all
      select 'debit', kind, amount from postings
      where book = ${book} and debit_account = ${account} and created_at <= ${at}
        and position is null and not exists (select from start)
      union all
      select 'credit', kind, amount from postings
      where book = ${book} and credit_account = ${account} and created_at <= ${at}
        and position > (select after from span) and position <= (select until from span)
      union all
      select 'credit', kind, amount from postings
      where book = ${book} and credit_account = ${account} and created_at <= ${at}
        and position is null and not exists (select from start)
    ), moved as (
      select side,
        sum(case kind when 'pending' then amount when 'posted' then 0 else -amount end) as pending,
        sum(case when kind in ('posted', 'post') then amount else 0 end) as posted
      from since group by side
    )
    select a.normal, a.currency, a.floor, a.cap,
      ${at}::timestamptz as at, ${at}::timestamptz > clock_timestamp() as ahead,
      (coalesce(s.debits_pending, 0) + coalesce(d.pending, 0))::bigint as debits_pending,
      (coalesce(s.debits_posted, 0) + coalesce(d.posted, 0))::bigint as debits_posted,
      (coalesce(s.credits_pending, 0) + coalesce(c.pending, 0))::bigint as credits_pending,
      (coalesce(s.credits_posted, 0) + coalesce(c.posted, 0))::bigint as credits_posted
    from ledger_accounts a
    left join start s on true
    left join moved d on d.side = 'debit'
    left join moved c on c.side = 'credit'
    where a.book = ${book} and a.id = ${account}`);
  return row;
}
