import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import { type Desk, dayOf } from './desk.ts';

/**
 * Payouts three ways: the movements of the account, our payouts, and the ledger. Money leaves when
 * the wallet takes a payout on, may arrive days later and may come back on another day, so a payout
 * keeps the bills that had it: it is missing only when it has arrived and no bill had it, and not
 * come back when it is free here again and no bill had that.
 */
export async function comparePayouts(desk: Desk, book: Book): Promise<void> {
  const { date } = desk;
  const { from, until } = dayOf(desk);
  await keepBills(desk, book);
  await desk.query(sql`
    with bill as (
      select reference, sum(amount)::bigint as amount, min(at) as at,
        bool_or(amount > 0) as gone, bool_or(amount < 0) as back
      from told where book = ${book} and about = 'payout' group by reference
    ), named as (
      select o.id from bill b
      join payouts o on o.book = ${book} and o.payout_reference = b.reference
      union
      select id from payouts
      where book = ${book} and wallet_account_id = ${desk.account_id} and state = 'succeeded'
        and billed_on is null and succeeded_at >= ${from} and succeeded_at < ${until}
    ), ours as (
      select p.payout_reference as reference, p.id, p.amount, p.state, p.succeeded_at,
        -- Not taken in the end, and the money came back on another day: then its bill has it.
        p.given_back_on is not null or coalesce(v.business_at >= ${until}, false) as back_later,
        -- The bill of another day has the very same.
        b.gone and not b.back and p.billed_on <> ${date}::date and p.given_back_on is null
          or b.back and not b.gone and p.given_back_on <> ${date}::date as again
      from named n
      join payouts p on p.book = ${book} and p.id = n.id
        and p.wallet_account_id = ${desk.account_id}
      left join bill b on b.reference = p.payout_reference
      left join postings v on v.book = p.book and v.ends = p.reservation_id and v.kind = 'void'
    ), booked as (
      select o.reference, sum(case x.reason when 'payout_returned' then -x.amount
        else x.amount end)::bigint as amount
      from ours o join postings x on x.book = ${book} and x.subject_id = o.id
        and x.kind in ('post', 'posted')
      group by o.reference
    )
    insert into moves (book, about, reference, receiver, billed, ours, booked, counted, in_books,
      again, at)
    select ${book}, 'payout', coalesce(b.reference, o.reference), '', b.amount,
      case when o.again then 0
        when b.reference is null then o.amount
        when o.state in ('refused', 'cancelled') and not b.back and not o.back_later then 0
        when o.state = 'succeeded' and b.back then case when b.gone then o.amount else 0 end
        when b.gone and b.back then 0
        when b.back then -o.amount
        else o.amount end,
      -- By us it left for good: the ledger has it then.
      case when o.state = 'succeeded' and not coalesce(b.back, false)
        then coalesce(k.amount, 0) end,
      o.reference is not null and (b.reference is null or case
        when o.state in ('refused', 'cancelled') then b.back or o.back_later
        when o.state = 'succeeded' then not b.back
        else true end),
      o.reference is not null and not coalesce(o.again, false), coalesce(o.again, false),
      coalesce(b.at, o.succeeded_at)
    from bill b
    full join ours o on o.reference = b.reference
    left join booked k on k.reference = o.reference`);
  await findNotComeBack(desk, book);
}

/**
 * By us over without money, by the bills gone and not back: of this day, unless the bill of another
 * one tells it already. What left and was refused on this day is among the lines of its bill.
 */
async function findNotComeBack(desk: Desk, book: Book): Promise<void> {
  const { account_id, date } = desk;
  const { until } = dayOf(desk);
  await desk.query(sql`
    insert into moves (book, about, reference, receiver, ours, counted, in_books, at)
    select ${book}, 'payout', p.payout_reference, '', -p.amount, false, true, f.at
    from payouts p
    cross join lateral (
      select max(v.business_at) as at from postings v
      where v.book = ${book} and (v.ends = p.reservation_id and v.kind = 'void'
        or v.subject_id = p.id and v.reason = 'payout_returned')
    ) f
    where p.book = ${book} and p.wallet_account_id = ${account_id}
      and p.state in ('refused', 'cancelled', 'returned')
      and p.billed_on is not null and p.given_back_on is null and f.at < ${until}
      and (p.billed_on < ${date}::date or p.state = 'returned' and p.billed_on = ${date}::date)
      and not exists (
        select from breaks x join bills l on l.id = x.bill_id
        where x.book = ${book} and x.wallet_account_id = ${account_id} and x.kind = 'state'
          and x.subject = p.payout_reference and l.date <> ${date}::date)`);
}

/** A bill that is read again may have been corrected. */
async function keepBills(desk: Desk, book: Book): Promise<void> {
  const { account_id, date } = desk;
  await desk.query(sql`
    update payouts p set billed_on = null
    where p.book = ${book} and p.wallet_account_id = ${account_id}
      and p.billed_on = ${date}::date and not exists (select from told t
        where t.book = ${book} and t.about = 'payout' and t.amount > 0
          and t.reference = p.payout_reference)`);
  await desk.query(sql`
    update payouts p set given_back_on = null
    where p.book = ${book} and p.wallet_account_id = ${account_id}
      and p.given_back_on = ${date}::date and not exists (select from told t
        where t.book = ${book} and t.about = 'payout' and t.amount < 0
          and t.reference = p.payout_reference)`);
  await desk.query(sql`
    with each as (
      select reference, bool_or(amount > 0) as gone, bool_or(amount < 0) as back
      from told where book = ${book} and about = 'payout' group by reference
    )
    update payouts p
    set billed_on = case when e.gone then coalesce(p.billed_on, ${date}::date) else p.billed_on end,
      given_back_on = case when e.back then coalesce(p.given_back_on, ${date}::date)
        else p.given_back_on end
    from each e
    where p.book = ${book} and p.payout_reference = e.reference
      and p.wallet_account_id = ${account_id}
      and (e.gone and p.billed_on is null or e.back and p.given_back_on is null)`);
}
