import { expect, test } from 'vitest';
import { newWalletReference } from '../../src/ids.ts';
import type { RefundOrder } from '../../src/wallets/wallet.ts';
import { until } from './merchant.ts';
import { type At, paidOrder } from './payments.ts';
import type { Stage } from './stage.ts';

/** What every wallet's refunds must do. */
async function refundOf(stage: Stage, amount: bigint): Promise<RefundOrder> {
  const { order, fact } = await paidOrder(stage);
  return {
    wallet_reference: order.wallet_reference,
    ...(fact.wallet_transaction_id === undefined
      ? {}
      : { wallet_transaction_id: fact.wallet_transaction_id }),
    refund_reference: newWalletReference(0),
    amount,
    payment_amount: order.amount,
    currency: 'CNY',
    reason: '七天无理由',
    notify_url: order.notify_url,
  };
}

async function settled({ wallet, account }: Stage, refund: RefundOrder) {
  return until(`refund ${refund.refund_reference}`, async () => {
    const asked = await wallet.queryRefund(account, refund);
    if (asked.kind !== 'fact' || asked.fact.state === 'pending') return undefined;
    return asked.fact;
  });
}

export function refundContract(at: At): void {
  test('a part is refunded once, however often it is asked for', async () => {
    const stage = at();
    const { wallet, account } = stage;
    const refund = await refundOf(stage, 234n);
    expect((await wallet.refund(account, refund)).kind).toBe('fact');
    expect(await settled(stage, refund)).toMatchObject({
      state: 'succeeded',
      amount: 234n,
      refund_reference: refund.refund_reference,
      wallet_reference: refund.wallet_reference,
      wallet_merchant: wallet.merchantNumber(account),
    });
    const again = await wallet.refund(account, refund);
    expect(again).toMatchObject({ kind: 'fact', fact: { amount: 234n } });
    const rest = { ...refund, refund_reference: newWalletReference(0), amount: 1000n };
    expect((await wallet.refund(account, rest)).kind).toBe('fact');
    await settled(stage, rest);
    const more = { ...rest, refund_reference: newWalletReference(0), amount: 1n };
    expect((await wallet.refund(account, more)).kind).toBe('refused');
  });

  test('the same number with another amount is refused', async () => {
    const stage = at();
    const refund = await refundOf(stage, 100n);
    expect((await stage.wallet.refund(stage.account, refund)).kind).toBe('fact');
    const other = await stage.wallet.refund(stage.account, { ...refund, amount: 101n });
    expect(other.kind).toBe('refused');
  });

  test('more than was paid is refused', async () => {
    const stage = at();
    const refund = await refundOf(stage, 1235n);
    expect((await stage.wallet.refund(stage.account, refund)).kind).toBe('refused');
  });

  test('a refund that nobody asked for is not found', async () => {
    const stage = at();
    const refund = await refundOf(stage, 100n);
    const asked = await stage.wallet.queryRefund(stage.account, refund);
    expect(asked.kind).toBe('not_found');
  });
}
