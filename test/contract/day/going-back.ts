import { newWalletReference } from '../../../src/ids.ts';
import type { RefundOrder } from '../../../src/wallets/wallet.ts';
import { until } from '../merchant.ts';
import { sandboxOf } from '../payments.ts';
import { type Desk, merchantOf, SCANNED } from './business.ts';
import type { Payment } from './journal.ts';

/** A charge that the shop takes back; the wallet may ask for the same reversal again. */
export async function takeBack(desk: Desk, payment: Payment): Promise<void> {
  const { stage, journal } = desk;
  const { account } = merchantOf(desk, payment.role);
  const { wallet_reference } = payment;
  await until('the reversal', async () => {
    const outcome = await stage.wallet.payerCodes?.reverse(account, { wallet_reference });
    if (outcome?.kind === 'reversed') return outcome;
    sandboxOf(stage).advance(20_000);
    return undefined;
  });
  if (stage.wallet.name === 'union_pay') journal.erased.add(wallet_reference);
  // Alipay’s bill has it as a refund under the order’s own number.
  const number = stage.wallet.name === 'alipay' ? { refund_reference: wallet_reference } : {};
  const { coupons: _, ...rest } = payment;
  journal.add({ ...rest, ...number, kind: 'refund', at: sandboxOf(stage).now() });
}

/**
 * `split_returns`: what receivers give back with it, where the wallet has no returns. False where a
 * small seller has not got the money: such a refund is in no bill.
 */
export async function giveBack(
  desk: Desk,
  payment: Payment,
  amount: bigint,
  more: Partial<RefundOrder> = {},
): Promise<boolean> {
  const { stage, journal } = desk;
  const { account } = merchantOf(desk, payment.role);
  const { wallet_reference, wallet_transaction_id, sub_merchant } = payment;
  const refund: RefundOrder = {
    wallet_reference,
    wallet_transaction_id,
    refund_reference: newWalletReference(0),
    amount,
    payment_amount: payment.amount,
    currency: 'CNY',
    reason: '少件',
    notify_url: stage.merchant.notify_url,
    ...(sub_merchant === undefined ? {} : { sub_merchant }),
    ...more,
  };
  const at = sandboxOf(stage).now();
  const outcome = await stage.wallet.refund(account, refund);
  if (outcome.kind === 'refused' && outcome.code === 'insufficient_funds') return false;
  if (outcome.kind !== 'fact') throw new Error(JSON.stringify(outcome));
  const { refund_reference } = refund;
  const whole = amount === payment.amount;
  if (!whole && payment.own_coupons > 0n)
    throw new Error('only whole where the shop gave a coupon');
  const { coupons: _, ...rest } = payment;
  journal.add({ ...rest, kind: 'refund', refund_reference, amount, at });
  return true;
}

/** A person is sent money, and takes it where the wallet asks. */
export async function payOut(desk: Desk, role: string): Promise<void> {
  const { stage, journal } = desk;
  const merchant = merchantOf(desk, role);
  const sandbox = sandboxOf(stage);
  const amount = 50n + BigInt(Math.floor(desk.random() * 900));
  await desk.alone(async () => {
    const payout_reference = newWalletReference(0);
    const payee = await sandbox.payerId(SCANNED, merchant.account);
    const outcome = await stage.wallet.payouts?.pay(merchant.account, {
      payout_reference,
      amount,
      currency: 'CNY',
      payee,
      description: '退货补偿',
      notify_url: stage.merchant.notify_url,
    });
    if (outcome?.kind !== 'fact') throw new Error(JSON.stringify(outcome));
    for (const { id } of sandbox.side.receivable(SCANNED)) {
      await sandbox.side.answerTransfer(id, 'accept');
    }
    journal.add({
      kind: 'payout',
      role,
      holder: stage.wallet.merchantNumber(merchant.account),
      wallet_reference: payout_reference,
      wallet_transaction_id: outcome.fact.wallet_payout_id ?? '',
      amount,
      at: sandbox.now(),
    });
  });
}
