import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../../ids.ts';
import type { PayoutFact, PayoutOrder, PayoutOutcome } from '../../products/payouts.ts';
import type { WalletAccount } from '../../wallet.ts';
import { type Bench, openBench } from '../testing.ts';

/** Payouts over sockets, by the application that may make them: the one with certificates. */
let bench: Bench;
let account: WalletAccount;
const DAY_MS = 86_400_000;

beforeAll(async () => {
  bench = await openBench();
  const found = bench.world.sandbox.accounts().find(({ role }) => role === 'certificate');
  if (!found) throw new Error('no application with certificates');
  const parsed = bench.wallet.parseAccount(found);
  account = { id: 'wac_payouts', wallet: 'alipay', custody: 'merchant_own', ...parsed };
});
afterAll(() => bench.stop());
beforeEach(async () => {
  await bench.renew();
  bench.world.faults.set([]);
  bench.world.clock.advance(DAY_MS);
});

function payouts() {
  const { payouts: found } = bench.wallet;
  if (!found) throw new Error('no payouts');
  return found;
}

function order(more: Partial<PayoutOrder> = {}): PayoutOrder {
  return {
    payout_reference: newWalletReference(0),
    amount: 1_250n,
    currency: 'CNY',
    payee: 'lin@sandbox.test',
    payee_name: '林小雨',
    description: '退货补偿 🍵',
    notify_url: bench.merchant.url,
    ...more,
  };
}

const pay = (request: PayoutOrder) => payouts().pay(account, request);

function factOf(outcome: PayoutOutcome): PayoutFact {
  if (outcome.kind !== 'fact') throw new Error(JSON.stringify(outcome));
  return outcome.fact;
}

describe('a payout', () => {
  test('arrives unasked; its query says the same, and no name is in the trace', async () => {
    const before = bench.world.sandbox.balance('lin');
    const request = order();
    const outcome = await pay(request);
    expect(factOf(outcome)).toMatchObject({ state: 'succeeded', amount: 1_250n });
    expect(bench.world.sandbox.balance('lin')).toBe(before + 1_250n);
    expect(JSON.stringify(outcome.trace)).not.toMatch(/林小雨|lin@/);
    const asked = factOf(await payouts().query(account, request.payout_reference));
    expect(asked).toMatchObject({ state: 'succeeded', amount: 1_250n });
    expect(asked.paid_at).toBeInstanceOf(Date);
  });

  test('reaches a person by the id the wallet gave the application', async () => {
    const paid = bench.order({ wallet_reference: newWalletReference(0) });
    const made = await bench.wallet.createPayment(account, paid);
    if (made.kind !== 'presented' || made.presentation.kind !== 'qr') throw new Error(made.kind);
    await bench.payWith(made.presentation.qr, 'chen');
    const asked = await bench.wallet.queryPayment(account, paid.wallet_reference);
    const payee = asked.kind === 'fact' ? (asked.fact.payer ?? '') : '';
    const before = bench.world.sandbox.balance('chen');
    const { payee_name: _, ...unnamed } = order({ payee });
    expect(factOf(await pay(unnamed)).state).toBe('succeeded');
    expect(bench.world.sandbox.balance('chen')).toBe(before + 1_250n);
  });

  test('may be sent again under its number; the person is paid once', async () => {
    const before = bench.world.sandbox.balance('lin');
    const request = order();
    bench.world.faults.set([{ fault: 'timeout_after_effect', probability: 1, remaining: 1 }]);
    expect((await pay(request)).kind).toBe('unknown');
    expect(factOf(await pay(request)).state).toBe('succeeded');
    expect(bench.world.sandbox.balance('lin')).toBe(before + 1_250n);
    expect(await pay({ ...request, amount: 1_251n })).toMatchObject({
      kind: 'refused',
      code: 'reference_reused',
    });
  });

  test('that fails after it was accepted is pending, then refused with the reason', async () => {
    bench.world.faults.set([{ fault: 'payout_fails', probability: 1, remaining: 1 }]);
    const request = order();
    expect(factOf(await pay(request)).state).toBe('pending');
    bench.world.clock.advance(5_000);
    const later = factOf(await payouts().query(account, request.payout_reference));
    expect(later).toMatchObject({ state: 'refused', amount: 1_250n });
    expect(later.reason).toBeTruthy();
  });

  test('is told on the message channel, and forged messages are refused', async () => {
    const action = bench.world.sandbox.actions.find(({ name }) => name === 'gateway/set');
    await action?.run({ app_id: account.settings['app_id'], url: bench.merchant.url });
    const request = order();
    await pay(request);
    const [heard] = await bench.merchant.hears(1);
    const body = heard?.body ?? Buffer.alloc(0);
    const raw = { headers: {}, body, received_at: new Date() };
    expect(await bench.wallet.verifyNotification(account, raw)).toMatchObject({
      kind: 'verified',
      fact_state: 'SUCCESS',
      content: {
        about: 'payout',
        fact: { payout_reference: request.payout_reference, state: 'succeeded', amount: 1_250n },
      },
    });
    const forged = Buffer.from(body.toString('utf8').replace('12.50', '99.50'));
    expect(forged.equals(body)).toBe(false);
    expect(await bench.wallet.verifyNotification(account, { ...raw, body: forged })).toMatchObject({
      kind: 'refused',
      reason: 'signature',
    });
    expect(await bench.wallet.verifyNotification(bench.account, raw)).toMatchObject({
      kind: 'refused',
    });
  });
});

describe('a refusal is definite', () => {
  test('of a payee in another application: nothing is sent', async () => {
    const outcome = await pay(order({ app: '2021000000000000' }));
    expect(outcome).toMatchObject({ kind: 'refused', trace: { duration_ms: 0 } });
  });

  test.each([
    ['another name', { payee_name: '陈大海' }, 'invalid_request'],
    ['nobody', { payee: 'no@sandbox.test' }, 'invalid_request'],
    ['too little', { amount: 9n }, 'invalid_request'],
    ['too much', { amount: 5_000_001n }, 'not_permitted'],
  ])('%s', async (_, more, code) => {
    const request = order(more);
    expect(await pay(request)).toMatchObject({ kind: 'refused', code });
    const asked = await payouts().query(account, request.payout_reference);
    expect(asked.kind).toBe('not_found');
  });

  test('an account that is short, and an application without certificates', async () => {
    bench.world.faults.set([{ fault: 'merchant_short', probability: 1, remaining: 1 }]);
    expect(await pay(order())).toMatchObject({ code: 'insufficient_funds' });
    expect((await payouts().pay(bench.account, order())).kind).toBe('refused');
  });
});
