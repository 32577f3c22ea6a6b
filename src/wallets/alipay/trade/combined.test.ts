import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newWalletReference } from '../../../ids.ts';
import type { CombinedOrder, CombinedOrders } from '../../products/combined.ts';
import type { WalletAccount } from '../../wallet.ts';
import { type Bench, openBench } from '../testing.ts';

/** Merged orders through the connector. */
let bench: Bench;
let combined: CombinedOrders;
let platform: WalletAccount;
let sellers: readonly string[] = [];

beforeAll(async () => {
  bench = await openBench();
  if (!bench.wallet.combined) throw new Error('no combined orders');
  combined = bench.wallet.combined;
  platform = bench.accountOf('platform');
  const accounts = bench.world.sandbox.accounts();
  sellers = accounts.find(({ role }) => role === 'platform')?.sub_merchants ?? [];
});

afterAll(() => bench.stop());

beforeEach(() => bench.renew());

function order(changes: Partial<CombinedOrder> = {}): CombinedOrder {
  const { amount: _, ...rest } = bench.order({ presentation: 'h5' });
  const parts = sellers.map((sub_merchant, index) => ({
    wallet_reference: newWalletReference(0),
    amount: BigInt(1000 * (index + 1)),
    description: `第${index + 1}件`,
    sub_merchant,
    hold: true,
  }));
  return { ...rest, parts, ...changes };
}

async function presented(wanted: CombinedOrder): Promise<string> {
  const outcome = await combined.create(platform, wanted);
  if (outcome.kind !== 'presented') throw new Error(JSON.stringify(outcome.trace));
  const { presentation } = outcome;
  if (presentation.kind === 'app') return presentation.params['order_string'] ?? '';
  return presentation.kind === 'h5' ? presentation.url : '';
}

test.each(['h5', 'app'] as const)(
  'by %s: sellers’ parts are paid together, each is its own',
  async (kind) => {
    const wanted = order({ presentation: kind });
    const code = await presented(wanted);
    expect(await presented(wanted)).toBeTruthy();
    expect((await combined.query(platform, wanted)).kind).toBe('not_found');
    await bench.payWith(code);
    const facts = await combined.query(platform, wanted);
    if (facts.kind !== 'facts') throw new Error(facts.kind);
    expect(facts.parts.map(({ state, amount }) => [state, amount])).toEqual([
      ['paid', 1000n],
      ['paid', 2000n],
      ['paid', 3000n],
    ]);
    expect(new Set(facts.parts.map((part) => part.wallet_transaction_id)).size).toBe(3);
    expect((await combined.close(platform, wanted)).kind).toBe('already_paid');
    const again = await combined.create(platform, wanted);
    expect(again).toMatchObject({ kind: 'refused', code: 'already_paid' });
  },
);

test('is closed as a whole while nobody has paid, and expires when it is told to', async () => {
  const wanted = order();
  const code = await presented(wanted);
  expect((await combined.close(platform, wanted)).kind).toBe('not_found');
  const scanned = await bench.world.sandbox.scan('lin', code);
  expect((await combined.close(platform, wanted)).kind).toBe('closed');
  await expect(bench.world.sandbox.confirm(scanned.id, 'pay')).rejects.toThrow('order_closed');
  await bench.renew();
  const late = order();
  const dead = await presented(late);
  bench.world.clock.advance(31 * 60_000);
  await expect(bench.world.sandbox.scan('lin', dead)).rejects.toThrow('order_closed');
});

test('a part that is taken, or of a stranger, refuses the whole and is named', async () => {
  const paid = order();
  await bench.payWith(await presented(paid));
  await bench.renew();
  const [taken] = paid.parts;
  const reused = order();
  if (!taken) throw new Error('no part');
  const outcome = await combined.create(platform, {
    ...reused,
    parts: [...reused.parts.slice(0, 2), taken],
  });
  expect(outcome).toMatchObject({ kind: 'refused', code: 'already_paid' });
  expect(outcome.kind === 'refused' && outcome.message).toContain(taken.wallet_reference);
  const stranger = await combined.create(bench.account, order());
  expect(stranger).toMatchObject({ kind: 'refused', code: 'not_permitted' });
});

test('only a phone browser or an app opens it, and an unknown outcome stays one', async () => {
  const qr = await combined.create(platform, order({ presentation: 'qr' }));
  expect(qr).toMatchObject({ kind: 'refused', code: 'invalid_request' });
  const wanted = order();
  const operation = 'alipay.trade.merge.precreate';
  bench.world.faults.set([
    { fault: 'error_after_effect', probability: 1, remaining: 1, operation },
  ]);
  expect((await combined.create(platform, wanted)).kind).toBe('unknown');
  await bench.payWith(await presented(wanted));
  expect((await combined.query(platform, wanted)).kind).toBe('facts');
});
