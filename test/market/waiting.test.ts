import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { brokenLaws } from '../../src/check/run.ts';
import { releaseHold } from '../../src/escrow/release.ts';
import { LAWS } from '../../src/laws/every.ts';
import type { Payment } from '../../src/payments/payment.ts';
import type { Share } from '../../src/profit-sharing/shares.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { findRefunds } from '../../src/refunds/find.ts';
import { isFinal, type Refund } from '../../src/refunds/refund.ts';
import type { MoneyRig } from '../support/money-rig.ts';
import {
  addReceiver,
  escrow,
  expectSettled,
  HOLDERS,
  type Holder,
  holdIn,
  holdOf,
  MINUTE_MS,
  openMarket,
  paid,
  posted,
  share,
} from './market-rig.ts';

/** Refunds that are asked for while the wallet is at a release of the same payment. */
let rig: MoneyRig;
let receiver: Share['receiver'];

beforeAll(async () => {
  ({ rig, receiver } = await openMarket());
});
beforeEach(() => {
  for (const wallet of HOLDERS) rig.faults[wallet].set([]);
});

/** The wallet is asked to let go of it, and does not answer before the test says so. */
async function releasing(
  wallet: Holder,
  { to = receiver, part }: { to?: Share['receiver']; part?: bigint } = {},
): Promise<Payment> {
  const payment = await paid(rig, wallet, { terms: escrow(10, [share(to, 1_001n)]) });
  await rig.clock.advance(MINUTE_MS);
  rig.faults[wallet].set([{ fault: 'error_before_effect', probability: 1 }]);
  const hold = await holdOf(rig, payment);
  const asked = await releaseHold(rig.app, { hold, why: 'receipt', amount: part });
  expect(asked.state).toBe('releasing');
  return payment;
}

const ask = (payment: Payment, amount: bigint, reference: string) =>
  createRefund(rig.app, { payment, amount, reference, reason: 'broken', metadata: {} });

function over(payment: Payment): Promise<Refund[]> {
  return rig.until(
    () => findRefunds(rig.app, payment),
    (refunds) => refunds.every(isFinal),
  );
}

describe.each(HOLDERS)('during a release at %s', (wallet) => {
  test('refunds are accepted, leave after it in their order, and three are one', async () => {
    const owners = [`merchant:${rig.merchant_id}`, `receiver:${receiver}`];
    const has = () => Promise.all(owners.map((account) => posted(rig, account)));
    const before = await has();
    const payment = await releasing(wallet);
    const asked = await Promise.all([
      ask(payment, 3_333n, 'a'),
      ask(payment, 3_333n, 'b'),
      ask(payment, 3_334n, 'c'),
    ]);
    expect(asked.map(({ state }) => state)).toEqual(['created', 'created', 'created']);
    expect(await rig.reload(payment)).toMatchObject({ refund_reserved: 10_000n, refunded: 0n });
    await expect(ask(payment, 1n, 'd')).rejects.toMatchObject({
      code: 'amount_exceeds_refundable',
    });
    expect(await ask(payment, 3_333n, 'b')).toMatchObject({ state: 'created' });
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
    rig.faults[wallet].set([]);
    const refunds = await over(payment);
    expect(refunds.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(await holdOf(rig, payment)).toMatchObject({ state: 'released', shared: 1_001n });
    expect(await has()).toEqual(before);
    await expectSettled(rig, payment);
  });

  test('that the wallet refuses, the refund takes the held money', async () => {
    const stranger = await addReceiver(rig, { name: '无此商户' });
    const payment = await releasing(wallet, { to: stranger });
    await ask(payment, 4_000n, 'a');
    rig.faults[wallet].set([]);
    const [refund] = await over(payment);
    expect(refund).toMatchObject({ state: 'succeeded', from_hold: 4_000n });
    expect(await holdOf(rig, payment)).toMatchObject({ state: 'held', returned: 4_000n });
    await ask(payment, 6_000n, 'b');
    await holdIn(rig, payment, 'returned');
    await expectSettled(rig, payment);
  });
});

test('after a part was released a refund that waited comes before the next release', async () => {
  const payment = await releasing('wechat_pay', { part: 4_000n });
  await ask(payment, 7_000n, 'a');
  rig.faults.wechat_pay.set([]);
  const hold = await rig.until(
    async () => {
      // Whoever releases again at once is told to wait, and no refund is lost by it.
      await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' }).catch(
        ({ code }: { code: string }) =>
          expect(['state_conflict', 'amount_exceeds_held']).toContain(code),
      );
      return holdOf(rig, payment);
    },
    ({ returned }) => returned > 0n,
  );
  expect(hold).toMatchObject({ returned: 6_000n, released: 3_600n, shared: 400n });
  expect(await over(payment)).toMatchObject([{ state: 'succeeded', from_hold: 6_000n }]);
  await expectSettled(rig, payment);
});
