import { expect, test } from 'vitest';
import { until } from './merchant.ts';
import { type At, sandboxOf } from './payments.ts';
import { type Merchant, type Paid, paidTo, refundFor } from './roles.ts';
import { act } from './sellers.ts';
import type { Stage } from './stage.ts';

/** Coupons at every wallet that gives them: who pays what, and how it goes back. */
const FUNDERS = ['wallet', 'merchant', 'other'] as const;
type Funder = (typeof FUNDERS)[number];
const PERSON = 'lin-xia';

async function give(stage: Stage, funder: Funder, amount: number): Promise<void> {
  const { side } = sandboxOf(stage);
  const by = side.wallet === 'alipay' ? { funder } : { funded_by: funder };
  await act(side, 'coupons/give', { person: PERSON, amount, ...by });
}

function alone(stage: Stage): Merchant {
  return { role: 'first', account: stage.account, sellers: [] };
}

async function paidWith(stage: Stage, funder: Funder): Promise<Paid> {
  await give(stage, funder, 300);
  return paidTo(stage, alone(stage), { amount: 1_000n });
}

async function refunded({ wallet, account }: Stage, paid: Paid, amount: bigint): Promise<void> {
  const refund = refundFor(paid, amount);
  expect((await wallet.refund(account, refund)).kind).toBe('fact');
  await until('the refund', async () => {
    const asked = await wallet.queryRefund(account, refund);
    return asked.kind === 'fact' && asked.fact.state === 'succeeded' ? asked : undefined;
  });
}

export function couponContract(at: At): void {
  test.each(FUNDERS)('one of the %s makes the payer’s side smaller, not the order', async (by) => {
    const stage = at();
    const had = sandboxOf(stage).side.balance(PERSON);
    const { fact, order } = await paidWith(stage, by);
    expect(fact).toMatchObject({
      amount: 1_000n,
      payer_paid: 700n,
      coupons: {
        wallet_funded: by === 'wallet' ? 300n : 0n,
        merchant_funded: by === 'merchant' ? 300n : 0n,
        other_funded: by === 'other' ? 300n : 0n,
      },
    });
    expect(sandboxOf(stage).side.balance(PERSON)).toBe(had - 700n);
    const raw = await stage.merchant.notificationOf(stage, order.wallet_reference);
    const told = await stage.wallet.verifyNotification(stage.account, raw);
    expect(told).toMatchObject({
      content: { fact: { amount: 1_000n, payer_paid: 700n, coupons: fact.coupons } },
    });
  });

  test.each(FUNDERS)(
    'one of the %s goes back with the money: parts sum to the whole',
    async (by) => {
      const stage = at();
      const { side } = sandboxOf(stage);
      const had = side.balance(PERSON);
      const merchant = stage.wallet.merchantNumber(stage.account);
      const owed = side.merchantBalances().get(merchant) ?? 0n;
      const paid = await paidWith(stage, by);
      for (const amount of [1n, 332n, 333n, 334n]) await refunded(stage, paid, amount);
      expect(side.balance(PERSON)).toBe(had);
      expect(side.merchantBalances().get(merchant) ?? 0n).toBe(owed);
      const more = await stage.wallet.refund(stage.account, refundFor(paid, 1n));
      expect(more.kind).toBe('refused');
    },
  );
}
