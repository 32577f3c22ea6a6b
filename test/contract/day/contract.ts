import { expect } from 'vitest';
import { sandboxOf } from '../payments.ts';
import type { Stage } from '../stage.ts';
import {
  balanceOf,
  compareFunds,
  comparePayments,
  compareShares,
  dueTo,
  type Fees,
  feesByRule,
  holdersOf,
} from './books.ts';
import { openDesk } from './business.ts';
import { at, playDay, READY } from './play.ts';

/** A day of `count` mixed orders: its bills, the sandbox's books and the shop's journal agree. */
export async function wholeDayContract(
  stage: Stage,
  options: { count: number; seed: number },
): Promise<void> {
  const desk = await openDesk(stage, options.seed);
  const holders = holdersOf(desk);
  const opening = new Map(holders.map((holder) => [holder, balanceOf(desk, holder)]));
  await playDay(desk, options.count);
  const { bills } = stage.wallet;
  const sandbox = sandboxOf(stage);
  at(desk, READY);
  const [first] = desk.merchants.values();
  const fees: Fees = bills || !first ? new Map() : feesByRule(desk, first);
  const lines = { payments: 0, splits: 0, funds: 0 };
  const merchants = [...desk.merchants.values()];
  for (const merchant of bills ? merchants : []) {
    lines.payments += await comparePayments(desk, merchant, fees);
    lines.splits += await compareShares(desk, merchant);
  }
  for (const holder of bills?.kinds.includes('funds') ? holders : []) {
    lines.funds += await compareFunds(desk, holder);
  }
  for (const holder of holders.filter(({ purse }) => purse === 'main')) {
    expect([holder.number, balanceOf(desk, holder)]).toEqual([
      holder.number,
      (opening.get(holder) ?? 0n) + dueTo(desk, holder, fees),
    ]);
  }
  const owed = sandbox.side.merchantBalances();
  for (const { account, role } of merchants) {
    const paid = desk.journal
      .payments(role)
      .reduce((sum, each) => sum + each.amount - each.own_coupons, 0n);
    const back = desk.journal
      .refunds(role)
      .reduce((sum, each) => sum + each.amount - each.own_coupons, 0n);
    const number = stage.wallet.merchantNumber(account);
    expect([role, owed.get(number) ?? 0n]).toEqual([role, paid - back]);
  }
  expect(lines.payments).toBeGreaterThan(bills ? options.count * 0.8 : -1);
}
