import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import { COMPARING, type Desk, dayOf } from './desk.ts';

/**
 * Shares of payments three ways: what the wallet's bill has given and taken back, what our requests
 * say, and what the ledger posted for them. A request is one line for each receiver where the bill
 * names them, else one line in all; what a refund took back may have the refund's number.
 *
 * What is of a day whose bill had it already is listed twice, on two days: when it was booked well
 * before that bill was compared, and was never found in the wrong day.
 */
export async function compareShares(
  desk: Desk,
  book: Book,
  { by_receiver }: { readonly by_receiver: boolean },
): Promise<void> {
  const { from, until } = dayOf(desk);
  await desk.query(sql`
    with bill as (
      select reference, receiver, sum(amount)::bigint as amount, min(at) as at
      from told where book = ${book} and about = 'split' group by reference, receiver
    ), named as (
      select id from split_orders
      where book = ${book} and finished_at >= ${from} and finished_at < ${until}
      union
      select s.id from bill b
      join split_orders s on s.book = ${book} and s.split_reference = b.reference
      union
      select s.id from bill b
      join refunds r on r.book = ${book} and r.refund_reference = b.reference
      join split_orders s on s.book = ${book} and s.payment_id = r.payment_id
        and s.refund_id = r.id
    ), parts as (
      select s.payment_id, case s.kind when 'return' then -1 else 1 end as sign,
        case when ${by_receiver} then s.split_reference
          else coalesce(r.refund_reference, s.split_reference) end as reference,
        case when ${by_receiver} then part->>'account' else '' end as receiver,
        part->>'state' = 'succeeded' as counted, (part->>'amount')::bigint as amount,
        s.finished_at, s.finished_at >= ${from} and s.finished_at < ${until} as of_day,
        part->>'reservation_id' as reservation_id
      from named n
      join split_orders s on s.book = ${book} and s.id = n.id
      join holds h on h.book = ${book} and h.id = s.hold_id
        and h.wallet_account_id = ${desk.account_id}
      left join refunds r on r.book = ${book} and r.id = s.refund_id
      cross join lateral jsonb_array_elements(s.parts) part
      where part->>'receiver' is not null
    ), ours as (
      select reference, receiver, min(payment_id) as payment_id,
        coalesce(sum(sign * p.amount) filter (where counted), 0)::bigint as amount,
        coalesce(sum(sign * x.amount), 0)::bigint as booked,
        bool_or(counted) as counted, bool_or(counted and of_day) as of_day,
        max(finished_at) as finished_at, max(x.business_at) as booked_at,
        ((max(finished_at) + ${desk.day_shift_ms} * interval '1 millisecond')
          at time zone 'Asia/Shanghai')::date as our_date
      from parts p
      left join postings x on x.book = ${book} and x.ends = p.reservation_id and x.kind = 'post'
      group by reference, receiver
    )
    insert into moves (book, about, reference, receiver, payment_id, billed, ours, booked, counted,
      in_books, again, our_date, at)
    select ${book}, 'split', coalesce(b.reference, o.reference), coalesce(b.receiver, o.receiver),
      o.payment_id, b.amount, case when d.again then 0 else o.amount end, o.booked,
      coalesce(o.counted, false), coalesce(o.of_day, false), d.again, o.our_date,
      coalesce(b.at, o.finished_at)
    from bill b full join ours o on o.reference = b.reference and o.receiver = b.receiver
    cross join lateral (
      select b.reference is not null and coalesce(o.counted and not o.of_day, false) and exists (
        select from bills l
        where l.wallet_account_id = ${desk.account_id} and l.date = o.our_date
          and l.date < ${desk.date}::date and l.state = 'closed'
          and jsonb_typeof(l.report -> 'splits') = 'object'
          and o.booked_at < l.closed_at - ${COMPARING}::interval
          and not exists (select from breaks x
            where x.book = ${book} and x.wallet_account_id = ${desk.account_id}
              and x.kind in ('missing_there', 'date_shift') and x.subject in (
                concat_ws(' ', o.reference, nullif(o.receiver, '')), o.reference || ' shares')
          )) as again
    ) d
    where b.reference is not null or o.of_day`);
}
