import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDispute, resolveDispute } from '../../../src/escrow/dispute.ts';
import { type Hold, leftOf } from '../../../src/escrow/hold.ts';
import { type ReleaseRequest, releaseHold } from '../../../src/escrow/release.ts';
import { shipHold } from '../../../src/escrow/ship.ts';
import { sha256 } from '../../../src/ids.ts';
import type { Payment } from '../../../src/payments/payment.ts';
import { findSplitOrders } from '../../../src/profit-sharing/find.ts';
import type { Share } from '../../../src/profit-sharing/shares.ts';
import { type MoneyRig, startMoneyRig } from '../../support/money-rig.ts';
import {
  addReceiver,
  DAY_MS,
  escrow,
  expectSettled,
  holdIn,
  holdOf,
  MINUTE_MS,
  paid,
  share,
} from '../market-rig.ts';

/** What the wallet refuses to let go is held until its time; a wrong name is refused for good. */
let rig: MoneyRig;
let stranger: Share['receiver'];
const HOUR_MS = 3_600_000;

beforeAll(async () => {
  rig = await startMoneyRig();
  stranger = await addReceiver(rig, { name: '无此商户' });
});
beforeEach(() => rig.faults.wechat_pay.set([]));

async function held(days = 10): Promise<Payment> {
  const terms = escrow(days, [share(stranger, 1_000n)]);
  const payment = await paid(rig, 'wechat_pay', { terms });
  await rig.clock.advance(MINUTE_MS);
  return payment;
}

/** Of the newest request about it, once the wallet has refused that. */
async function refused(payment: Payment, requests = 1): Promise<Hold> {
  await rig.until(
    () => findSplitOrders(rig.app, payment),
    (orders) => orders.length === requests && orders.every(({ state }) => state === 'refused'),
  );
  const hold = await holdIn(rig, payment, 'held');
  expect(leftOf(hold)).toBe(10_000n);
  return hold;
}

async function release(payment: Payment, how: Omit<ReleaseRequest, 'hold'>): Promise<void> {
  await releaseHold(rig.app, { hold: await holdOf(rig, payment), ...how });
}

async function ship(payment: Payment, days: number): Promise<Date> {
  const shipment = { carrier: 'SF', number: 'SF1' };
  return (await shipHold(rig.app, await holdOf(rig, payment), { days, shipment })).release_at;
}

/** What happens while the wallet does not answer; then it refuses. */
async function meanwhile<T>(
  begin: () => Promise<unknown>,
  payment: Payment,
  act: () => Promise<T>,
): Promise<T> {
  rig.faults.wechat_pay.set([{ fault: 'error_before_effect', probability: 1 }]);
  await begin();
  await holdIn(rig, payment, 'releasing');
  const done = await act();
  rig.faults.wechat_pay.set([]);
  return done;
}

function fromNow({ release_at }: Hold): number {
  return release_at.getTime() - rig.clock.now().getTime();
}

describe('a part that the wallet refuses to release', () => {
  const part = { why: 'platform', amount: 1_000n } as const;

  test('leaves all of it held until its own time', async () => {
    const payment = await held();
    const { release_at } = await holdOf(rig, payment);
    await release(payment, part);
    expect((await refused(payment)).release_at).toEqual(release_at);
    await rig.clock.advance(7 * HOUR_MS);
    // Whatever is due by then is released within some seconds.
    const other = await held(1);
    await rig.clock.advance(DAY_MS);
    await refused(other);
    expect(await findSplitOrders(rig.app, payment)).toHaveLength(1);
    await rig.clock.advance(9 * DAY_MS);
    await refused(payment, 2);
    await expectSettled(rig, payment);
  });

  test('leaves the time that a shipment has set meanwhile', async () => {
    const payment = await held();
    await rig.clock.advance(3 * DAY_MS);
    const release_at = await meanwhile(
      () => release(payment, part),
      payment,
      () => ship(payment, 10),
    );
    expect((await refused(payment)).release_at).toEqual(release_at);
  });

  test('of a dispute too, and the rest is held undisputed', async () => {
    const payment = await held();
    const { release_at } = await holdOf(rig, payment);
    await openDispute(rig.app, await holdOf(rig, payment), 'half of it is broken');
    const key_hash = sha256(payment.id);
    await resolveDispute(rig.app, await holdOf(rig, payment), {
      outcome: 'release',
      amount: 5_000n,
      key: { key_hash, body_digest: '', lease_until: new Date(Date.now() + 5_000) },
    });
    expect(await refused(payment)).toMatchObject({ release_at, disputed_at: null });
  });

  test('shortly before that time, or after it, leaves six hours to decide again', async () => {
    const payment = await held(1);
    await rig.clock.advance(DAY_MS - HOUR_MS);
    await release(payment, part);
    const left = fromNow(await refused(payment));
    expect(left).toBeGreaterThan(5 * HOUR_MS);
    expect(left).toBeLessThanOrEqual(6 * HOUR_MS);
  });
});

describe('all of it', () => {
  test('is tried again after six hours when somebody had decided so', async () => {
    const payment = await held();
    await release(payment, { why: 'receipt' });
    const left = fromNow(await refused(payment));
    expect(left).toBeGreaterThan(5 * HOUR_MS);
    expect(left).toBeLessThanOrEqual(6 * HOUR_MS);
    await rig.clock.advance(6 * HOUR_MS);
    await refused(payment, 2);
  });

  test('waits for the time of a shipment when only its time had come', async () => {
    const payment = await held(1);
    const release_at = await meanwhile(
      () => rig.clock.advance(DAY_MS),
      payment,
      () => ship(payment, 7),
    );
    expect((await refused(payment)).release_at).toEqual(release_at);
  });
});
