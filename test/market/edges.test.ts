import { beforeAll, describe, expect, test } from 'vitest';
import { whyWalletNot } from '../../src/attempts/eligible.ts';
import { sql } from '../../src/db/pool.ts';
import { assert } from '../../src/errors.ts';
import { openDispute, resolveDispute } from '../../src/escrow/dispute.ts';
import { releaseHold } from '../../src/escrow/release.ts';
import { sha256 } from '../../src/ids.ts';
import { namesOf, readSubject } from '../../src/profit-sharing/ask.ts';
import { findSplitOrders } from '../../src/profit-sharing/find.ts';
import type { Share } from '../../src/profit-sharing/shares.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { findRefunds } from '../../src/refunds/find.ts';
import { resolveRefund } from '../../src/refunds/resolve.ts';
import type { MoneyRig } from '../support/money-rig.ts';
import {
  addReceiver,
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

const of = (account: string) => posted(rig, `${account}`);

test('WeChat Pay releases a part, with its part of the shares, and holds the rest on', async () => {
  const before = await of(`receiver:${receiver}`);
  const payment = await paid(rig, 'wechat_pay', { terms: escrow(10, [share(receiver, 1_000n)]) });
  await rig.clock.advance(MINUTE_MS);
  await releaseHold(rig.app, {
    hold: await holdOf(rig, payment),
    why: 'platform',
    amount: 4_000n,
  });
  expect(
    await rig.until(
      () => holdOf(rig, payment),
      (hold) => hold.state === 'held',
    ),
  ).toMatchObject({ released: 3_600n, shared: 400n, reserved: 0n });
  expect(await heldAtWallet(rig, payment)).toBe(9_940n - 4_000n);
  await refunded(rig, payment, 1_000n);
  await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
  expect(await holdIn(rig, payment, 'released')).toMatchObject({
    released: 8_100n,
    shared: 900n,
    returned: 1_000n,
  });
  expect(await heldAtWallet(rig, payment)).toBe(0n);
  expect((await of(`receiver:${receiver}`)) - before).toBe(900n);
  await refunded(rig, payment, 9_000n);
  expect(await of(`receiver:${receiver}`)).toBe(before);
  await expectSettled(rig, payment);
});

describe('a share refused for want of money for the moment', () => {
  async function refusedOnce() {
    const payment = await paid(rig, 'wechat_pay', { terms: escrow(10, [share(receiver, 1_000n)]) });
    await rig.clock.advance(MINUTE_MS);
    rig.faults.wechat_pay.set([{ fault: 'merchant_short', probability: 1, remaining: 1 }]);
    const hold = await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
    expect(hold.state).toBe('releasing');
    const [order] = await findSplitOrders(rig.app, payment);
    assert(order, 'it was asked for');
    expect(order).toMatchObject({ state: 'unknown', refusal: { code: 'insufficient_funds' } });
    return { payment, order };
  }

  test('is given after all when a copy of the request arrives late', async () => {
    const { payment, order } = await refusedOnce();
    const subject = await readSubject(rig.app, order.book, order.id);
    const late = await subject.splits.split(subject.account, {
      ...namesOf(subject),
      parts: order.parts,
      release_rest: order.release_rest,
    });
    expect(late.kind).toBe('fact');
    await holdIn(rig, payment, 'released');
    const orders = await findSplitOrders(rig.app, payment);
    expect(orders).toMatchObject([{ state: 'finished', refusal: null }]);
    await expectSettled(rig, payment);
  });

  test('is refused once no copy can arrive any more, and the money stays held', async () => {
    const { payment } = await refusedOnce();
    await holdIn(rig, payment, 'held');
    const orders = await findSplitOrders(rig.app, payment);
    expect(orders).toMatchObject([{ state: 'refused', refusal: { code: 'insufficient_funds' } }]);
    await expectSettled(rig, payment);
  });
});

test('Alipay releases everything or nothing, and says so', async () => {
  const payment = await paid(rig, 'alipay', { terms: escrow() });
  await rig.clock.advance(MINUTE_MS);
  const part = { hold: await holdOf(rig, payment), why: 'platform', amount: 4_000n } as const;
  await expect(releaseHold(rig.app, part)).rejects.toMatchObject({
    code: 'partial_release_unsupported',
  });
  const more = { ...part, amount: 10_001n };
  await expect(releaseHold(rig.app, more)).rejects.toMatchObject({ code: 'amount_exceeds_held' });
});

describe.each(HOLDERS)('at %s', (wallet) => {
  test('a share that the wallet refuses is the merchant’s', async () => {
    const before = await of(`receiver:${receiver}`);
    const payment = await paid(rig, wallet, { terms: escrow(10, [share(receiver, 800n)]) });
    await rig.clock.advance(MINUTE_MS);
    rig.faults[wallet].set([{ fault: 'split_part_refused', probability: 1 }]);
    await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
    const hold = await holdIn(rig, payment, 'released');
    rig.faults[wallet].set([]);
    expect(hold).toMatchObject({ released: 10_000n, shared: 0n });
    const [order] = await findSplitOrders(rig.app, payment);
    expect(order?.parts).toMatchObject([{ state: 'refused', reason: expect.stringMatching(/\w/) }]);
    expect(await of(`receiver:${receiver}`)).toBe(before);
    // Nothing was given, so a refund takes nothing back from the receiver.
    await refunded(rig, payment, 10_000n);
    expect(await of(`receiver:${receiver}`)).toBe(before);
    await expectSettled(rig, payment);
  });

  test('a receiver whose name is wrong is refused, and the money stays held', async () => {
    const stranger = await addReceiver(rig, { name: '无此商户' });
    const payment = await paid(rig, wallet, { terms: escrow(10, [share(stranger, 100n)]) });
    await rig.clock.advance(MINUTE_MS);
    await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
    const orders = await rig.until(
      () => findSplitOrders(rig.app, payment),
      (all) => all.some(({ state }) => state === 'refused'),
    );
    expect(orders[0]?.refusal).toMatchObject({ message: expect.stringMatching(/\S/) });
    expect(await holdOf(rig, payment)).toMatchObject({ state: 'held', reserved: 0n });
    expect(await heldAtWallet(rig, payment)).toBe(9_940n);
    await refunded(rig, payment, 10_000n);
    await holdIn(rig, payment, 'returned');
    await expectSettled(rig, payment);
  });

  test('a dispute is warned of before the wallet’s limit, which decides it at last', async () => {
    const payment = await paid(rig, wallet, { terms: escrow(2, [share(receiver, 300n)]) });
    await openDispute(rig.app, await holdOf(rig, payment), 'broken');
    await rig.clock.advance(26 * DAY_MS);
    expect((await holdOf(rig, payment)).warned_at).toBeNull();
    await rig.clock.advance(DAY_MS + MINUTE_MS);
    await rig.until(
      () => holdOf(rig, payment),
      (hold) => hold.warned_at !== null,
    );
    await rig.clock.advance(3 * DAY_MS);
    expect(await holdIn(rig, payment, 'released')).toMatchObject({
      released: 10_000n,
      shared: 0n,
    });
    await expectSettled(rig, payment);
  });

  test('releases and refunds that meet never let go more than there is', async () => {
    const payment = await paid(rig, wallet, { terms: escrow(10, [share(receiver, 1_000n)]) });
    await rig.clock.advance(MINUTE_MS);
    const hold = await holdOf(rig, payment);
    const results = await Promise.allSettled([
      refunded(rig, payment, 2_500n),
      releaseHold(rig.app, { hold, why: 'receipt' }),
      refunded(rig, payment, 2_500n),
      releaseHold(rig.app, { hold, why: 'receipt' }),
    ]);
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
    await rig.until(
      () => holdOf(rig, payment),
      (now) => now.state === 'held' || now.state === 'released',
    );
    const rest = 10_000n - (await rig.reload(payment)).refunded;
    const now = await holdOf(rig, payment);
    if (now.state === 'held') await releaseHold(rig.app, { hold: now, why: 'receipt' });
    const closed = await holdIn(rig, payment, 'released');
    expect(closed.released + closed.shared + closed.returned).toBe(10_000n);
    await refunded(rig, payment, rest);
    await expectSettled(rig, payment);
  });

  test('returns of shares survive lost answers', async () => {
    const before = await of(`receiver:${receiver}`);
    const payment = await paid(rig, wallet, { terms: sharing(share(receiver, 1_500n)) });
    await rig.clock.advance(MINUTE_MS);
    await holdIn(rig, payment, 'released');
    rig.faults[wallet].set([{ fault: 'error_after_effect', probability: 0.4 }]);
    await refunded(rig, payment, 4_000n);
    rig.faults[wallet].set([]);
    expect((await of(`receiver:${receiver}`)) - before).toBe(900n);
    await expectSettled(rig, payment);
  });
});

test('a refund that cannot reach the payer goes another way, and the hold is closed', async () => {
  const payment = await paid(rig, 'wechat_pay', { terms: escrow() });
  rig.faults.wechat_pay.set([{ fault: 'refund_stuck', probability: 1 }]);
  const made = await createRefund(rig.app, {
    payment,
    amount: 10_000n,
    reference: 'stuck',
    reason: 'broken',
    metadata: {},
  });
  const now = async () => (await findRefunds(rig.app, payment)).find(({ id }) => id === made.id);
  const stuck = await rig.until(now, (refund) => refund?.state === 'needs_action');
  rig.faults.wechat_pay.set([]);
  expect(await holdOf(rig, payment)).toMatchObject({ state: 'held', reserved: 10_000n });
  if (!stuck) throw new Error('no refund');
  await resolveRefund(rig.app, stuck, { kind: 'merchant_account' });
  await rig.until(now, (refund) => refund?.state === 'succeeded');
  expect(await holdIn(rig, payment, 'returned')).toMatchObject({ returned: 10_000n });
  await expect(resolveRefund(rig.app, stuck, { kind: 'merchant_account' })).rejects.toMatchObject({
    code: 'state_conflict',
  });
});

test('a receiver without money gives nothing back, and the merchant pays all', async () => {
  const payment = await paid(rig, 'wechat_pay', { terms: sharing(share(receiver, 2_000n)) });
  await rig.clock.advance(MINUTE_MS);
  await holdIn(rig, payment, 'released');
  const before = await of(`receiver:${receiver}`);
  const short = { fault: 'merchant_short', operation: 'sharing.return', probability: 1 } as const;
  rig.faults.wechat_pay.set([short]);
  await refunded(rig, payment, 5_000n);
  rig.faults.wechat_pay.set([]);
  expect(await of(`receiver:${receiver}`)).toBe(before);
  // The next refund asks it again, for all that is due by then.
  await refunded(rig, payment, 5_000n);
  expect((await of(`receiver:${receiver}`)) - before).toBe(-2_000n);
  await expectSettled(rig, payment);
});

test('a wallet without holds, or with too short ones, is not offered, and says why', async () => {
  const payment = await rig.create({ terms: escrow(10) });
  const why = async (wallet: 'wechat_pay' | 'union_pay' | 'douyin_pay') =>
    (await whyWalletNot(rig.app, payment, wallet, 'qr')).reason;
  expect(await why('wechat_pay')).toBeNull();
  expect(await why('union_pay')).toBe('no_holds');
  expect(await why('douyin_pay')).toBe('no_holds');
  await expect(rig.create({ terms: escrow(29) })).rejects.toMatchObject({
    code: 'splits_not_possible',
    message: expect.stringContaining('wechat_pay (hold_too_short)'),
  });
  const greedy = sharing(share(receiver, 3_001n));
  await expect(rig.create({ amount: 10_000n, terms: greedy })).rejects.toMatchObject({
    code: 'splits_not_possible',
    message: expect.stringContaining('alipay (shares_too_large)'),
  });
});

test('the same resolution asked for twice returns the money once', async () => {
  const payment = await paid(rig, 'wechat_pay', { terms: escrow() });
  await openDispute(rig.app, await holdOf(rig, payment), 'late');
  const key = {
    key_hash: sha256(payment.id),
    body_digest: '',
    lease_until: new Date(Date.now() + 5_000),
  };
  const hold = await holdOf(rig, payment);
  const resolution = { outcome: 'return', amount: 3_000n, key } as const;
  await Promise.allSettled([
    resolveDispute(rig.app, hold, resolution),
    resolveDispute(rig.app, hold, resolution),
  ]);
  await rig.until(
    () => rig.reload(payment),
    ({ refunded }) => refunded === 3_000n,
  );
  expect(await holdOf(rig, payment)).toMatchObject({
    state: 'held',
    returned: 3_000n,
    disputed_at: null,
  });
  await expectSettled(rig, payment);
});

test('a refund that another one overtakes while it is decided on is decided on again', async () => {
  const payment = await paid(rig, 'wechat_pay', { terms: escrow(10, [share(receiver, 1_000n)]) });
  const asked = (amount: bigint) => ({
    payment,
    amount,
    reference: `overtaken-${amount}`,
    reason: 'broken',
    metadata: {},
  });
  let overtaken = false;
  const query: typeof rig.app.db.query = async (statement) => {
    if (!overtaken && statement.text.includes('from holds')) {
      overtaken = true;
      await createRefund(rig.app, asked(6_000n));
    }
    return rig.app.db.query(statement);
  };
  const app = { ...rig.app, db: { ...rig.app.db, query } };
  await expect(createRefund(app, asked(5_000n))).rejects.toMatchObject({
    code: 'amount_exceeds_refundable',
  });
  expect(overtaken).toBe(true);
});

test.each(HOLDERS)('one fen is held, released and refunded at %s', async (wallet) => {
  const payment = await paid(rig, wallet, { amount: 1n, terms: escrow(10) });
  await rig.clock.advance(MINUTE_MS);
  await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
  expect(await holdIn(rig, payment, 'released')).toMatchObject({ released: 1n, shared: 0n });
  await refunded(rig, payment, 1n);
  const merchant = `merchant:${rig.merchant_id}`;
  const [left] = await rig.app.db.query<{ fen: bigint }>(sql`
    select sum(case when credit_account = ${merchant} then amount else -amount end)::bigint as fen
    from postings where subject_id = ${payment.id} and kind in ('posted', 'post')
      and ${merchant} in (credit_account, debit_account)`);
  expect(left?.fen).toBe(0n);
  await expectSettled(rig, payment);
});

test('of two equal shares of one receiver the wallet may refuse one', async () => {
  const [own, platform] = [`receiver:${receiver}`, `platform:${rig.platform_id}`];
  const before = [await of(own), await of(platform)] as const;
  const terms = escrow(10, [share(receiver, 500n, 'referrer'), share(receiver, 500n, 'platform')]);
  const payment = await paid(rig, 'alipay', { terms });
  await rig.clock.advance(MINUTE_MS);
  rig.faults.alipay.set([{ fault: 'split_part_refused', probability: 1, remaining: 1 }]);
  await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
  const hold = await holdIn(rig, payment, 'released');
  rig.faults.alipay.set([]);
  expect(hold).toMatchObject({ released: 9_500n, shared: 500n });
  const got = (await of(own)) - before[0] + (await of(platform)) - before[1];
  expect(got).toBe(500n);
  await expectSettled(rig, payment);
});
