import { expect } from 'vitest';
import { sandboxOf } from '../payments.ts';
import type { Merchant } from '../roles.ts';
import type { Stage } from '../stage.ts';
import {
  balanceOf,
  compareFunds,
  comparePayments,
  compareShares,
  type Fees,
  holdersOf,
} from './books.ts';
import { type Desk, openDesk } from './business.ts';
import { dueTo, feesByRule } from './due.ts';
import { at, playDay, READY } from './play.ts';

interface Counts {
  readonly payments: number;
  readonly splits: number;
  readonly funds: number;
}

/** One merchant’s bills, and those of its sellers and of its other purses. */
async function compareAll(desk: Desk, merchant: Merchant, fees: Fees): Promise<Counts> {
  const payments = await comparePayments(desk, merchant, fees);
  const splits = await compareShares(desk, merchant);
  let funds = 0;
  const mine = holdersOf(desk).filter((holder) => holder.merchant === merchant);
  for (const holder of mine) funds += await compareFunds(desk, holder);
  return { payments, splits, funds };
}

function net(events: readonly { readonly amount: bigint; readonly own_coupons: bigint }[]): bigint {
  return events.reduce((sum, { amount, own_coupons }) => sum + amount - own_coupons, 0n);
}

/** A day of `count` mixed orders: its bills, the sandbox's books and the shop's journal agree. */
export async function wholeDayContract(
  stage: Stage,
  options: { count: number; seed: number },
): Promise<void> {
  const desk = await openDesk(stage, options.seed);
  const holders = holdersOf(desk).filter(({ purse }) => purse === 'main');
  const opening = new Map(holders.map((holder) => [holder, balanceOf(desk, holder)]));
  await playDay(desk, options.count);
  at(desk, READY);
  const merchants = [...desk.merchants.values()];
  const { bills } = stage.wallet;
  const fees: Fees = bills ? new Map() : feesByRule(desk, merchants);
  if (bills) {
    // Side by side, for each merchant is held to a few bills a second.
    const counts = await Promise.all(merchants.map((each) => compareAll(desk, each, fees)));
    const all = (kind: keyof Counts) => counts.reduce((sum, each) => sum + each[kind], 0);
    expect(all('payments')).toBeGreaterThan(options.count * 0.8);
    if (bills.kinds.includes('splits')) expect(all('splits')).toBeGreaterThan(options.count / 20);
    if (bills.kinds.includes('funds')) expect(all('funds')).toBeGreaterThan(options.count * 1.6);
  }
  for (const holder of holders) {
    const due = (opening.get(holder) ?? 0n) + dueTo(desk, holder, fees);
    expect([holder.number, balanceOf(desk, holder)]).toEqual([holder.number, due]);
  }
  const owed = stage.sandbox?.side.merchantBalances();
  for (const { account, role } of merchants) {
    const due = net(desk.journal.payments(role)) - net(desk.journal.refunds(role));
    expect([role, owed?.get(stage.wallet.merchantNumber(account)) ?? 0n]).toEqual([role, due]);
  }
  const [first] = merchants;
  if (!bills || !first) return;
  sandboxOf(stage).faults.set([{ fault: 'bill_wrong', probability: 1 }]);
  await expect(comparePayments(desk, first, new Map())).rejects.toThrow();
}
