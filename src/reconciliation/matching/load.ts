import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import { bookOf, isWalletReference } from '../../ids.ts';
import type { BillLine, PaymentLine } from '../../wallets/products/bills.ts';
import type { Desk } from './desk.ts';

/**
 * Lines are matched as they are read, some thousands in one statement: the statement joins them to
 * attempts, refunds and postings by their keys, so a day costs the same in a small database and in
 * a large one, and nothing is kept here but the lines on their way.
 */
const CHUNK = 5_000;

export interface Line extends Omit<PaymentLine, 'coupons' | 'state' | 'unfinished'> {
  /** Position in the whole bill, from 1. */
  readonly no: number;
  readonly unfinished: boolean;
}

/** What the lines add up to. */
export interface Totals {
  lines: number;
  payments: { count: number; amount: bigint };
  refunds: { count: number; amount: bigint };
  fees: bigint;
  coupons: bigint;
}

export function emptyTotals(): Totals {
  const none = { count: 0, amount: 0n };
  return { lines: 0, payments: { ...none }, refunds: { ...none }, fees: 0n, coupons: 0n };
}

/** Reads the bill to its end; what cannot be read is the BillError of the connector. */
export async function loadLines(
  desk: Desk,
  books: readonly Book[],
  lines: AsyncIterable<BillLine>,
): Promise<Totals> {
  const totals = emptyTotals();
  const waiting = new Map<string, Line[]>();
  let sent: Promise<void> = Promise.resolve();
  async function send(bucket: Line[]): Promise<void> {
    // The next chunk is parsed while the database works on this one; never more than one waits.
    await sent;
    const [first] = bucket;
    if (!first) return;
    sent = matchLines(desk, homeOf(books, first), bucket);
    // Looked at again with the next chunk, or at the end.
    sent.catch(() => {});
  }
  for await (const line of lines) {
    if (line.kind !== 'payment' && line.kind !== 'refund') continue;
    count(totals, line);
    const entry = { ...line, no: totals.lines, unfinished: line.unfinished === true };
    const key = `${homeOf(books, entry)} ${line.kind}`;
    const bucket = waiting.get(key) ?? [];
    bucket.push(entry);
    if (bucket.length < CHUNK) waiting.set(key, bucket);
    else {
      waiting.delete(key);
      await send(bucket);
    }
  }
  for (const bucket of waiting.values()) await send(bucket);
  await sent;
  await desk.query(sql`analyze matched`);
  return totals;
}

function count(totals: Totals, line: PaymentLine): void {
  const side = line.kind === 'payment' ? totals.payments : totals.refunds;
  totals.lines += 1;
  side.count += 1;
  side.amount += line.amount;
  totals.fees += line.fee;
  totals.coupons += line.coupons < 0n ? -line.coupons : line.coupons;
}

/** Our number; a refund that the wallet names by none of ours has the wallet's own. */
export function referenceOf(line: Line): string {
  if (line.kind === 'payment') return line.wallet_reference;
  return line.refund_reference ?? line.wallet_refund_id ?? `of ${line.wallet_reference}`;
}

function homeOf(books: readonly Book[], line: Line): Book {
  const reference = referenceOf(line);
  const named = isWalletReference(reference) ? bookOf(reference) : 0;
  return books.includes(named) ? named : 0;
}

/** One text for a column of texts: far cheaper than an array with its quotes. */
function texts(lines: readonly Line[], of: (line: Line) => string): string {
  const joined = lines.map(of).join('\n');
  return joined.includes('\0') ? joined.replaceAll('\0', '\uFFFD') : joined;
}

function numbers(lines: readonly Line[], of: (line: Line) => bigint | number | boolean): string {
  return `{${lines.map(of).join(',')}}`;
}

/** Matches lines of one kind and one book. */
export async function matchLines(desk: Desk, book: Book, lines: readonly Line[]): Promise<void> {
  if (lines[0]?.kind === 'payment') await matchPayments(desk, book, lines);
  else await matchRefunds(desk, book, lines);
}

async function matchPayments(desk: Desk, book: Book, lines: readonly Line[]): Promise<void> {
  const wallet = `wallet:${desk.account_id}`;
  const fees = `wallet_fees:${desk.account_id}`;
  await desk.query(sql`
    insert into matched (no, line, book, about, reference, wallet_reference, transaction_id, amount,
      fee, at, unfinished, object_id, payment_id, counted, known, ours, our_date, booked,
      booked_fee)
    select l.no, l.line, ${book}, 'payment', l.reference, l.reference,
      coalesce(l.transaction_id, ''), l.amount, l.fee, to_timestamp(l.at / 1000.0), false,
      coalesce(part.wallet_reference, a.id), a.payment_id,
      coalesce(a.state = 'succeeded' or a.returned > 0, false),
      coalesce(a.state = 'succeeded' or a.returned > 0, part.wallet_reference is not null),
      coalesce(part.amount, a.amount),
      ((a.paid_at + ${desk.day_shift_ms} * interval '1 millisecond')
        at time zone 'Asia/Shanghai')::date,
      coalesce(case when part.amount is not null then part.amount
        when a.state = 'succeeded' then p.paid else least(p.late, a.amount) end, 0),
      coalesce(case when part.amount is not null then l.fee when a.state = 'succeeded' then p.fee
        end, 0)
    from unnest(${numbers(lines, ({ no }) => no)}::int[],
      ${numbers(lines, ({ line }) => line)}::int[],
      string_to_array(${texts(lines, referenceOf)}, E'\n'),
      string_to_array(${texts(lines, (line) => line.wallet_transaction_id)}, E'\n'),
      ${numbers(lines, ({ amount }) => amount)}::bigint[],
      ${numbers(lines, ({ fee }) => fee)}::bigint[],
      ${numbers(lines, ({ at }) => at.getTime())}::bigint[])
      as l (no, line, reference, transaction_id, amount, fee, at)
    left join attempt_parts part on part.book = ${book} and part.wallet_reference = l.reference
      and part.wallet_account_id = ${desk.account_id}
    left join lateral (
      select id, payment_id, state, returned, amount, paid_at from attempts
      where book = ${book} and wallet_account_id = ${desk.account_id}
        and wallet_reference = l.reference
      union all
      select id, payment_id, state, returned, amount, paid_at from attempts
      where book = ${book} and id = part.attempt_id and wallet_reference <> l.reference
    ) a on true
    left join lateral (
      select
        sum(case when reason in ('late_success', 'double_payment') then 0
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

async function matchRefunds(desk: Desk, book: Book, lines: readonly Line[]): Promise<void> {
  const by_accepted = desk.refunds_by === 'accepted';
  await desk.query(sql`
    insert into matched (no, line, book, about, reference, wallet_reference, transaction_id,
      wallet_refund_id, amount, fee, at, unfinished, object_id, payment_id, counted, known, ours,
      our_date, booked, booked_fee)
    select l.no, l.line, ${book}, 'refund', l.reference, coalesce(l.wallet_reference, ''),
      coalesce(l.transaction_id, ''), nullif(l.wallet_refund_id, ''), l.amount, l.fee,
      to_timestamp(l.at / 1000.0), l.unfinished,
      r.id, r.payment_id, coalesce(r.state in ('succeeded', 'pending', 'needs_action')
        or r.state = 'unknown' and l.unfinished, false),
      coalesce(r.state = 'succeeded' or r.state <> 'refused' and l.unfinished, false), r.amount,
      ((case when ${by_accepted} then r.created_at else coalesce(r.succeeded_at, r.created_at) end
        + ${desk.day_shift_ms} * interval '1 millisecond') at time zone 'Asia/Shanghai')::date,
      coalesce(r.booked, 0), coalesce(-f.fee, 0)
    from unnest(${numbers(lines, ({ no }) => no)}::int[],
      ${numbers(lines, ({ line }) => line)}::int[],
      string_to_array(${texts(lines, referenceOf)}, E'\n'),
      string_to_array(${texts(lines, (line) => line.wallet_reference)}, E'\n'),
      string_to_array(${texts(lines, (line) => line.wallet_transaction_id)}, E'\n'),
      string_to_array(${texts(lines, (line) => line.wallet_refund_id ?? '')}, E'\n'),
      ${numbers(lines, ({ amount }) => amount)}::bigint[],
      ${numbers(lines, ({ fee }) => fee)}::bigint[],
      ${numbers(lines, ({ at }) => at.getTime())}::bigint[],
      ${numbers(lines, ({ unfinished }) => unfinished)}::boolean[])
      as l (no, line, reference, wallet_reference, transaction_id, wallet_refund_id, amount, fee, at,
        unfinished)
    left join lateral (
      select r.id, r.payment_id, r.state, r.amount, r.created_at, r.succeeded_at,
        (select sum(amount) from postings where book = r.book
          and id in (r.reservation_id, r.hold_reservation_id)) as booked,
        (select min(move_id) from postings where book = r.book and kind = 'post'
          and ends in (r.reservation_id, r.hold_reservation_id)) as move_id
      from refunds r
      join attempts a on a.book = r.book and a.id = r.attempt_id
        and a.wallet_account_id = ${desk.account_id}
      where r.book = ${book} and r.refund_reference = l.reference
    ) r on true
    left join lateral (
      select sum(amount) as fee from postings
      where book = ${book} and subject_id = r.payment_id and move_id = r.move_id
        and reason = 'wallet_fee_returned'
    ) f on r.move_id is not null`);
}
