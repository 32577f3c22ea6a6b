import { beforeAll, beforeEach, expect, test } from 'vitest';
import { escrow, paid, refunded } from '../../../test/market/market-rig.ts';
import { type MoneyRig, startMoneyRig } from '../../../test/support/money-rig.ts';
import { findAttempts } from '../../attempts/find.ts';
import { brokenLaws } from '../../check/run.ts';
import { type BusinessDate, businessDate, dayAfter } from '../../clock.ts';
import { sql } from '../../db/pool.ts';
import { LAWS } from '../../laws/every.ts';
import type { Payment } from '../../payments/payment.ts';
import { selectBreaks } from '../queries.ts';
import { closedDay, type PlantedLine, toMorning, tradeBill, untied } from '../testing.ts';
import type { Break, BreakAction } from './break.ts';
import { resolveBreak } from './resolve.ts';

/** What a bill lists twice, or another day's bill has after all, once somebody has booked it. */
let rig: MoneyRig;
let account_id: string;
let day: BusinessDate;
beforeAll(async () => {
  rig = await startMoneyRig();
  account_id = rig.accounts.wechat_pay;
});
beforeEach(async () => {
  await toMorning(rig);
  day = businessDate(rig.clock.now());
});

async function close(date: string, lines: readonly PlantedLine[]): Promise<void> {
  const report = await closedDay(rig, { account_id, date, file: await tradeBill(lines) });
  expect(untied(report)).toEqual([]);
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
}

async function open(): Promise<readonly Break[]> {
  const any = { bill_id: null, payment_id: null, kind: null, until: null, before: null };
  return selectBreaks(rig.app.db, { ...any, book: 0, account_id, state: 'open', limit: 10 });
}

async function onlyBreak(expected: Partial<Break>): Promise<Break> {
  const all = await open();
  expect(all).toMatchObject([expected]);
  const [found] = all;
  if (!found) throw new Error('no break');
  return found;
}

function repair({ id }: Break, action: BreakAction): Promise<Break> {
  return resolveBreak(rig.app, { id, action, note: 'ticket 4711', by: 'key_1' });
}

async function posted(account: string): Promise<bigint> {
  return (await rig.app.ledger.balance(0, account))?.posted ?? 0n;
}

/** The lines of a payment of today and of its refund, as the wallet's bill has them. */
async function sold(refund: bigint): Promise<{ payment: Payment; lines: PlantedLine[] }> {
  const payment = await paid(rig, 'wechat_pay', { terms: escrow(10, []) });
  if (refund > 0n) await refunded(rig, payment, refund);
  const [attempt] = await findAttempts(rig.app, payment);
  const [row] = await rig.app.db.query<{ reference: string }>(sql`
    select refund_reference as reference from refunds where payment_id = ${payment.id}`);
  const both = {
    reference: attempt?.wallet_reference ?? '',
    transaction_id: attempt?.wallet_transaction_id ?? '',
    at: attempt?.paid_at ?? rig.clock.now(),
  };
  const lines: PlantedLine[] = [{ ...both, kind: 'payment', amount: payment.amount }];
  if (row) {
    const refund_reference = row.reference;
    lines.push({ ...both, kind: 'refund', refund_reference, amount: refund });
  }
  return { payment, lines };
}

test('a refund that was taken for missing and is in the next bill is owed again', async () => {
  const { payment, lines } = await sold(2_000n);
  const seller = `merchant:${payment.merchant_id}`;
  const before = await posted(seller);
  await toMorning(rig);
  await close(day, lines.slice(0, 1));
  await repair(await onlyBreak({ kind: 'missing_there', amount: 2_000n }), 'book_to_merchant');
  expect(await posted(seller)).toBe(before + 2_000n);
  await toMorning(rig);
  await close(dayAfter(day), lines.slice(1));
  const owed = await onlyBreak({ kind: 'ledger', about: 'refund', amount: -2_000n });
  await repair(owed, 'book_to_merchant');
  expect(await posted(seller)).toBe(before);
  await close(dayAfter(day), lines.slice(1));
  expect(await open()).toEqual([]);
});

test('a refund that the bills of two days have is listed twice', async () => {
  const { lines } = await sold(1_500n);
  await toMorning(rig);
  await close(day, lines);
  expect(await open()).toEqual([]);
  await toMorning(rig);
  await close(dayAfter(day), lines.slice(1));
  await repair(await onlyBreak({ kind: 'duplicate', about: 'refund', amount: -1_500n }), 'accept');
});

test('money of a second line lies in suspense, and goes when the line is gone', async () => {
  const { payment, lines } = await sold(0n);
  const again = [...lines, ...lines];
  const suspense = `suspense:${account_id}`;
  const before = await posted(`wallet:${account_id}`);
  await toMorning(rig);
  await close(day, again);
  const { amount } = payment;
  const found = await onlyBreak({ kind: 'duplicate', amount });
  await repair(found, 'book_to_suspense');
  expect(await posted(suspense)).toBe(amount);
  expect(await posted(`wallet:${account_id}`)).toBe(before + amount);
  for (let run = 0; run < 2; run += 1) {
    await close(day, again);
    expect(await open()).toEqual([]);
    expect(await posted(suspense)).toBe(amount);
  }
  for (let run = 0; run < 2; run += 1) {
    await close(day, lines);
    expect(await open()).toEqual([]);
    expect(await posted(suspense)).toBe(0n);
    expect(await posted(`wallet:${account_id}`)).toBe(before);
  }
  await close(day, again);
  await repair(await onlyBreak({ kind: 'duplicate', amount }), 'accept');
});
