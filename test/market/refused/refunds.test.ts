import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../../src/db/pool.ts';
import { leftOf } from '../../../src/escrow/hold.ts';
import { releaseHold } from '../../../src/escrow/release.ts';
import { shipHold } from '../../../src/escrow/ship.ts';
import type { Payment } from '../../../src/payments/payment.ts';
import { findSplitOrders } from '../../../src/profit-sharing/find.ts';
import type { Share } from '../../../src/profit-sharing/shares.ts';
import { refuseRefund } from '../../../src/refunds/advance.ts';
import { createRefund } from '../../../src/refunds/create.ts';
import { findRefunds } from '../../../src/refunds/find.ts';
import type { Refund } from '../../../src/refunds/refund.ts';
import type { MoneyRig } from '../../support/money-rig.ts';
import {
  DAY_MS,
  escrow,
  expectSettled,
  HOLDERS,
  type Holder,
  heldAtWallet,
  holdIn,
  holdOf,
  MINUTE_MS,
  openMarket,
  paid,
  share,
} from '../market-rig.ts';

/** Refunds of held money that the wallet refuses while, or after, all that is left is released. */
let rig: MoneyRig;
let receiver: Share['receiver'];

beforeAll(async () => {
  ({ rig, receiver } = await openMarket());
});
beforeEach(() => {
  for (const wallet of HOLDERS) rig.faults[wallet].set([]);
});

const REFUSAL = { code: 'not_permitted', message: 'the account is closed' };

async function inEscrow(wallet: Holder): Promise<Payment> {
  const payment = await paid(rig, wallet, { terms: escrow(10, [share(receiver, 1_000n)]) });
  await rig.clock.advance(2 * MINUTE_MS);
  return payment;
}

async function refund(payment: Payment, state: Refund['state']): Promise<Refund> {
  const reference = `r-${payment.id}`;
  const asked = { payment, amount: 3_000n, reference, reason: 'broken', metadata: {} };
  await createRefund(rig.app, asked);
  const found = await rig.until(
    async () => (await findRefunds(rig.app, payment))[0],
    (now) => now?.state === state,
  );
  if (!found) throw new Error('the refund is gone');
  return found;
}

/** A request that was on its way when the refund was refused has its answer. */
async function nobodySends({ id }: Refund): Promise<void> {
  await rig.until(
    () => rig.app.db.query(sql`select id from jobs where key = ${id} and token is not null`),
    (sending) => sending.length === 0,
  );
}

describe.each(HOLDERS)('at %s', (wallet) => {
  test('all that is left waits for a refund without an answer', async () => {
    const payment = await inEscrow(wallet);
    const lost = { fault: 'error_before_effect', probability: 1 } as const;
    rig.faults[wallet].set([lost]);
    const asked = await refund(payment, 'unknown');
    const decided = await releaseHold(rig.app, {
      hold: await holdOf(rig, payment),
      why: 'receipt',
    });
    expect(decided).toMatchObject({ state: 'held', reserved: 3_000n });
    expect(await findSplitOrders(rig.app, payment)).toEqual([]);
    await expect(releaseHold(rig.app, { hold: decided, why: 'time' })).rejects.toMatchObject({
      code: 'state_conflict',
    });
    await refuseRefund(rig.app, asked, REFUSAL);
    await nobodySends(asked);
    const hold = await holdOf(rig, payment);
    expect(hold).toMatchObject({ state: 'held', reserved: 0n, released: 0n });
    expect(hold.release_at.getTime()).toBeGreaterThan(rig.clock.now().getTime() + DAY_MS / 2);
    rig.faults[wallet].set([]);
    expect(await heldAtWallet(rig, payment)).toBeGreaterThanOrEqual(9_940n);
    await rig.clock.advance(2 * DAY_MS);
    expect(await holdIn(rig, payment, 'released')).toMatchObject({ shared: 1_000n });
    await expectSettled(rig, payment);
  });

  test('it leaves by itself once that refund has its money', async () => {
    const payment = await inEscrow(wallet);
    rig.faults[wallet].set([{ fault: 'error_before_effect', probability: 1 }]);
    await refund(payment, 'unknown');
    const decided = await releaseHold(rig.app, {
      hold: await holdOf(rig, payment),
      why: 'receipt',
    });
    // A shipment afterwards takes nothing back of what was decided.
    const { release_at } = await shipHold(rig.app, decided, { days: 10, shipment: null });
    expect(release_at).toEqual(decided.release_at);
    rig.faults[wallet].set([]);
    const hold = await holdIn(rig, payment, 'released');
    expect(hold).toMatchObject({ returned: 3_000n, released: 6_300n, shared: 700n });
    await expectSettled(rig, payment);
  });
});

test.each(['before', 'after'] as const)(
  'what a refund gives up %s we hear that the wallet ended the hold is the merchant’s',
  async (when) => {
    const payment = await inEscrow('wechat_pay');
    rig.faults.wechat_pay.set([{ fault: 'refund_stuck', probability: 1 }]);
    const stuck = await refund(payment, 'needs_action');
    rig.faults.wechat_pay.set([]);
    if (when === 'before') {
      rig.faults.wechat_pay.set([{ fault: 'error_after_effect', probability: 1 }]);
    }
    await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
    if (when === 'after') {
      await rig.until(
        () => holdOf(rig, payment),
        ({ released }) => released > 0n,
      );
    }
    await refuseRefund(rig.app, stuck, REFUSAL);
    rig.faults.wechat_pay.set([]);
    const hold = await holdIn(rig, payment, 'released');
    expect(leftOf(hold)).toBe(0n);
    expect(hold).toMatchObject({ released: 9_300n, shared: 700n, returned: 0n });
    expect(await heldAtWallet(rig, payment)).toBe(0n);
  },
);
