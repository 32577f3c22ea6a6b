import { beforeAll, expect, test } from 'vitest';
import { brokenLaws } from '../../src/check/run.ts';
import { releaseHold } from '../../src/escrow/release.ts';
import { newId } from '../../src/ids.ts';
import { REFUND_LAWS } from '../../src/laws/refunds.ts';
import { merchantAccount, walletAccount } from '../../src/ledger/accounts.ts';
import { NOTHING } from '../../src/payments/changes.ts';
import type { Payment } from '../../src/payments/payment.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { findRefunds } from '../../src/refunds/find.ts';
import { sellerBalance } from '../../src/settlement/balance.ts';
import { changeFunds, findFunds } from '../../src/settlement/funds.ts';
import { type MoneyRig, startMoneyRig } from '../support/money-rig.ts';
import { escrow, holdIn, holdOf, paid, posted } from './market-rig.ts';

/** A seller whose money has left may owe as much as was agreed, and no fen more. */
let rig: MoneyRig;

beforeAll(async () => {
  rig = await startMoneyRig();
  // The custodian's account: what is paid out of it is gone for refunds.
  const account = rig.accounts.alipay;
  await rig.app.db.pool.query("update wallet_accounts set custody = 'hub_held' where id = $1", [
    account,
  ]);
  rig.app.wallets.forget(account);
});

const refund = (payment: Payment, amount: bigint, reference: string) =>
  createRefund(rig.app, { payment, amount, reference, reason: 'broken', metadata: {} });

/** All that the payment brought leaves. */
async function payOut(amount: bigint): Promise<void> {
  const id = rig.accounts.alipay;
  const at = { book: 0, merchant_id: rig.merchant_id, wallet_account_id: id };
  const funds = await findFunds(rig.app.db, at);
  await rig.app.ledger.submit({
    book: 0,
    ...NOTHING,
    rows: [changeFunds(funds, { paid_out: funds.paid_out + amount })],
    postings: [
      {
        kind: 'posted',
        id: newId('pst', 0),
        debit: merchantAccount(rig.merchant_id),
        credit: walletAccount({ id, custody: 'hub_held' }),
        amount,
        currency: 'CNY',
        reason: 'payout',
        business_at: rig.clock.now(),
      },
    ],
  });
}

test('refunds stop at what the seller has, and with an agreed limit at that limit', async () => {
  const payment = await paid(rig, 'alipay', { terms: escrow() });
  // Held money is nobody's yet: it is refunded whatever the seller has.
  await refund(payment, 1_000n, 'held');
  await rig.until(
    () => rig.reload(payment),
    ({ refunded }) => refunded === 1_000n,
  );
  await rig.clock.advance(60_000);
  const hold = await holdIn(rig, payment, 'held');
  await releaseHold(rig.app, { hold, why: 'receipt' });
  await holdIn(rig, payment, 'released');
  await payOut(9_000n - 54n);
  await expect(refund(payment, 1_000n, 'none')).rejects.toMatchObject({ code: 'seller_short' });
  await rig.app.db.pool.query('update merchants set owed_limit = 1500 where id = $1', [
    rig.merchant_id,
  ]);
  const results = await Promise.allSettled(
    [1, 2, 3, 4].map((nth) => refund(payment, 1_000n, `r${nth}`)),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) {
    if (result.status === 'rejected') {
      expect(result.reason).toMatchObject({ code: 'seller_short' });
    }
  }
});

test('what waited for a release is refused after it when the seller has too little', async () => {
  const payment = await paid(rig, 'alipay', { terms: escrow() });
  await rig.clock.advance(60_000);
  rig.faults.alipay.set([{ fault: 'error_before_effect', probability: 1 }]);
  await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
  const waits = await refund(payment, 10_000n, 'waits');
  expect(waits.state).toBe('created');
  const owed = await posted(rig, `merchant:${rig.merchant_id}`);
  await payOut(owed + 2_000n);
  rig.faults.alipay.set([]);
  const [refused] = await rig.until(
    () => findRefunds(rig.app, payment),
    ([now]) => now?.state === 'refused',
  );
  expect(refused?.refusal).toMatchObject({ code: 'seller_short' });
  expect(await rig.reload(payment)).toMatchObject({ refund_reserved: 0n, refunded: 0n });
  expect(await brokenLaws(rig.app.db, REFUND_LAWS)).toEqual([]);
});

test('the fee that comes back with one refund is no limit of its own for others', async () => {
  const payment = await paid(rig, 'alipay', { terms: escrow() });
  await rig.clock.advance(60_000);
  await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
  await holdIn(rig, payment, 'released');
  const { available } = await sellerBalance(rig.app, { book: 0, merchant_id: rig.merchant_id });
  await payOut(available);
  // 1,000 fen less the 6 fen that the wallet gives back of its fee.
  await rig.app.db.pool.query('update merchants set owed_limit = 994 where id = $1', [
    rig.merchant_id,
  ]);
  rig.faults.alipay.set([{ fault: 'error_before_effect', probability: 1 }]);
  await refund(payment, 1_000n, 'all that may be owed');
  await expect(refund(payment, 5n, 'no more')).rejects.toMatchObject({ code: 'seller_short' });
  rig.faults.alipay.set([]);
  await rig.until(
    () => rig.reload(payment),
    ({ refunded }) => refunded === 1_000n,
  );
  expect(await posted(rig, `merchant:${rig.merchant_id}`)).toBe(-994n);
});
