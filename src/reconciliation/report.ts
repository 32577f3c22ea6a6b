import { sql } from '../db/pool.ts';
import type { FundsReport, Report, SellerReport, Side, Sum } from './bill.ts';
import type { BreakKind, BreakSubject } from './breaks/break.ts';
import type { ByLedger } from './matching/balances.ts';
import type { Desk } from './matching/desk.ts';
import type { OursOfDay } from './matching/differences.ts';
import { expectedOf, type Funds } from './matching/funds.ts';
import type { Sums, Totals } from './matching/load.ts';
import type { MoreBills } from './matching/more-bills.ts';
import { signedOnWire } from './render.ts';

/**
 * The close of a day: three figures that are counted apart (what the bill's lines add up to, what
 * our books have of the day, what the breaks make of it) and must fit to the fen.
 */
interface Counted {
  readonly count: number | bigint;
  readonly amount: bigint;
}

const none: Counted = { count: 0, amount: 0n };

function sum({ count, amount }: Counted): Sum {
  return { count: Number(count), amount: signedOnWire(amount) };
}

function side(bill: Counted, books: Counted, breaks: Counted): Side {
  return {
    bill: sum(bill),
    books: sum(books),
    breaks: sum(breaks),
    difference: signedOnWire(bill.amount - books.amount - breaks.amount),
  };
}

interface KindRow extends Counted {
  readonly kind: BreakKind;
  readonly about: BreakSubject;
}

export interface Closed {
  readonly totals: Totals;
  readonly ours: readonly OursOfDay[];
  readonly completed: number;
  readonly more: MoreBills;
}

export async function reportOf(desk: Desk, closed: Closed): Promise<Report> {
  const { totals, ours } = closed;
  const kinds = await desk.query<KindRow>(sql`
    select kind, about, count(*), sum(amount)::bigint as amount from differences
    group by kind, about order by kind, about`);
  const books = (about: OursOfDay['about']) => total(ours.filter((one) => one.about === about));
  // Differences of the ledger lie within our books, those of the funds beyond the payments.
  const counting = (about: string) =>
    total(kinds.filter((row) => row.about === about && row.kind !== 'ledger'));
  const back = counting('refund');
  const payments = side(totals.payments, books('payment'), counting('payment'));
  const refunds = side(totals.refunds, books('refund'), { ...back, amount: -back.amount });
  const fees = await feesOf(desk, totals);
  const net = (of: (one: Side) => number) => of(payments) - of(refunds);
  const bill = net((one) => one.bill.amount) - fees.bill;
  const booked = net((one) => one.books.amount) - fees.estimated - fees.corrected;
  const broken = net((one) => one.breaks.amount) - fees.unbooked;
  return {
    lines: totals.lines,
    payments,
    refunds,
    fees,
    net: { bill, books: booked, breaks: broken, difference: bill - booked - broken },
    completed: closed.completed,
    breaks: kindsOf(kinds),
    ...moreOf(closed.more, totals, (about) => counting(about)),
  };
}

function total(rows: readonly Counted[]): { count: number; amount: bigint } {
  return rows.reduce<{ count: number; amount: bigint }>(
    (all, row) => ({ count: all.count + Number(row.count), amount: all.amount + row.amount }),
    { count: 0, amount: none.amount },
  );
}

function kindsOf(rows: readonly KindRow[]): Report['breaks'] {
  const names = [...new Set(rows.map(({ kind }) => kind))];
  return names.map((kind) => ({ kind, ...sum(total(rows.filter((row) => row.kind === kind))) }));
}

/** The ledger's side is read again after the corrections, so this fits only when they were made. */
async function feesOf(desk: Desk, totals: Totals): Promise<Report['fees']> {
  const [row] = await desk.query<{ estimated: bigint; corrected: bigint; unbooked: bigint }>(sql`
    select
      coalesce(sum(booked_fee) filter (where place = 1 and counted), 0)::bigint as estimated,
      coalesce(sum(c.corrected), 0)::bigint as corrected,
      coalesce(sum(fee) filter (where place > 1 or not counted), 0)::bigint as unbooked
    from matched m
    left join lateral (
      select sum(billed - booked)::bigint as corrected from fee_corrections
      where m.fee <> m.booked_fee and m.place = 1 and m.counted
        and book = m.book and subject_id = m.object_id
    ) c on true`);
  const { estimated = 0n, corrected = 0n, unbooked = 0n } = row ?? {};
  return {
    bill: signedOnWire(totals.fees),
    estimated: signedOnWire(estimated),
    corrected: signedOnWire(corrected),
    unbooked: signedOnWire(unbooked),
    difference: signedOnWire(totals.fees - estimated - corrected - unbooked),
  };
}

type More = Pick<Report, 'funds' | 'splits' | 'payouts' | 'sellers' | 'not_compared'>;

/** Breaks are seen from the merchant: what left too much is less for it. */
function moreOf(more: MoreBills, totals: Totals, breaksOf: (about: string) => Counted): More {
  const { funds, compared, sellers, by_ledger, missing } = more;
  const sideOf = (about: 'split' | 'payout'): Side => {
    const moved = more.moves.find((row) => row.about === about);
    const { bill_count = 0n, billed = 0n, count = 0n, ours = 0n } = moved ?? {};
    const back = breaksOf(about);
    const bill = { count: bill_count, amount: billed };
    return side(bill, { count, amount: ours }, { ...back, amount: -back.amount });
  };
  return {
    funds: funds ? fundsOf(funds, totals.own) : null,
    splits: compared.splits ? sideOf('split') : null,
    payouts: compared.payouts ? sideOf('payout') : null,
    sellers: sellers
      ? [...sellers].map(([seller, own]) => sellerOf(seller, own, by_ledger.get(seller)))
      : null,
    not_compared: missing,
  };
}

function sellerOf(
  seller: string,
  funds: Funds,
  { expected, why }: ByLedger = { expected: null, why: null },
): SellerReport {
  const { follows, opening, closing } = funds;
  return {
    seller,
    opening: follows ? signedOnWire(opening) : null,
    closing: follows ? signedOnWire(closing) : null,
    expected: expected === null ? null : signedOnWire(expected),
    not_compared: why,
    in: sum(funds.in),
    out: sum(funds.out),
    traded: signedOnWire(funds.traded),
    other: otherOf(funds),
  };
}

function otherOf({ other }: Funds): FundsReport['other'] {
  return other.map((each) => ({ type: each.type, in: sum(each.in), out: sum(each.out) }));
}

function fundsOf(funds: Funds, totals: Sums): FundsReport {
  return {
    opening: signedOnWire(funds.opening),
    in: sum(funds.in),
    out: sum(funds.out),
    closing: signedOnWire(funds.closing),
    traded: signedOnWire(funds.traded),
    expected: signedOnWire(expectedOf(totals).expected),
    other: otherOf(funds),
  };
}
