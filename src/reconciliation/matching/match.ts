import { fragment, sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import type { PaymentLine } from '../../wallets/products/bills.ts';
import type { Desk } from './desk.ts';

/** Lines beside what we have of them: joined by their keys to our records and to the ledger. */
export interface Line {
  /** Position in the whole bill, from 1. */
  readonly no: number;
  readonly of: BilledLine;
}

export type BilledLine = Omit<PaymentLine, 'coupons' | 'state'>;

/** Our number; a refund that the wallet names by none of ours has the wallet's own. */
export function referenceOf(line: BilledLine): string {
  if (line.kind === 'payment') return line.wallet_reference;
  return line.refund_reference ?? line.wallet_refund_id ?? `of ${line.wallet_reference}`;
}

/** One text for a column of texts: far cheaper than an array with its quotes. */
function texts(lines: readonly Line[], of: (line: BilledLine) => string): string {
  const joined = lines.map((line) => of(line.of)).join('\n');
  return joined.includes('\0') ? joined.replaceAll('\0', '\uFFFD') : joined;
}

type Cell = bigint | number | boolean;

function numbers(lines: readonly Line[], of: (line: BilledLine) => Cell): string {
  return `{${lines.map((line) => of(line.of)).join(',')}}`;
}

function places(lines: readonly Line[]): string {
  return `{${lines.map(({ no }) => no).join(',')}}`;
}

/** Matches lines of one kind and one book. */
export async function matchLines(desk: Desk, book: Book, lines: readonly Line[]): Promise<void> {
  if (lines[0]?.of.kind === 'payment') await matchPayments(desk, book, lines);
  else await matchRefunds(desk, book, lines);
}

async function matchPayments(desk: Desk, book: Book, lines: readonly Line[]): Promise<void> {
  const parts = await findParts(desk, book, lines);
  if (parts.size === 0) return matchWhole(desk, book, lines);
  const of = (part: boolean) => lines.filter((line) => parts.has(referenceOf(line.of)) === part);
  await matchParts(desk, book, of(true));
  const whole = of(false);
  if (whole.length > 0) await matchWhole(desk, book, whole);
}

/** Numbers among these that are of a part of a combined order. */
async function findParts(
  desk: Desk,
  book: Book,
  lines: readonly Line[],
): Promise<ReadonlySet<string>> {
  const found = await desk.query<{ reference: string }>(sql`
    select part.wallet_reference as reference
    from unnest(string_to_array(${texts(lines, referenceOf)}, E'\n')) as l (reference)
    join attempt_parts part on part.book = ${book} and part.wallet_reference = l.reference
      and part.wallet_account_id = ${desk.account_id}`);
  return new Set(found.map(({ reference }) => reference));
}

async function matchWhole(desk: Desk, book: Book, lines: readonly Line[]): Promise<void> {
  const wallet = `wallet:${desk.account_id}`;
  const fees = `wallet_fees:${desk.account_id}`;
  const suspense = `suspense:${desk.account_id}`;
  await desk.query(sql`
    insert into matched (no, line, book, about, reference, wallet_reference, transaction_id, amount,
      fee, at, unfinished, object_id, payment_id, counted, known, ours, our_date, booked,
      booked_fee)
    select l.no, l.line, ${book}, 'payment', l.reference, l.reference,
      coalesce(l.transaction_id, ''), l.amount, l.fee, to_timestamp(l.at / 1000.0), false,
      a.id, a.payment_id, coalesce(a.state = 'succeeded' or a.returned > 0, false),
      coalesce(a.state = 'succeeded' or a.returned > 0, false), a.amount,
      ((a.paid_at + ${desk.day_shift_ms} * interval '1 millisecond')
        at time zone 'Asia/Shanghai')::date,
      coalesce(case when a.state = 'succeeded' then p.paid else least(p.late, a.amount) end, 0),
      coalesce(case when a.state = 'succeeded' then p.fee end, 0)
    from unnest(${places(lines)}::int[],
      ${numbers(lines, ({ line }) => line)}::int[],
      string_to_array(${texts(lines, referenceOf)}, E'\n'),
      string_to_array(${texts(lines, (line) => line.wallet_transaction_id)}, E'\n'),
      ${numbers(lines, ({ amount }) => amount)}::bigint[],
      ${numbers(lines, ({ fee }) => fee)}::bigint[],
      ${numbers(lines, ({ at }) => at.getTime())}::bigint[])
      as l (no, line, reference, transaction_id, amount, fee, at)
    left join attempts a on a.book = ${book} and a.wallet_account_id = ${desk.account_id}
      and a.wallet_reference = l.reference
    left join lateral (
      select
        sum(case when reason in ('late_success', 'double_payment') then 0
          -- what was listed twice is nobody's, and not of the payment
          when ${suspense} in (debit_account, credit_account) then 0
          when debit_account = ${wallet} then amount
          when credit_account = ${wallet} and reason = 'bill_difference' then -amount
          else 0 end) as paid,
        sum(amount) filter (where debit_account = ${wallet}
          and reason in ('late_success', 'double_payment')) as late,
        sum(amount) filter (where credit_account = ${fees}
          and reason = 'wallet_fee_estimate') as fee
      from postings
      where book = ${book} and subject_id = a.payment_id and kind = 'posted'
    ) p on true`);
}

/**
 * The ledger has a taking and a fee for each part, under the payment. The largest part has the
 * largest taking, and the largest of a seller's parts that seller's largest fee: so every posting
 * is counted once, whichever parts of the order this bill has.
 */
async function matchParts(desk: Desk, book: Book, lines: readonly Line[]): Promise<void> {
  const wallet = `wallet:${desk.account_id}`;
  const fees = `wallet_fees:${desk.account_id}`;
  await desk.query(sql`
    with l as (
      select * from unnest(${places(lines)}::int[],
        ${numbers(lines, ({ line }) => line)}::int[],
        string_to_array(${texts(lines, referenceOf)}, E'\n'),
        string_to_array(${texts(lines, (line) => line.wallet_transaction_id)}, E'\n'),
        ${numbers(lines, ({ amount }) => amount)}::bigint[],
        ${numbers(lines, ({ fee }) => fee)}::bigint[],
        ${numbers(lines, ({ at }) => at.getTime())}::bigint[])
        as l (no, line, reference, transaction_id, amount, fee, at)
    ), orders as (
      select a.id, a.payment_id, a.wallet_reference, a.paid_at, a.state = 'succeeded' as paid,
        a.state = 'succeeded' or a.returned > 0 as counted
      from (
        select distinct attempt_id from l join attempt_parts part
          on part.book = ${book} and part.wallet_reference = l.reference
      ) named
      join attempts a on a.book = ${book} and a.id = named.attempt_id
    ), parts as (
      select o.*, p.wallet_reference as reference, p.part_id, p.amount,
        'merchant:' || own.merchant_id as merchant,
        row_number() over (partition by o.id order by p.amount desc, p.part_id) as nth,
        row_number() over (partition by o.id, own.merchant_id
          order by p.amount desc, p.part_id) as nth_of_seller
      from orders o
      join attempt_parts p on p.book = ${book} and p.attempt_id = o.id
      join payment_parts own on own.book = ${book} and own.id = p.part_id
    ), takings as (
      select o.id, t.amount, row_number() over (partition by o.id order by t.amount desc) as nth
      from orders o join postings t on t.book = ${book} and t.subject_id = o.payment_id
        and t.kind = 'posted' and t.debit_account = ${wallet} and case when o.paid
          then t.reason = 'payment' else t.reason in ('late_success', 'double_payment') end
      where o.counted
    ), costs as (
      select o.id, f.debit_account as merchant, f.amount,
        row_number() over (partition by o.id, f.debit_account order by f.amount desc) as nth
      from orders o join postings f on f.book = ${book} and f.subject_id = o.payment_id
        and f.kind = 'posted' and f.credit_account = ${fees} and f.reason = 'wallet_fee_estimate'
      where o.paid
    )
    insert into matched (no, line, book, about, reference, wallet_reference, transaction_id, amount,
      fee, at, unfinished, object_id, payment_id, part_id, whole, counted, known, ours, our_date,
      booked, booked_fee)
    select l.no, l.line, ${book}, 'payment', l.reference, l.reference,
      coalesce(l.transaction_id, ''), l.amount, l.fee, to_timestamp(l.at / 1000.0), false,
      p.reference, p.payment_id, p.part_id, p.wallet_reference, p.counted, p.counted, p.amount,
      ((p.paid_at + ${desk.day_shift_ms} * interval '1 millisecond')
        at time zone 'Asia/Shanghai')::date, coalesce(t.amount, 0), coalesce(c.amount, 0)
    from l
    join parts p using (reference)
    left join takings t on t.id = p.id and t.nth = p.nth
    left join costs c on c.id = p.id and c.merchant = p.merchant and c.nth = p.nth_of_seller`);
}

/** Fen that the ledger gave back with the end of refund `r`; null without one. */
export const feeReturned = fragment`
  select sum(f.amount)
  from postings e
  join postings f on f.book = e.book and f.subject_id = r.payment_id and f.move_id = e.move_id
    and f.reason = 'wallet_fee_returned'
  where e.book = r.book and e.kind = 'post'
    and e.ends = coalesce(r.reservation_id, r.hold_reservation_id)`;

async function matchRefunds(desk: Desk, book: Book, lines: readonly Line[]): Promise<void> {
  const by_accepted = desk.refunds_by === 'accepted';
  await desk.query(sql`
    insert into matched (no, line, book, about, reference, wallet_reference, transaction_id,
      wallet_refund_id, amount, fee, at, unfinished, object_id, payment_id, part_id, counted,
      under_way, known, ours, our_date, booked, booked_fee)
    select l.no, l.line, ${book}, 'refund', l.reference, coalesce(l.wallet_reference, ''),
      coalesce(l.transaction_id, ''), nullif(l.wallet_refund_id, ''), l.amount, l.fee,
      to_timestamp(l.at / 1000.0), l.unfinished,
      r.id, r.payment_id, r.part_id, coalesce(r.state in ('succeeded', 'pending', 'needs_action')
        or r.state = 'unknown' and l.unfinished, false),
      coalesce(r.state not in ('succeeded', 'refused'), false),
      coalesce(r.state = 'succeeded' or r.state <> 'refused' and l.unfinished, false), r.amount,
      ((case when ${by_accepted} then r.created_at else coalesce(r.succeeded_at, r.created_at) end
        + ${desk.day_shift_ms} * interval '1 millisecond') at time zone 'Asia/Shanghai')::date,
      coalesce(r.booked, 0), coalesce(-r.fee, 0)
    from unnest(${places(lines)}::int[],
      ${numbers(lines, ({ line }) => line)}::int[],
      string_to_array(${texts(lines, referenceOf)}, E'\n'),
      string_to_array(${texts(lines, (line) => line.wallet_reference)}, E'\n'),
      string_to_array(${texts(lines, (line) => line.wallet_transaction_id)}, E'\n'),
      string_to_array(${texts(lines, (line) => line.wallet_refund_id ?? '')}, E'\n'),
      ${numbers(lines, ({ amount }) => amount)}::bigint[],
      ${numbers(lines, ({ fee }) => fee)}::bigint[],
      ${numbers(lines, ({ at }) => at.getTime())}::bigint[],
      ${numbers(lines, ({ unfinished }) => unfinished === true)}::boolean[])
      as l (no, line, reference, wallet_reference, transaction_id, wallet_refund_id, amount, fee, at,
        unfinished)
    left join lateral (
      select r.id, r.payment_id, r.part_id, r.state, r.amount, r.created_at, r.succeeded_at,
        (select sum(amount) from postings where book = r.book
          and id in (r.reservation_id, r.hold_reservation_id)) as booked,
        (${feeReturned}) as fee
      from refunds r
      join attempts a on a.book = r.book and a.id = r.attempt_id
        and a.wallet_account_id = ${desk.account_id}
      where r.book = ${book} and r.refund_reference = l.reference
    ) r on true`);
}
