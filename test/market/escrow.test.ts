import { beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/db/pool.ts';
import { openDispute, resolveDispute } from '../../src/escrow/dispute.ts';
import { leftOf } from '../../src/escrow/hold.ts';
import { releaseHold } from '../../src/escrow/release.ts';
import { shipHold } from '../../src/escrow/ship.ts';
import { sha256 } from '../../src/ids.ts';
import type { Share } from '../../src/profit-sharing/shares.ts';
import { refuseRefund } from '../../src/refunds/advance.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { findRefunds } from '../../src/refunds/find.ts';
import type { MoneyRig } from '../support/money-rig.ts';
import {
  DAY_MS,
  escrow,
  expectSettled,
  HOLDERS,
  heldAtWallet,
  holdIn,
  holdOf,
  MINUTE_MS,
  openMarket,
  paid,
  posted,
  refunded,
  share,
  sharing,
} from './market-rig.ts';

let rig: MoneyRig;
let receiver: Share['receiver'];

beforeAll(async () => {
  ({ rig, receiver } = await openMarket());
});

/** Changes of the merchant's and the receiver's ledger accounts by `act`. */
async function gained(act: () => Promise<void>): Promise<{ merchant: bigint; receiver: bigint }> {
  const of = async () => ({
    merchant: await posted(rig, `merchant:${rig.merchant_id}`),
    receiver: await posted(rig, `receiver:${receiver}`),
  });
  const before = await of();
  await act();
  const after = await of();
  return {
    merchant: after.merchant - before.merchant,
    receiver: after.receiver - before.receiver,
  };
}

function newKey() {
  const key_hash = sha256(String(Math.random()));
  return { key_hash, body_digest: '', lease_until: new Date(Date.now() + 5_000) };
}

describe.each(HOLDERS)('at %s', (wallet) => {
  test('shares are given as soon as the wallet lets them, the rest is the merchant’s', async () => {
    const got = await gained(async () => {
      const payment = await paid(rig, wallet, { terms: sharing(share(receiver, 1_000n)) });
      expect(leftOf(await holdOf(rig, payment))).toBe(10_000n);
      await rig.clock.advance(MINUTE_MS);
      const hold = await holdIn(rig, payment, 'released');
      expect(hold).toMatchObject({ shared: 1_000n, released: 9_000n, reserved: 0n });
      expect(await heldAtWallet(rig, payment)).toBe(0n);
      await expectSettled(rig, payment);
    });
    expect(got).toEqual({ merchant: 9_000n - 60n, receiver: 1_000n });
  });

  test('an escrow is released by the receipt, and by nothing before', async () => {
    const payment = await paid(rig, wallet, { terms: escrow() });
    await rig.clock.advance(DAY_MS);
    expect(await holdOf(rig, payment)).toMatchObject({ state: 'held', released: 0n });
    expect(await heldAtWallet(rig, payment)).toBe(9_940n);
    await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
    await holdIn(rig, payment, 'released');
    expect(await heldAtWallet(rig, payment)).toBe(0n);
    await expectSettled(rig, payment);
  });

  test('an escrow ends by itself N days after the shipment', async () => {
    const payment = await paid(rig, wallet, { terms: escrow(7) });
    await rig.clock.advance(3 * DAY_MS);
    const shipped = await shipHold(rig.app, await holdOf(rig, payment), {
      days: 7,
      shipment: { carrier: 'SF', number: 'SF1' },
    });
    expect(shipped.release_at.getTime() - rig.clock.now().getTime()).toBeGreaterThan(
      7 * DAY_MS - MINUTE_MS,
    );
    await rig.clock.advance(5 * DAY_MS);
    expect((await holdOf(rig, payment)).state).toBe('held');
    await rig.clock.advance(2 * DAY_MS);
    await holdIn(rig, payment, 'released');
    await expectSettled(rig, payment);
  });

  test('a dispute freezes the money; resolved for the payer it goes back', async () => {
    const payment = await paid(rig, wallet, { terms: escrow(2, [share(receiver, 500n)]) });
    await openDispute(rig.app, await holdOf(rig, payment), 'never arrived');
    await rig.clock.advance(3 * DAY_MS);
    const frozen = await holdOf(rig, payment);
    expect(frozen.state).toBe('held');
    await expect(releaseHold(rig.app, { hold: frozen, why: 'receipt' })).rejects.toMatchObject({
      code: 'hold_disputed',
    });
    await resolveDispute(rig.app, frozen, { outcome: 'return', key: newKey() });
    expect(await holdIn(rig, payment, 'returned')).toMatchObject({ returned: 10_000n });
    const told = await rig.app.db.query<{ type: string }>(sql`
      select type from events where object_id = ${frozen.id} order by sequence`);
    expect(told.map(({ type }) => type)).toEqual([
      'hold.created',
      'hold.disputed',
      'hold.dispute_resolved',
      'hold.returned',
    ]);
    await expectSettled(rig, payment);
  });

  test('resolved for the merchant it is released, with the shares', async () => {
    const payment = await paid(rig, wallet, { terms: escrow(2, [share(receiver, 500n)]) });
    await openDispute(rig.app, await holdOf(rig, payment), 'wrong colour');
    await rig.clock.advance(MINUTE_MS);
    await resolveDispute(rig.app, await holdOf(rig, payment), {
      outcome: 'release',
      key: newKey(),
    });
    expect(await holdIn(rig, payment, 'released')).toMatchObject({
      shared: 500n,
      disputed_at: null,
    });
    await expectSettled(rig, payment);
  });

  test('refunds before the release come from the hold; what is released is less', async () => {
    const got = await gained(async () => {
      const payment = await paid(rig, wallet, { terms: escrow(10, [share(receiver, 1_000n)]) });
      await refunded(rig, payment, 4_000n);
      expect(await holdOf(rig, payment)).toMatchObject({ state: 'held', returned: 4_000n });
      await rig.clock.advance(MINUTE_MS);
      await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
      expect(await holdIn(rig, payment, 'released')).toMatchObject({
        shared: 600n,
        released: 5_400n,
      });
      await expectSettled(rig, payment);
    });
    expect(got).toEqual({ merchant: 5_400n - 36n, receiver: 600n });
  });

  test('refunds after the split take from everybody: three parts are one whole', async () => {
    const got = await gained(async () => {
      const payment = await paid(rig, wallet, { terms: sharing(share(receiver, 1_001n)) });
      await rig.clock.advance(MINUTE_MS);
      await holdIn(rig, payment, 'released');
      const first = await gained(() => refunded(rig, payment, 3_333n));
      expect(first.receiver).toBeLessThan(0n);
      await refunded(rig, payment, 3_333n);
      await refunded(rig, payment, 3_334n);
      await expectSettled(rig, payment);
    });
    expect(got).toEqual({ merchant: 0n, receiver: 0n });
  });

  test('an answer that is lost after the effect ends as the wallet’s books have it', async () => {
    const payment = await paid(rig, wallet, { terms: escrow(10, [share(receiver, 700n)]) });
    await rig.clock.advance(MINUTE_MS);
    rig.faults[wallet].set([{ fault: 'error_after_effect', probability: 0.5 }]);
    await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
    await rig.until(
      () => holdOf(rig, payment),
      (hold) => hold.state !== 'held',
    );
    rig.faults[wallet].set([]);
    expect(await holdIn(rig, payment, 'released')).toMatchObject({ shared: 700n });
    expect(await heldAtWallet(rig, payment)).toBe(0n);
    await expectSettled(rig, payment);
  });
});

test('a resolution that a crash interrupted is answered when it is asked for again', async () => {
  const payment = await paid(rig, 'alipay', { terms: escrow() });
  await openDispute(rig.app, await holdOf(rig, payment), 'late');
  const key = newKey();
  const reference = `dispute-${key.key_hash.slice(0, 24)}`;
  const more = { outcome: 'return', amount: 10_001n, key } as const;
  await expect(resolveDispute(rig.app, await holdOf(rig, payment), more)).rejects.toMatchObject({
    code: 'amount_exceeds_held',
  });
  const words = { reference, reason: 'dispute', metadata: {} };
  await createRefund(rig.app, { payment, amount: 10_000n, ...words });
  const resolution = { outcome: 'return', key } as const;
  const hold = await resolveDispute(rig.app, await holdOf(rig, payment), resolution);
  expect(hold.disputed_at).toBeNull();
  await rig.until(
    () => rig.reload(payment),
    ({ refunded }) => refunded === 10_000n,
  );
  await expectSettled(rig, payment);
});

test('money that could not go back to the payer waits a day for another decision', async () => {
  const payment = await paid(rig, 'alipay', { terms: escrow(1) });
  await openDispute(rig.app, await holdOf(rig, payment), 'late');
  await rig.clock.advance(2 * DAY_MS);
  rig.faults.alipay.set([{ fault: 'error_before_effect', probability: 1 }]);
  const resolution = { outcome: 'return', key: newKey() } as const;
  await resolveDispute(rig.app, await holdOf(rig, payment), resolution);
  const [refund] = await findRefunds(rig.app, payment);
  if (!refund) throw new Error('no refund');
  await refuseRefund(rig.app, refund, { code: 'not_permitted', message: 'closed' });
  const hold = await holdOf(rig, payment);
  expect(hold).toMatchObject({ state: 'held', reserved: 0n, disputed_at: null });
  expect(hold.release_at.getTime()).toBeGreaterThan(rig.clock.now().getTime() + DAY_MS / 2);
  rig.faults.alipay.set([]);
});
