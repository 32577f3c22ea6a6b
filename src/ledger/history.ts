import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import { type AccountState, balanceOf } from './apply.ts';
import type { Balance } from './ledger.ts';

/**
 * Balances now and at any moment of the past: the account's latest snapshot before it, and the
 * postings from there on, a thousand or so at most.
 */
type Sums = Pick<
  AccountState,
  'normal' | 'debits_pending' | 'debits_posted' | 'credits_pending' | 'credits_posted'
>;

export async function findBalance(
  db: Queryable,
  book: Book,
  account: string,
  at?: Date,
): Promise<Balance | undefined> {
  const found = at ? await selectThen(db, book, account, at) : await selectNow(db, book, account);
  return found && balanceOf(found);
}

async function selectNow(db: Queryable, book: Book, account: string): Promise<Sums | undefined> {
  const [row] = await db.query<Sums>(sql`
    select normal, debits_pending, debits_posted, credits_pending, credits_posted
    from ledger_accounts where book = ${book} and id = ${account}`);
  return row;
}

async function selectThen(
  db: Queryable,
  book: Book,
  account: string,
  at: Date,
): Promise<Sums | undefined> {
  const [row] = await db.query<Sums>(sql`
    with start as (
      select position, debits_pending, debits_posted, credits_pending, credits_posted
      from ledger_snapshots
      where book = ${book} and account = ${account} and sealed_at <= ${at}
      order by position desc limit 1
    ), since as (
      select 'debit' as side, kind, amount from postings
      where book = ${book} and debit_account = ${account} and created_at <= ${at}
        and coalesce(position, 0) > coalesce((select position from start), -1)
      union all
      select 'credit', kind, amount from postings
      where book = ${book} and credit_account = ${account} and created_at <= ${at}
        and coalesce(position, 0) > coalesce((select position from start), -1)
    ), moved as (
      select side,
        sum(case kind when 'pending' then amount when 'posted' then 0 else -amount end) as pending,
        sum(case when kind in ('posted', 'post') then amount else 0 end) as posted
      from since group by side
    )
    select a.normal,
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
