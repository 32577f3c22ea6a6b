import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Sale } from '../../../sandbox/wechat-pay/bills/testing.ts';
import { merchantOf } from '../../../sandbox/wechat-pay/testing.ts';
import type { RefundTarget } from '../../products/stuck-refunds.ts';
import type { RefundOrder, RefundOutcome } from '../../wallet.ts';
import { type BillBench, openBillBench } from '../bills/testing.ts';

/** Refunds of sellers, and refunds that need somebody to act, through the connector. */
let bench: BillBench;
let counter = 0;
const CARD: RefundTarget = {
  kind: 'payer_card',
  bank: 'ICBC_DEBIT',
  card_number: '6222020000001111',
  holder_name: '林小禾',
};

beforeAll(async () => {
  bench = await openBillBench();
});
afterAll(() => bench.stop());
beforeEach(() => bench.world.running.faults.set([]));

function refundOf(sale: Sale, amount: bigint): RefundOrder {
  counter += 1;
  return {
    wallet_reference: sale.out_trade_no,
    refund_reference: `STUCK${counter}`,
    amount,
    payment_amount: BigInt(sale.total),
    currency: 'CNY',
    reason: '退货',
    notify_url: 'http://127.0.0.1:9/notify',
    ...(sale.sub_mchid === undefined ? {} : { sub_merchant: sale.sub_mchid }),
  };
}

const sellerOf = (role: string) => merchantOf(bench.world.running, role).sub_merchants[0] ?? '';

function factOf(outcome: RefundOutcome) {
  if (outcome.kind !== 'fact') throw new Error(JSON.stringify(outcome));
  return outcome.fact;
}

describe.each(['partner', 'platform'])('a %s', (role) => {
  test('refunds its seller’s orders and asks for them', async () => {
    const account = bench.accountOf(role);
    const sale = await bench.world.sell({ account: role, sub_mchid: sellerOf(role) });
    const refund = refundOf(sale, 1000n);
    expect(factOf(await bench.wallet.refund(account, refund))).toMatchObject({
      state: 'pending',
      amount: 1000n,
    });
    await expect
      .poll(async () => factOf(await bench.wallet.queryRefund(account, refund)).state)
      .toBe('succeeded');
    expect(await bench.wallet.refund(account, refundOf(sale, 235n))).toMatchObject({
      kind: 'refused',
      code: 'over_refund',
    });
  });

  test('cannot leave the seller out; nothing is sent', async () => {
    const account = bench.accountOf(role);
    const sale = await bench.world.sell({ account: role, sub_mchid: sellerOf(role) });
    const { sub_merchant: _seller, ...refund } = refundOf(sale, 1n);
    const refused = { kind: 'refused', code: 'invalid_request', trace: { duration_ms: 0 } };
    expect(await bench.wallet.refund(account, refund)).toMatchObject(refused);
    expect(await bench.wallet.queryRefund(account, refund)).toMatchObject(refused);
  });
});

test('a direct merchant has no sellers to refund for', async () => {
  const sale = await bench.world.sell();
  const refund = { ...refundOf(sale, 1n), sub_merchant: sellerOf('partner') };
  expect(await bench.wallet.refund(bench.accountOf('direct'), refund)).toMatchObject({
    kind: 'refused',
    trace: { duration_ms: 0 },
  });
});

test('a merchant without money is told so, and the same number works later', async () => {
  const account = bench.accountOf('direct');
  const refund = refundOf(await bench.world.sell(), 100n);
  bench.world.running.faults.set([{ fault: 'merchant_short', probability: 1, remaining: 1 }]);
  expect(await bench.wallet.refund(account, refund)).toMatchObject({
    kind: 'refused',
    code: 'insufficient_funds',
  });
  expect((await bench.wallet.refund(account, refund)).kind).toBe('fact');
});

describe.each(['direct', 'partner', 'platform'])('a stuck refund of a %s', (role) => {
  async function stuck() {
    const account = bench.accountOf(role);
    const seller = role === 'direct' ? {} : { account: role, sub_mchid: sellerOf(role) };
    const refund = refundOf(await bench.world.sell(seller), 500n);
    bench.world.running.faults.set([{ fault: 'refund_stuck', probability: 1, remaining: 1 }]);
    await bench.wallet.refund(account, refund);
    const state = async () => factOf(await bench.wallet.queryRefund(account, refund));
    await expect.poll(async () => (await state()).state).toBe('needs_action');
    const { wallet_refund_id = '' } = await state();
    return { account, refund: { ...refund, wallet_refund_id }, state };
  }

  test('is sent to the payer’s card, whose number stays out of the trace', async () => {
    const { account, refund, state } = await stuck();
    const outcome = await bench.wallet.stuckRefunds?.resolve(account, refund, CARD);
    if (!outcome) throw new Error('not offered');
    expect(factOf(outcome).state).toBe('pending');
    expect(bench.wallet.calls.map(({ operation }) => operation)).toContain(outcome.trace.operation);
    const trace = JSON.stringify(outcome.trace);
    for (const secret of ['6222020000001111', '林小禾']) expect(trace).not.toContain(secret);
    expect(trace).not.toMatch(/[A-Za-z0-9+/]{100}/);
    await expect.poll(async () => (await state()).state).toBe('succeeded');
  });

  test('is sent to the merchant’s own account', async () => {
    const { account, refund, state } = await stuck();
    const target = { kind: 'merchant_account' } as const;
    const outcome = await bench.wallet.stuckRefunds?.resolve(account, refund, target);
    expect(outcome?.kind).toBe('fact');
    await expect.poll(async () => (await state()).state).toBe('succeeded');
  });

  test('whose answer is lost stays unknown, and the same wish is one refund', async () => {
    const { account, refund, state } = await stuck();
    bench.world.running.faults.set([
      { fault: 'error_after_effect', operation: 'refund.abnormal', probability: 1, remaining: 1 },
    ]);
    const target = { kind: 'merchant_account' } as const;
    const first = await bench.wallet.stuckRefunds?.resolve(account, refund, target);
    expect(first?.kind).toBe('unknown');
    const again = await bench.wallet.stuckRefunds?.resolve(account, refund, target);
    expect(again?.kind).toBe('fact');
    await expect.poll(async () => (await state()).state).toBe('succeeded');
  });
});

test('a refund that is not stuck is not redirected', async () => {
  const account = bench.accountOf('direct');
  const refund = refundOf(await bench.world.sell(), 500n);
  const { wallet_refund_id = '' } = factOf(await bench.wallet.refund(account, refund));
  const wish = { ...refund, wallet_refund_id };
  expect(await bench.wallet.stuckRefunds?.resolve(account, wish, CARD)).toMatchObject({
    kind: 'refused',
    code: 'invalid_request',
  });
});
