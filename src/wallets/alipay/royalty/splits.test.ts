import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../../ids.ts';
import type { SplitOrder, Splits } from '../../products/splits.ts';
import type { CreateOrder, WalletAccount } from '../../wallet.ts';
import { type Bench, openBench } from '../testing.ts';

/** Splits, and the release of held money, through the connector. */
let bench: Bench;
let splits: Splits;
let platform: WalletAccount;
let seller = '';
let receiver = '';
let other = '';

beforeAll(async () => {
  bench = await openBench();
  if (!bench.wallet.splits) throw new Error('no splits');
  splits = bench.wallet.splits;
  platform = bench.accountOf('platform');
  const accounts = bench.world.sandbox.accounts();
  seller = accounts.find(({ role }) => role === 'platform')?.sub_merchants[0] ?? '';
  receiver = bench.wallet.merchantNumber(bench.accountOf('certificate'));
  other = bench.wallet.merchantNumber(bench.accountOf('isv', { settings: {} }));
  const gateway = bench.world.sandbox.actions.find(({ name }) => name === 'gateway/set');
  for (const account of [bench.account, platform]) {
    await gateway?.run({ app_id: account.settings['app_id'], url: bench.merchant.url });
  }
});

afterAll(() => bench.stop());

beforeEach(async () => {
  await bench.renew();
  bench.world.faults.set([]);
});

interface Payment {
  readonly wallet_reference: string;
  readonly wallet_transaction_id: string;
  readonly sub_merchant?: string;
}

async function paid(account: WalletAccount, changes: Partial<CreateOrder> = {}): Promise<Payment> {
  const order = bench.order({ presentation: 'page', amount: 10_000n, hold: true, ...changes });
  const created = await bench.wallet.createPayment(account, order);
  const code =
    created.kind === 'presented' && created.presentation.kind === 'page'
      ? created.presentation.url
      : '';
  await bench.payWith(code);
  const { wallet_reference, sub_merchant } = order;
  const asked = await bench.wallet.queryPayment(account, wallet_reference);
  const id = asked.kind === 'fact' ? (asked.fact.wallet_transaction_id ?? '') : '';
  return {
    wallet_reference,
    wallet_transaction_id: id,
    ...(sub_merchant !== undefined && { sub_merchant }),
  };
}

function orderFor(payment: Payment, changes: Partial<SplitOrder> = {}): SplitOrder {
  return {
    split_reference: newWalletReference(0),
    ...payment,
    parts: [{ kind: 'merchant', account: receiver, amount: 1000n, description: '佣金' }],
    release_rest: false,
    ...changes,
  };
}

async function amountLeft(account: WalletAccount, payment: Payment): Promise<bigint> {
  const left = await splits.unsplitAmount(account, payment);
  if (left.kind !== 'amount') throw new Error(left.kind);
  return left.amount;
}

describe.each(['gateway', 'v3'] as const)('a merchant of its own, by %s', (protocol) => {
  let account: WalletAccount;

  beforeAll(async () => {
    account = bench.accountWith({ settings: { protocol } });
    // The first calls of a file may be slower than the bench allows: binding is re-entrant.
    while ((await bind()).kind !== 'done');
  });

  const bind = () => splits.addReceiver(account, { kind: 'merchant', account: receiver });

  test('a receiver bound twice is bound once', async () => {
    expect((await bind()).kind).toBe('done');
  });

  test('what the merchant may give away is what it has agreed', async () => {
    const ratio = bench.world.sandbox.actions.find(({ name }) => name === 'royalty/ratio');
    const seller_id = bench.wallet.merchantNumber(account);
    const { max_rate } = splits.limits;
    expect(await splits.maxRate?.(account, null)).toMatchObject({ kind: 'rate', rate: max_rate });
    await ratio?.run({ seller_id, percent: 80 });
    expect(await splits.maxRate?.(account, null)).toMatchObject({ kind: 'rate', rate: 80_000n });
    await ratio?.run({ seller_id, percent: 30 });
    bench.world.faults.set([{ fault: 'error_before_effect', probability: 1 }]);
    expect(await splits.maxRate?.(account, null)).toMatchObject({ kind: 'unknown' });
  });

  test('held money is split, the result is queried, the rest is released', async () => {
    const payment = await paid(account);
    expect(await amountLeft(account, payment)).toBe(9940n);
    const order = orderFor(payment);
    for (let copy = 0; copy < 2; copy += 1) {
      expect(await splits.split(account, order)).toMatchObject({
        kind: 'fact',
        fact: { split_reference: order.split_reference, state: 'pending' },
      });
    }
    bench.world.clock.advance(1000);
    expect(await splits.querySplit(account, order)).toMatchObject({
      kind: 'fact',
      fact: {
        state: 'finished',
        parts: [{ account: receiver, amount: 1000n, state: 'succeeded' }],
      },
    });
    expect(await amountLeft(account, payment)).toBe(8940n);
    const release = { ...payment, split_reference: newWalletReference(0) };
    const wanted = { ...release, amount: 8940n, description: '确认收货' };
    for (let copy = 0; copy < 2; copy += 1) {
      expect(await splits.release(account, wanted)).toMatchObject({
        kind: 'fact',
        fact: { state: 'finished', parts: [] },
      });
    }
    expect(await splits.querySplit(account, release)).toMatchObject({
      fact: { state: 'finished' },
    });
    expect(await amountLeft(account, payment)).toBe(0n);
    const late = await splits.split(account, orderFor(payment));
    expect(late).toMatchObject({ kind: 'refused', code: 'not_permitted' });
  });

  test('a part that fails names its reason, and the others are served', async () => {
    const payment = await paid(account);
    await splits.addReceiver(account, { kind: 'merchant', account: other });
    bench.world.faults.set([{ fault: 'split_part_refused', probability: 1, amount: 200n }]);
    const order = orderFor(payment, {
      parts: [
        { kind: 'merchant', account: receiver, amount: 1000n, description: '' },
        { kind: 'merchant', account: other, amount: 200n, description: '' },
      ],
      release_rest: true,
    });
    await splits.split(account, order);
    bench.world.clock.advance(1000);
    const asked = await splits.querySplit(account, order);
    expect(asked).toMatchObject({
      fact: { state: 'finished', parts: [{ state: 'succeeded' }, { state: 'refused' }] },
    });
    const [, failed] = asked.kind === 'fact' ? asked.fact.parts : [];
    expect(failed?.reason).toMatch(/^TXN_RESULT_/);
    expect(await amountLeft(account, payment)).toBe(0n);
  });

  test('receivers that are unknown, unbound or too dear are refused', async () => {
    const payment = await paid(account);
    const nobody = { kind: 'merchant', account: '2088999999999999' } as const;
    expect(await splits.addReceiver(account, nobody)).toMatchObject({
      kind: 'refused',
      code: 'invalid_request',
    });
    await splits.addReceiver(account, { kind: 'merchant', account: other });
    const gone = await splits.removeReceiver(account, { kind: 'merchant', account: other });
    expect(gone.kind).toBe('done');
    const to = (account: string, amount: bigint) =>
      orderFor(payment, { parts: [{ kind: 'merchant', account, amount, description: '' }] });
    expect(await splits.split(account, to(other, 1n))).toMatchObject({ code: 'not_permitted' });
    const dear = await splits.split(account, to(receiver, 3001n));
    expect(dear).toMatchObject({ kind: 'refused', code: 'not_permitted' });
    expect((await splits.querySplit(account, orderFor(payment))).kind).toBe('not_found');
  });

  test('an answer that is lost leaves the split open; sent again it is the same', async () => {
    const payment = await paid(account);
    const order = orderFor(payment);
    const operation = 'alipay.trade.order.settle';
    for (const fault of ['error_after_effect', 'timeout_before_effect'] as const) {
      bench.world.faults.set([{ fault, probability: 1, remaining: 1, operation }]);
      expect((await splits.split(account, order)).kind).toBe('unknown');
    }
    expect(await splits.split(account, order)).toMatchObject({ kind: 'fact' });
    bench.world.clock.advance(1000);
    expect(await amountLeft(account, payment)).toBe(8940n);
  });
});

describe('a platform’s seller', () => {
  const ofPlatform = () => ({ kind: 'merchant', account: platformNumber() }) as const;
  const platformNumber = () => bench.wallet.merchantNumber(platform);
  const wait = { sub_merchant: '' };

  beforeAll(() => {
    wait.sub_merchant = seller;
  });

  test('is paid when the release is confirmed, less what was refunded', async () => {
    const payment = await paid(platform, wait);
    await bench.wallet.refund(platform, bench.refundOf(2000n, newWalletReference(0)));
    expect(await amountLeft(platform, payment)).toBe(8000n);
    const release = { ...payment, split_reference: newWalletReference(0) };
    const wanted = { ...release, amount: 8000n, description: '确认收货' };
    for (let copy = 0; copy < 2; copy += 1) {
      expect(await splits.release(platform, wanted)).toMatchObject({
        kind: 'fact',
        fact: { state: 'finished', split_reference: wanted.split_reference },
      });
    }
    expect(await splits.querySplit(platform, release)).toMatchObject({
      fact: { state: 'finished', parts: [] },
    });
    expect(await amountLeft(platform, payment)).toBe(0n);
  });

  test('pays its commission first: confirmed, frozen, split, released', async () => {
    const payment = await paid(platform, wait);
    const parts = [{ ...ofPlatform(), amount: 500n, description: '佣金' }];
    const order = orderFor(payment, { parts });
    expect((await splits.split(platform, order)).kind).toBe('fact');
    bench.world.clock.advance(1000);
    expect(await splits.querySplit(platform, order)).toMatchObject({ fact: { state: 'finished' } });
    const second = orderFor(payment, { parts, release_rest: true });
    expect((await splits.split(platform, second)).kind).toBe('fact');
    bench.world.clock.advance(1000);
    expect(await amountLeft(platform, payment)).toBe(0n);
  });

  test('is not said what its sellers may give away', () => {
    expect(splits.maxRate?.(platform, seller)).toBeUndefined();
  });

  test('waits up to a year where the wallet holds the money', () => {
    expect(splits.limitsOf?.({ ...platform, custody: 'wallet_held' }).hold_days).toBe(365);
    expect(splits.limitsOf?.(platform).hold_days).toBe(30);
  });
});

test('receivers give back with the refund that names them', async () => {
  const payment = await paid(bench.account);
  const order = orderFor(payment, { release_rest: true });
  await splits.split(bench.account, order);
  bench.world.clock.advance(1000);
  const withdraw = bench.world.sandbox.actions.find(({ name }) => name === 'withdraw');
  await withdraw?.run({ seller_id: bench.wallet.merchantNumber(bench.account) });
  const refund = bench.refundOf(1000n, newWalletReference(0));
  expect(await bench.wallet.refund(bench.account, refund)).toMatchObject({
    kind: 'refused',
    code: 'insufficient_funds',
  });
  const split_returns = [{ kind: 'merchant', account: receiver, amount: 1000n }] as const;
  expect(await bench.wallet.refund(bench.account, { ...refund, split_returns })).toMatchObject({
    kind: 'fact',
    fact: { state: 'succeeded', amount: 1000n },
  });
});

test('the wallet’s message tells of a split what a query would', async () => {
  const payment = await paid(bench.account);
  const order = orderFor(payment);
  await splits.split(bench.account, order);
  bench.world.clock.advance(1000);
  for (let count = 1; ; count += 1) {
    const { headers, body } = (await bench.merchant.hears(count))[count - 1] ?? {
      headers: {},
      body: Buffer.alloc(0),
    };
    const raw = {
      headers: { ...headers } as Record<string, string>,
      body,
      received_at: new Date(),
    };
    const told = await bench.wallet.verifyNotification(bench.account, raw);
    if (told.kind !== 'verified' || told.content.about !== 'split') continue;
    expect(told.content.fact).toMatchObject({
      split_reference: order.split_reference,
      wallet_transaction_id: payment.wallet_transaction_id,
      state: 'finished',
      parts: [{ account: receiver, state: 'succeeded' }],
    });
    break;
  }
});

test('a refund that waits for somebody needs action, then it has arrived', async () => {
  const payment = await paid(bench.account, { hold: false });
  bench.world.faults.set([{ fault: 'refund_stuck', probability: 1, remaining: 1 }]);
  const order = bench.refundOf(1000n, newWalletReference(0));
  expect(await bench.wallet.refund(bench.account, order)).toMatchObject({
    kind: 'fact',
    fact: { state: 'needs_action', amount: 1000n },
  });
  const decide = bench.world.sandbox.actions.find(({ name }) => name === 'refunds/decide');
  await decide?.run({
    trade_no: payment.wallet_transaction_id,
    out_request_no: order.refund_reference,
    outcome: 'success',
  });
  expect(await bench.wallet.queryRefund(bench.account, order)).toMatchObject({
    fact: { state: 'succeeded' },
  });
});
