import type { App } from '../../app.ts';
import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import { balanceBefore, sellersBefore } from '../queries.ts';
import type { Desk } from './desk.ts';
import { expectedOf, type Funds } from './funds.ts';
import { emptySums, type Sums } from './load.ts';

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

export async function addBalanceBreak(
  desk: Desk,
  what: 'movements' | 'opening' | 'traded' | 'ledger',
  { amount, detail }: { amount: bigint; detail: Readonly<Record<string, bigint>> },
  seller?: string,
): Promise<void> {
  const book: Book = 0;
  const subject = [what, desk.date, ...(seller === undefined ? [] : [seller])].join(' ');
  const fen = Object.entries(detail).map(([name, value]) => [name, `${value}`]);
  const texts = Object.fromEntries(seller === undefined ? fen : [...fen, ['seller', seller]]);
  await desk.query(sql`
    insert into differences (book, kind, about, subject, payment_id, amount, fee, detail)
    values (${book}, 'balance', 'funds', ${subject}, null, ${amount}, 0, ${texts})`);
}
