import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import { COMPARING, type Desk, dayOf } from './desk.ts';

/**
 * Where the bill and our books differ, by statements over whole sets: what comes out does not
 * depend on the order of the lines. Amounts are seen from the merchant: a payment that only the
 * bill has is positive, a refund that only the bill has is negative.
 */

/** Of several lines about one thing the one that fits best stands for it; the others are extra. */
export async function rankDuplicates(desk: Desk): Promise<void> {
  await desk.query(sql`
    with many as (
      select book, about, reference from matched group by book, about, reference
      having count(*) > 1
    ), ranked as (
      select no, row_number() over (partition by m.book, m.about, m.reference
        order by (m.amount = m.ours) desc nulls last, m.transaction_id, m.wallet_refund_id,
          m.amount, m.fee, m.at, m.no) as place
      from matched m
      join many using (book, about, reference)
    )
    update matched m set place = r.place from ranked r where r.no = m.no and r.place > 1`);
}

/** Everything that can be told from the lines alone, once what they tell has been taken in. */
export async function compareLines(desk: Desk): Promise<void> {
  await desk.query(sql`
    insert into differences (book, kind, about, subject, payment_id, amount, fee, detail)
    select book, kind, about, subject, payment_id,
      case about when 'payment' then effect else -effect end, fee_effect,
      jsonb_build_object('line', line, 'wallet_reference', wallet_reference,
        'reference', reference, 'wallet_transaction_id', transaction_id,
        'wallet_refund_id', wallet_refund_id, 'bill_amount', amount, 'our_amount', ours,
        'ledger_amount', booked, 'bill_fee', fee, 'our_fee', booked_fee, 'bill_date', ${desk.date}::date,
        'our_date', our_date, 'at', at)
    from matched m
    cross join lateral (
      select 'duplicate' as kind, reference || ' ' || ${desk.date} || ' ' || place as subject,
        amount as effect, fee as fee_effect where place > 1
      union all
      select 'missing_here',
        case about when 'payment' then coalesce(nullif(transaction_id, ''), reference)
          else reference end,
        amount, fee where place = 1 and object_id is null
      union all
      select case when amount <> ours then 'amount' when whole is not null then 'partly_paid'
          else 'state' end,
        case when about = 'payment' and amount <> ours
          then coalesce(nullif(transaction_id, ''), reference) else reference end,
        amount, fee where place = 1 and object_id is not null and not counted
      union all
      select 'amount',
        case about when 'payment' then coalesce(nullif(transaction_id, ''), reference)
          else reference end,
        amount - ours, 0 where place = 1 and counted and amount <> ours
      union all
      select 'date_shift', reference, ours, 0
      where place = 1 and counted and our_date <> ${desk.date}::date
    ) d
    where place > 1 or not counted or amount <> ours or our_date <> ${desk.date}::date`);
  await countRepairs(desk);
  await compareLedger(desk);
  await findCountedBefore(desk);
}

/**
 * What somebody has booked about a refund, because one bill had it and another had not. What is
 * booked about a payment is under the payment.
 */
async function countRepairs(desk: Desk): Promise<void> {
  const wallet = `wallet:${desk.account_id}`;
  await desk.query(sql`
    update matched m set booked = m.booked + r.amount
    from (
      select x.book, x.subject, sum(case p.credit_account when ${wallet} then p.amount
        else -p.amount end)::bigint as amount
      from breaks x
      join postings p on p.book = x.book and p.subject_id = x.id and p.kind = 'posted'
        and p.reason = 'bill_difference' and ${wallet} in (p.debit_account, p.credit_account)
      where x.wallet_account_id = ${desk.account_id} and x.about = 'refund'
        and x.state = 'resolved' and x.kind <> 'duplicate'
      group by x.book, x.subject
    ) r
    where m.book = r.book and m.about = 'refund' and m.reference = r.subject`);
}

/** The third side: what our record says was paid, and what the ledger has of it. */
async function compareLedger(desk: Desk): Promise<void> {
  await desk.query(sql`
    insert into differences (book, kind, about, subject, payment_id, amount, fee, detail)
    select book, 'ledger', about, reference, payment_id,
      case about when 'payment' then ours - booked else booked - ours end, 0,
      jsonb_build_object('line', line, 'reference', reference, 'bill_amount', amount,
        'our_amount', ours, 'ledger_amount', booked)
    from matched
    where place = 1 and counted and booked <> ours and booked <> amount`);
}

/**
 * What is of a day whose bill had it already is listed twice, on two days. A refund only when it
 * had ended by us well before that comparison began: else that comparison could not lack it. What
 * was found in the wrong day once, that day may have lacked without another word.
 */
async function findCountedBefore(desk: Desk): Promise<void> {
  await desk.query(sql`
    update differences d set kind = 'duplicate', subject = d.subject || ' ' || ${desk.date}
    from bills b
    where d.kind = 'date_shift' and d.about in ('payment', 'refund')
      and (d.about = 'payment' or exists (
        select from refunds r
        join postings e on e.book = r.book and e.kind = 'post'
          and e.ends in (r.reservation_id, r.hold_reservation_id)
        where r.book = d.book and r.refund_reference = d.detail ->> 'reference'
          and e.business_at < b.closed_at - ${COMPARING}::interval))
      and b.wallet_account_id = ${desk.account_id} and b.date = (d.detail ->> 'our_date')::date
      and b.state = 'closed' and b.date < ${desk.date}::date
      and not exists (
        select from breaks x where x.book = d.book and x.wallet_account_id = ${desk.account_id}
          and x.kind in ('missing_there', 'date_shift')
          and x.subject = d.detail ->> 'reference')`);
}

export interface OursOfDay {
  readonly about: 'payment' | 'refund';
  readonly count: bigint;
  readonly amount: bigint;
}

/**
 * What our books have of the day and the bill has not: missing there, unless the bill of another
 * day has it. Answers what our books have of the day in all, counted by itself.
 */
export async function findMissing(desk: Desk, book: Book): Promise<OursOfDay[]> {
  const { account_id, date } = desk;
  const accepted = desk.refunds_by === 'accepted';
  const { from, until } = dayOf(desk);
  await desk.query(sql`
    insert into differences (book, kind, about, subject, payment_id, amount, fee, detail)
    select ${book}, case when x.id is null then 'missing_there' else 'date_shift' end, o.about,
      o.reference, o.payment_id, case o.about when 'payment' then -o.amount else o.amount end, 0,
      jsonb_build_object('reference', o.reference, 'wallet_reference', o.wallet_reference,
        'wallet_transaction_id', o.transaction_id, 'our_amount', o.amount, 'at', o.at,
        'our_date', ${date}::date, 'other_bill', x.bill_id)
    from (
      select 'payment' as about, a.id, a.payment_id, a.amount, a.wallet_reference as reference,
        a.wallet_reference, a.wallet_transaction_id as transaction_id, a.paid_at as at
      from attempts a
      where a.book = ${book} and a.wallet_account_id = ${account_id}
        and a.paid_at >= ${from} and a.paid_at < ${until}
        and (a.state = 'succeeded' or a.returned > 0) and not a.combined
      union all
      select 'payment', part.wallet_reference, a.payment_id, part.amount, part.wallet_reference,
        part.wallet_reference, part.wallet_transaction_id, a.paid_at
      from attempts a
      join attempt_parts part on part.book = a.book and part.attempt_id = a.id
      where a.book = ${book} and a.wallet_account_id = ${account_id}
        and a.paid_at >= ${from} and a.paid_at < ${until}
        and (a.state = 'succeeded' or a.returned > 0) and a.combined
      union all
      select 'refund', r.id, r.payment_id, r.amount, r.refund_reference,
        coalesce(part.wallet_reference, a.wallet_reference),
        coalesce(part.wallet_transaction_id, a.wallet_transaction_id),
        coalesce(r.succeeded_at, r.created_at)
      from refunds r
      join attempts a on a.book = r.book and a.id = r.attempt_id
        and a.wallet_account_id = ${account_id}
      left join attempt_parts part on part.book = a.book and part.attempt_id = a.id
        and part.part_id = r.part_id
      where r.book = ${book} and ${accepted} and r.created_at >= ${from}
        and r.created_at < ${until} and r.state in ('succeeded', 'pending', 'needs_action')
      union all
      select 'refund', r.id, r.payment_id, r.amount, r.refund_reference,
        coalesce(part.wallet_reference, a.wallet_reference),
        coalesce(part.wallet_transaction_id, a.wallet_transaction_id), r.succeeded_at
      from refunds r
      join attempts a on a.book = r.book and a.id = r.attempt_id
        and a.wallet_account_id = ${account_id}
      left join attempt_parts part on part.book = a.book and part.attempt_id = a.id
        and part.part_id = r.part_id
      where r.book = ${book} and not ${accepted} and r.succeeded_at >= ${from}
        and r.succeeded_at < ${until} and r.state = 'succeeded'
    ) o
    left join matched m on m.object_id = o.id and m.counted
    left join breaks x on x.book = ${book} and x.wallet_account_id = ${account_id}
      and x.kind = 'date_shift' and x.subject = o.reference
    where m.object_id is null`);
  return desk.query<OursOfDay>(sql`
    select 'payment' as about, coalesce(sum(case when a.combined then (
        select count(*) from attempt_parts where book = a.book and attempt_id = a.id)
      else 1 end), 0)::bigint as count, coalesce(sum(a.amount), 0)::bigint as amount
    from attempts a
    where a.book = ${book} and a.wallet_account_id = ${account_id}
      and a.paid_at >= ${from} and a.paid_at < ${until}
      and (a.state = 'succeeded' or a.returned > 0)
    union all
    select 'refund', count(*), coalesce(sum(r.amount), 0)::bigint
    from refunds r
    join attempts a on a.book = r.book and a.id = r.attempt_id
      and a.wallet_account_id = ${account_id}
    where r.book = ${book}
      and (${accepted} and r.created_at >= ${from} and r.created_at < ${until}
          and (r.state in ('succeeded', 'pending', 'needs_action')
            -- or it was refused since
            or exists (select from matched m where m.object_id = r.id and m.counted))
        or not ${accepted} and r.succeeded_at >= ${from} and r.succeeded_at < ${until}
          and r.state = 'succeeded')`);
}

/** Fees above the list price and above what the wallet takes from most payments of the day. */
export async function compareFees(desk: Desk, list_rate: bigint): Promise<void> {
  const [found] = await desk.query<{ dear: boolean }>(sql`
    select exists (select from matched where place = 1 and counted and about = 'payment'
      and (fee < 0 or fee > (amount * ${list_rate} + 99999) / 100000 + 1)) as dear`);
  const [usual] = found?.dear
    ? await desk.query<{ rate: bigint | null }>(sql`
        select percentile_disc(0.5) within group (order by fee * 100000 / amount)::bigint as rate
        from matched where place = 1 and counted and about = 'payment' and amount >= 1000`)
    : [];
  const most = usual?.rate && usual.rate > list_rate ? usual.rate + 1n : list_rate;
  await desk.query(sql`
    insert into differences (book, kind, about, subject, payment_id, amount, fee, detail)
    select book, 'fee', about, reference, payment_id, 0, fee - booked_fee,
      jsonb_build_object('line', line, 'reference', reference, 'bill_amount', amount,
        'bill_fee', fee, 'our_fee', booked_fee, 'most', (amount * ${most} + 99999) / 100000 + 1)
    from matched
    where place = 1 and counted and case about
      when 'payment' then fee < 0 or fee > (amount * ${most} + 99999) / 100000 + 1
      else fee > 0 end`);
}
