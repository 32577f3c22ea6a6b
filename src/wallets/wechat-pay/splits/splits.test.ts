import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../../ids.ts';
import { type PaidOrder, poll, type Role } from '../../../sandbox/wechat-pay/sharing/testing.ts';
import type { SplitOrder, SplitReturn, Splits } from '../../products/splits.ts';
import type { Wallet } from '../../wallet.ts';
import { type ConnectorBench, openConnectorBench } from '../testing.ts';

/** Splitting through the connector, in the hub's words, for every kind of account. */
let bench: ConnectorBench;
let wallet: Wallet;
let splits: Splits;

beforeAll(async () => {
  bench = await openConnectorBench();
  wallet = bench.wallet;
  if (!wallet.splits) throw new Error('no splits');
  splits = wallet.splits;
});
afterAll(() => bench.stop());

const accountOf = (role: Role, more: Record<string, unknown> = {}) =>
  bench.walletAccount(role, more);

const seller = (order: PaidOrder) =>
  order.role === 'direct' ? {} : { sub_merchant: order.seller };

function ofPayment(order: PaidOrder) {
  return {
    wallet_reference: order.out_trade_no,
    wallet_transaction_id: order.transaction_id,
    ...seller(order),
  };
}

/** Direct merchants give to the partner, the others to the direct merchant. */
function receiverOf(role: Role) {
  const other = role === 'direct' ? 'partner' : 'direct';
  const name = role === 'direct' ? '胡同服务商' : '胡同集市';
  return { kind: 'merchant', account: bench.merchant(other).mchid, name } as const;
}

async function ripe(role: Role) {
  const order = await bench.paid(role);
  bench.wait(60_000);
  const outcome = await splits.addReceiver(accountOf(role), {
    ...receiverOf(role),
    ...seller(order),
  });
  expect(outcome.kind).toBe('done');
  return order;
}

function splitOf(order: PaidOrder, amount: bigint, more: Partial<SplitOrder> = {}): SplitOrder {
  return {
    split_reference: newWalletReference(0),
    ...ofPayment(order),
    parts: [{ ...receiverOf(order.role), amount, description: '佣金' }],
    release_rest: false,
    ...more,
  };
}

async function settled(order: PaidOrder, split_reference: string) {
  const asked = { ...ofPayment(order), split_reference };
  const query = () => splits.querySplit(accountOf(order.role), asked);
  await poll(query).toMatchObject({ kind: 'fact', fact: { state: 'finished' } });
  return query();
}

describe.each<Role>(['direct', 'partner', 'platform'])('for a %s account', (role) => {
  test('a split is accepted, done, and seen to be done', async () => {
    const account = accountOf(role);
    const order = await ripe(role);
    const split = splitOf(order, 1200n);
    expect(await splits.split(account, split)).toMatchObject({
      kind: 'fact',
      fact: { state: 'pending', split_reference: split.split_reference },
    });
    expect(await settled(order, split.split_reference)).toMatchObject({
      fact: {
        wallet_transaction_id: order.transaction_id,
        parts: [{ account: receiverOf(role).account, amount: 1200n, state: 'succeeded' }],
      },
    });
    const left = await splits.unsplitAmount(account, ofPayment(order));
    expect(left).toMatchObject({ kind: 'amount', amount: 9940n - 1200n });
  });

  test('a release gives the seller what is left, and ends it', async () => {
    const account = accountOf(role);
    const order = await ripe(role);
    const release = {
      ...ofPayment(order),
      split_reference: newWalletReference(0),
      amount: 9940n,
      description: '确认收货',
    };
    expect(await splits.release(account, release)).toMatchObject({ kind: 'fact' });
    expect(await settled(order, release.split_reference)).toMatchObject({
      fact: { parts: [], released: 9940n },
    });
    expect((await splits.split(account, splitOf(order, 1n))).kind).toBe('refused');
  });

  test('a return comes back from a merchant, and from nobody else', async () => {
    const account = accountOf(role);
    const order = await ripe(role);
    const split = splitOf(order, 900n);
    await splits.split(account, split);
    await settled(order, split.split_reference);
    const wanted: SplitReturn = {
      return_reference: newWalletReference(0),
      split_reference: split.split_reference,
      ...ofPayment(order),
      receiver: receiverOf(role),
      amount: 400n,
      description: '退货',
    };
    expect(await splits.returnSplit?.(account, wanted)).toMatchObject({
      kind: 'fact',
      fact: { state: 'pending', amount: 400n },
    });
    const query = () => splits.queryReturn?.(account, wanted);
    await poll(query).toMatchObject({ kind: 'fact', fact: { state: 'succeeded' } });
    expect(splits.limits.returns_from).toEqual(['merchant']);
    const person = { ...wanted, receiver: { kind: 'person', account: 'o123' } as const };
    const asked = await splits.returnSplit?.(account, person);
    expect(asked).toMatchObject({ kind: 'refused', trace: { duration_ms: 0 } });
    const none = { ...wanted, return_reference: newWalletReference(0) };
    expect((await splits.queryReturn?.(account, none))?.kind).toBe('not_found');
  });

  test('a person receives under a checked name, hidden in the trace', async () => {
    const account = accountOf(role);
    const order = await ripe(role);
    const openid = await bench.openid(role, 'chen');
    const person = { kind: 'person', account: openid, name: '陈明' } as const;
    await splits.addReceiver(account, { ...person, ...seller(order) });
    const had = bench.running.sandbox.balance('chen');
    const parts = [{ ...person, amount: 50n, description: '推广' }];
    const outcome = await splits.split(account, splitOf(order, 50n, { parts, release_rest: true }));
    expect(outcome.kind).toBe('fact');
    expect(JSON.stringify(outcome.trace)).not.toContain(openid);
    expect(JSON.stringify(outcome.trace)).not.toContain('陈明');
    await poll(() => bench.running.sandbox.balance('chen')).toBe(had + 50n);
    const wrong = [{ ...person, name: '林小禾', amount: 1n, description: '推广' }];
    const other = await ripe(role);
    expect((await splits.split(account, splitOf(other, 1n, { parts: wrong }))).kind).toBe(
      'refused',
    );
  });
});

describe('a split', () => {
  test('that one receiver is refused says why', async () => {
    const order = await ripe('direct');
    const split = splitOf(order, 777n);
    const setting = { probability: 1, remaining: 1 };
    bench.running.faults.set([{ fault: 'split_part_refused', ...setting }]);
    await splits.split(accountOf('direct'), split);
    expect(await settled(order, split.split_reference)).toMatchObject({
      fact: { parts: [{ state: 'refused', reason: 'RECEIVER_HIGH_RISK' }] },
    });
    bench.running.faults.set([]);
  });

  test.each(['error_after_effect', 'timeout_after_effect', 'error_before_effect'] as const)(
    'whose outcome is unknown (%s) is sent again under its number, and done once',
    async (fault) => {
      const account = accountOf('direct');
      const order = await ripe('direct');
      const split = splitOf(order, 500n);
      const setting = { probability: 1, remaining: 1, operation: 'sharing.split' };
      bench.running.faults.set([{ fault, ...setting }]);
      expect((await splits.split(account, split)).kind).toBe('unknown');
      bench.running.faults.set([]);
      expect((await splits.split(account, split)).kind).toBe('fact');
      await settled(order, split.split_reference);
      const left = await splits.unsplitAmount(account, ofPayment(order));
      expect(left).toMatchObject({ amount: 9440n });
    },
  );

  test('that cannot leave is unknown: an earlier try may have arrived', async () => {
    const order = await ripe('direct');
    const away = accountOf('direct', { endpoint: 'http://127.0.0.1:9' });
    expect((await splits.split(away, splitOf(order, 1n))).kind).toBe('unknown');
  });

  test('is refused in the hub’s words', async () => {
    const account = accountOf('direct');
    const order = await ripe('direct');
    const refused = async (split: SplitOrder) => {
      const outcome = await splits.split(account, split);
      return outcome.kind === 'refused' ? outcome.code : outcome.kind;
    };
    expect(await refused(splitOf(order, 3001n))).toBe('not_permitted');
    const own = {
      kind: 'merchant',
      account: order.seller,
      amount: 9941n,
      description: '',
    } as const;
    expect(await refused(splitOf(order, 1n, { parts: [own] }))).toBe('insufficient_funds');
    expect(await refused(splitOf(order, 1n, { wallet_transaction_id: '4200' }))).toBe('not_found');
    const split = splitOf(order, 10n);
    await splits.split(account, split);
    expect(await refused({ ...split, release_rest: true })).toBe('reference_reused');
    const nobody = { ...ofPayment(order), split_reference: newWalletReference(0) };
    expect((await splits.querySplit(account, nobody)).kind).toBe('not_found');
  });

  test('of a partner names its seller, or is not sent', async () => {
    const order = await ripe('partner');
    const { sub_merchant: _, ...unnamed } = splitOf(order, 1n);
    expect(await splits.split(accountOf('partner'), unnamed)).toMatchObject({
      kind: 'refused',
      trace: { duration_ms: 0 },
    });
  });
});

test('what a seller may give away is said of a partner’s sellers, one by one', async () => {
  const rate = (role: Role, of: string | null) => splits.maxRate?.(accountOf(role), of);
  const [first, second] = [bench.seller('partner'), bench.seller('partner', 1)];
  expect(await rate('partner', first)).toMatchObject({
    kind: 'rate',
    rate: splits.limits.max_rate,
  });
  await bench.act('sub-merchants/split-ratio', { sub_mchid: first, ratio: 525 });
  expect(await rate('partner', first)).toMatchObject({ kind: 'rate', rate: 5_250n });
  expect(await rate('partner', second)).toMatchObject({ kind: 'rate', rate: 30_000n });
  await bench.act('sub-merchants/split-ratio', { sub_mchid: first, ratio: 3_000 });
  const foreign = await rate('partner', bench.seller('platform'));
  expect(foreign).toMatchObject({ kind: 'refused', code: 'not_permitted' });
  expect(rate('partner', null)).toBeUndefined();
  expect(rate('direct', null)).toBeUndefined();
  expect(rate('platform', bench.seller('platform'))).toBeUndefined();
});

test('limits differ by account: a platform holds for 180 days', () => {
  expect(splits.limits.hold_days).toBe(30);
  expect(splits.limitsOf?.(accountOf('direct')).hold_days).toBe(30);
  expect(splits.limitsOf?.(accountOf('platform'))).toMatchObject({
    hold_days: 180,
    min_wait_ms: 30_000,
  });
  expect(wallet.capabilities.max_hold_days).toBe(30);
});

test('a receiver reads its notice, and nobody else’s', async () => {
  const order = await ripe('direct');
  const receiver = receiverOf('direct').account;
  const notify_url = bench.shop.notify_url;
  await bench.act('notices/address', { mchid: receiver, about: 'profit_sharing', notify_url });
  const split = splitOf(order, 321n);
  await splits.split(accountOf('direct'), split);
  const verified = async (role: Role) => (await bench.told(role, 'split')).map(({ fact }) => fact);
  const parts = [{ account: receiver, amount: 321n, state: 'succeeded' }];
  const { split_reference } = split;
  await poll(() => verified('partner')).toContainEqual(
    expect.objectContaining({ split_reference, state: 'finished', parts }),
  );
  expect(await verified('direct')).toEqual([]);
  await bench.act('notices/address', { mchid: receiver, about: 'profit_sharing', notify_url: '' });
});
