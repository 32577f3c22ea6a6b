import type { App } from '../../app.ts';
import { dayAfter } from '../../clock.ts';
import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import type { CustodyKind } from '../../wallets/wallet.ts';
import { balanceBefore, sellersBefore, sellersKnown } from '../queries.ts';
import type { Desk } from './desk.ts';
import { expectedOf, type Funds } from './funds.ts';
import { emptySums, type Sums } from './load.ts';
import { movedSince, type Start } from './sellers/ledger.ts';

/** Movements of money that do not add up, or not to the payments, are breaks of this day. */
export async function checkFunds(app: App, desk: Desk, funds: Funds, own: Sums): Promise<void> {
  const before = await balanceBefore(app.db, { account_id: desk.account_id, date: desk.date });
  if (!funds.follows || funds.opening + funds.in.amount - funds.out.amount !== funds.closing) {
    await addBalanceBreak(desk, 'movements', {
      amount: funds.closing - funds.opening - funds.in.amount + funds.out.amount,
      detail: { opening: funds.opening, closing: funds.closing },
    });
  }
  await checkOpening(desk, funds, before);
  await checkTraded(desk, funds, own);
}

/**
 * The same of each seller under a platform's account. A seller may have several purses in the one
 * bill, so that its movements need not follow from each other; then only sums are compared.
 */
export async function checkSellers(
  app: App,
  desk: Desk,
  sellers: ReadonlyMap<string, Funds>,
  traded: ReadonlyMap<string, Sums>,
): Promise<void> {
  const at = { account_id: desk.account_id, date: desk.date };
  const before = await sellersBefore(app.db, at);
  for (const [seller, funds] of sellers) {
    if (funds.follows) await checkOpening(desk, funds, before.get(seller), seller);
    await checkTraded(desk, funds, traded.get(seller) ?? emptySums(), seller);
  }
  for (const [seller, sums] of traded) {
    const { expected } = expectedOf(sums);
    if (sellers.has(seller) || expected === 0n) continue;
    const detail = { traded: 0n, expected };
    await addBalanceBreak(desk, 'traded', { amount: -expected, detail }, seller);
  }
}

async function checkOpening(
  desk: Desk,
  { opening }: Funds,
  before: bigint | undefined,
  seller?: string,
): Promise<void> {
  if (before === undefined || before === opening) return;
  const detail = { opening, day_before: before };
  await addBalanceBreak(desk, 'opening', { amount: opening - before, detail }, seller);
}

async function checkTraded(
  desk: Desk,
  { traded }: Funds,
  sums: Sums,
  seller?: string,
): Promise<void> {
  const { most, least, expected } = expectedOf(sums);
  if (traded <= most && traded >= least) return;
  const detail = { traded, expected };
  await addBalanceBreak(desk, 'traded', { amount: traded - expected, detail }, seller);
}

async function addBalanceBreak(
  desk: Desk,
  what: 'movements' | 'opening' | 'traded' | 'ledger',
  { amount, detail }: { amount: bigint; detail: Readonly<Record<string, bigint>> },
  seller?: string,
  // What is of nobody for sure is in this one.
  book: Book = 0,
): Promise<void> {
  const subject = [what, desk.date, ...(seller === undefined ? [] : [seller])].join(' ');
  const fen = Object.entries(detail).map(([name, value]) => [name, `${value}`]);
  const texts = Object.fromEntries(seller === undefined ? fen : [...fen, ['seller', seller]]);
  await desk.query(sql`
    insert into differences (book, kind, about, subject, payment_id, amount, fee, detail)
    values (${book}, 'balance', 'funds', ${subject}, null, ${amount}, 0, ${texts})`);
}

/**
 * What the wallet has for a seller at the end of the day, and what it must be by our ledger: the
 * last balance that was compared, and from there on all that the ledger has for the seller, held
 * money included. Payments count when they were paid, payouts when the wallet's bill has them, and
 * fees as billed; anything else when it was booked, so a seller with money on its way at midnight
 * is compared on a later day, with all that happened since. A day whose differences are breaks
 * already is only a new beginning.
 */
export interface ByLedger {
  /** What the closing balance must be; null when it is not compared. */
  readonly expected: bigint | null;
  /** Why it is not compared, or no break of its own. */
  readonly why: string | null;
}

export interface SellersOfDay {
  readonly custody: CustodyKind;
  readonly books: readonly Book[];
  readonly sellers: ReadonlyMap<string, Funds>;
  /** The bills of this day tell of payouts. */
  readonly payouts: boolean;
}

const NOT_HELD = 'the wallet does not hold the sellers’ money of this account for them';

export async function compareWithLedger(
  app: App,
  desk: Desk,
  { custody, books, sellers, payouts }: SellersOfDay,
): Promise<ReadonlyMap<string, ByLedger>> {
  if (custody !== 'wallet_held') return allOf(sellers, no(NOT_HELD));
  if (!payouts) return allOf(sellers, no('no bill of this day tells of payouts'));
  const found = new Map<string, ByLedger>();
  const starts = await startsOf(app, desk, sellers);
  const moved = await movedSince(desk, books, starts);
  for (const [seller, { follows, closing }] of sellers) {
    const start = starts.get(seller);
    const sum = moved.get(seller);
    if (!follows || !start) found.set(seller, no('its movements do not follow from each other'));
    else if (!sum) found.set(seller, no('no merchant here has this number'));
    else if (sum.on_its_way) found.set(seller, no('money was on its way at midnight'));
    else {
      const expected = start.balance + sum.amount;
      const why = sum.differs ? 'other breaks of this day may explain it' : null;
      found.set(seller, { expected, why });
      if (why !== null || expected === closing) continue;
      const detail = { closing, expected };
      const off = { amount: closing - expected, detail };
      await addBalanceBreak(desk, 'ledger', off, seller, sum.book);
    }
  }
  return found;
}

function no(why: string): ByLedger {
  return { expected: null, why };
}

function allOf(sellers: ReadonlyMap<string, Funds>, what: ByLedger): Map<string, ByLedger> {
  return new Map([...sellers.keys()].map((seller) => [seller, what]));
}

/** The last closing balance that was compared; where there is none, what the day began with. */
async function startsOf(
  app: App,
  { account_id, date }: Desk,
  sellers: ReadonlyMap<string, Funds>,
): Promise<ReadonlyMap<string, Start>> {
  const known = await sellersKnown(app.db, { account_id, date });
  const starts = new Map<string, Start>();
  for (const [seller, { follows, opening }] of sellers) {
    const before = known.get(seller);
    if (before) starts.set(seller, { balance: before.closing, date: before.date });
    else if (follows) starts.set(seller, { balance: opening, date: dayAfter(date, -1) });
  }
  return starts;
}
