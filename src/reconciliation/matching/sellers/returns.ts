import { fragment, sql } from '../../../db/pool.ts';
import type { Book } from '../../../ids.ts';
import { type Desk, dayOf } from '../desk.ts';

/**
 * Money that came late or twice and goes back by itself. The wallet has it for the seller from its
 * payment to its refund; the ledger has it in suspense, where it is nobody's.
 */
export interface Returned {
  readonly seller: string;
  readonly amount: bigint;
  /** The wallet may have given it back already, or not yet. */
  readonly on_its_way: boolean;
}

/** The wallet's clock and ours need not agree to the second at midnight. */
export const SLACK = fragment`interval '1 minute'`;
/** Sent back over a longer time than this it no longer counts, days. */
const SENT_WITHIN_DAYS = 60;

export async function returnedMoney(desk: Desk, book: Book): Promise<Returned[]> {
  const { account_id } = desk;
  const { until } = dayOf(desk);
  return desk.query<Returned>(sql`
    with way as (
      select s.seller, s.since, ${until}::timestamptz as until, r.amount, a.paid_at,
        p.business_at as sent_at, e.business_at as ended_at,
        coalesce(e.kind = 'post', false) as gone
      from (select min(since) as since from seller_days) f
      join postings p on p.book = ${book} and p.debit_account = ${`suspense:${account_id}`}
        and p.kind = 'pending' and p.reason = 'money_returned'
        and p.business_at >= f.since - ${SENT_WITHIN_DAYS} * interval '1 day'
      join refunds r on r.book = ${book} and r.payment_id = p.subject_id
        and r.reservation_id = p.id
      join attempts a on a.book = ${book} and a.id = r.attempt_id
      join payments y on y.book = ${book} and y.id = r.payment_id
      left join payment_parts t on t.book = ${book} and t.id = r.part_id
      join seller_days s on s.merchant_id = coalesce(t.merchant_id, y.merchant_id)
      left join postings e on e.book = ${book} and e.ends = p.id
    )
    select seller,
      sum(case when paid_at >= since and paid_at < until then amount else 0 end
        - case when gone and ended_at >= since and ended_at < until then amount
          else 0 end)::bigint as amount,
      bool_or(sent_at < since + ${SLACK} and (ended_at is null or ended_at >= since - ${SLACK})
        or sent_at < until + ${SLACK} and (ended_at is null or ended_at >= until - ${SLACK})
      ) as on_its_way
    from way group by seller`);
}
