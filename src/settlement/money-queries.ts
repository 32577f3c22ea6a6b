import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';

export interface AccountMoney {
  readonly wallet_account_id: string;
  readonly settled: bigint;
  /** Left for good, or on its way. */
  readonly paid_out: bigint;
  /** Of that, what is on its way. */
  readonly payouts_open: bigint;
  /** Posted and not settled yet. */
  readonly open: bigint;
  /** Money on its way out: refunds and payouts not ended. */
  readonly reserved: bigint;
}

/** A merchant's money by wallet account: settled, paid out, not settled yet, and on its way out. */
export async function selectMoney(
  db: Queryable,
  { book, merchant_id }: { readonly book: Book; readonly merchant_id: string },
): Promise<AccountMoney[]> {
  const account = `merchant:${merchant_id}`;
  return db.query<AccountMoney>(sql`
    with parts as (
      select wallet_account_id, settled, paid_out, 0::bigint as payouts_open, 0::bigint as open,
        0::bigint as reserved
      from seller_funds where book = ${book} and merchant_id = ${merchant_id}
      union all
      select wallet_account_id, 0, 0, amount, 0, 0 from payouts
      where book = ${book} and merchant_id = ${merchant_id}
        and state in ('created', 'pending', 'needs_payee', 'unknown')
      union all
      select wallet_account_id, 0, 0, 0, amount, 0
      from open_settlement_lines(${book}::smallint, ${merchant_id})
      where wallet_account_id is not null
      union all
      select wallet_account_id, net, 0, 0, 0, 0 from settlements
      where book = ${book} and merchant_id = ${merchant_id} and state = 'counted'
      union all
      select coalesce(w.id, a.wallet_account_id), 0, 0, 0, 0, p.amount
      from open_merchant_reservations(${book}::smallint, ${account}) p
      left join wallet_accounts w on p.credit_account = 'wallet:' || w.id
      left join payments y on y.book = ${book} and y.id = p.subject_id
      left join attempts a on a.book = y.book and a.id = y.succeeded_attempt_id
    )
    select wallet_account_id, sum(settled)::bigint as settled, sum(paid_out)::bigint as paid_out,
      sum(payouts_open)::bigint as payouts_open, sum(open)::bigint as open,
      sum(reserved)::bigint as reserved
    from parts where wallet_account_id is not null
    group by wallet_account_id order by wallet_account_id`);
}
