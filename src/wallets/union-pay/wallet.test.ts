import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../ids.ts';
import type { Fault } from '../../sandbox/faults.ts';
import { AMOUNT, type Bench, openBench } from './testing.ts';
import { unionPayWallet } from './wallet.ts';

let on: Bench;

beforeAll(async () => {
  on = await openBench();
});
beforeEach(() => on.renew());
afterAll(() => on.stop());

function strike(fault: Fault, operation?: string): void {
  on.world.faults.set([
    { fault, probability: 1, remaining: 1, ...(operation === undefined ? {} : { operation }) },
  ]);
}

describe('an order', () => {
  test('can be asked for by its number alone, by a process that knows nothing else', async () => {
    await on.paid();
    const other = unionPayWallet({ real: () => new Date(), timeout_ms: 1_000 });
    const asked = await other.queryPayment(on.accountWith({}), on.reference);
    other.stop();
    expect(asked).toMatchObject({
      kind: 'fact',
      fact: { state: 'paid', amount: AMOUNT, wallet_reference: on.reference },
    });
    expect(asked.kind === 'fact' && asked.fact.paid_at).toBeInstanceOf(Date);
  });

  test.each<[Fault, string]>([
    ['timeout_after_effect', 'unknown'],
    ['error_after_effect', 'unknown'],
    ['answer_cut', 'unknown'],
    ['answer_probed', 'unknown'],
    ['answer_unsigned', 'unknown'],
    ['timeout_before_effect', 'unknown'],
    ['error_before_effect', 'unknown'],
    ['connection_reset', 'unknown'],
    ['rate_limited', 'refused'],
  ])('whose answer suffers %s is %s, and asking again gives one order', async (fault, kind) => {
    strike(fault, 'backTransReq.do 01/07');
    const first = await on.wallet.createPayment(on.account, on.order());
    expect(first.kind).toBe(kind);
    const again = await on.presented();
    expect(again.kind).toBe('qr');
    const before = on.world.sandbox.transactions({ limit: 1000 }).length;
    await on.presented();
    expect(on.world.sandbox.transactions({ limit: 1000 })).toHaveLength(before);
  });

  test('under a rotated certificate is believed, for the authority is the same', async () => {
    strike('key_rotated');
    // Making a new key takes the wallet a while.
    const patient = unionPayWallet({ real: () => new Date(), timeout_ms: 20_000 });
    const made = await patient.createPayment(on.account, on.order());
    expect(made.kind).toBe('presented');
    patient.stop();
    const asked = await on.wallet.queryPayment(on.account, on.reference);
    expect(asked.kind).toBe('not_found');
  });

  test('that was paid is not presented again', async () => {
    await on.paid();
    const again = await on.wallet.createPayment(on.account, on.order());
    expect(again).toMatchObject({ kind: 'refused', code: 'already_paid' });
    const other = await on.wallet.createPayment(on.account, on.order({ amount: 1n }));
    expect(other).toMatchObject({ kind: 'refused', code: 'reference_reused' });
  });

  test('as a form carries its end, its number and where to go back', async () => {
    const expires_at = new Date('2026-11-21T08:00:00Z');
    const shown = await on.presented({ presentation: 'page', expires_at });
    expect(shown).toMatchObject({
      kind: 'form',
      url: `${on.world.sandbox.url}/gateway/api/frontTransReq.do`,
      fields: {
        payTimeout: '20261121160000',
        orderId: on.reference,
        frontUrl: 'http://127.0.0.1/return',
        channelType: '07',
        riskRateInfo: '{commodityName=龙井茶 / 2    250g     box}',
      },
    });
    expect(await on.presented({ presentation: 'h5' })).toMatchObject({
      fields: { channelType: '08' },
    });
  });

  test('that nobody paid has no promise of a close; one that is being decided neither', async () => {
    await on.presented();
    const close = () => on.wallet.closePayment(on.account, on.reference);
    expect((await close()).kind).toBe('not_found');
    strike('timeout_before_effect');
    expect((await close()).kind).toBe('unknown');
    await on.paid();
    expect((await close()).kind).toBe('already_paid');
  });

  test('with a query that lies about the amount says the lie, for the hub to judge', async () => {
    await on.paid();
    strike('answer_wrong_amount');
    const asked = await on.wallet.queryPayment(on.account, on.reference);
    expect(asked).toMatchObject({ kind: 'fact', fact: { amount: AMOUNT + 1n } });
  });

  test('at a port where nobody listens was never sent', async () => {
    const nowhere = on.accountWith({ settings: { gateway: 'http://127.0.0.1:9/gateway/api' } });
    const made = await on.wallet.createPayment(nowhere, on.order());
    expect(made).toMatchObject({ kind: 'refused', code: 'wallet_error' });
    const asked = await on.wallet.queryPayment(nowhere, on.reference);
    expect(asked.kind).toBe('unknown');
  });
});

describe('a refund', () => {
  test('with a query that lies about the amount is no refusal: the money has left', async () => {
    await on.paid();
    // The payment is asked for first.
    on.world.faults.set([{ fault: 'answer_wrong_amount', probability: 1, remaining: 2 }]);
    const made = await on.wallet.refund(on.account, on.refundOf(200n));
    expect(made).toMatchObject({ kind: 'fact', fact: { state: 'succeeded', amount: 201n } });
  });

  test('without the wallet’s number finds it by asking', async () => {
    await on.paid();
    const made = await on.wallet.refund(on.account, on.refundOf(200n));
    expect(made).toMatchObject({
      kind: 'fact',
      fact: { state: 'succeeded', amount: 200n, wallet_reference: on.reference },
    });
  });

  test.each<Fault>([
    'timeout_after_effect',
    'error_after_effect',
    'answer_cut',
    'answer_probed',
    'answer_unsigned',
    'timeout_before_effect',
    'connection_reset',
  ])('whose answer suffers %s is unknown, and is made once', async (fault) => {
    const wallet_transaction_id = await on.paid();
    const refund = on.refundOf(200n, { wallet_transaction_id });
    strike(fault, 'backTransReq.do 04/00');
    expect((await on.wallet.refund(on.account, refund)).kind).toBe('unknown');
    const again = await on.wallet.refund(on.account, refund);
    expect(again).toMatchObject({ kind: 'fact', fact: { state: 'succeeded', amount: 200n } });
    const book = on.world.sandbox.transactions({ limit: 1000 });
    expect(book.find((row) => row.wallet_reference === on.reference)?.refunded).toBe(200n);
  });

  test('that is held back is pending until the wallet says otherwise', async () => {
    const wallet_transaction_id = await on.paid();
    on.world.faults.set([{ fault: 'refund_delayed', probability: 1, delay_ms: 60_000 }]);
    const refund = on.refundOf(200n, { wallet_transaction_id });
    const made = await on.wallet.refund(on.account, refund);
    expect(made).toMatchObject({ kind: 'fact', fact: { state: 'pending' } });
    on.world.clock.advance(60_000);
    const asked = await on.wallet.queryRefund(on.account, refund);
    expect(asked).toMatchObject({ kind: 'fact', fact: { state: 'succeeded' } });
  });

  test('beyond what was paid, or from an empty account, is refused', async () => {
    const wallet_transaction_id = await on.paid();
    const more = await on.wallet.refund(on.account, on.refundOf(1235n, { wallet_transaction_id }));
    expect(more).toMatchObject({ kind: 'refused', code: 'over_refund' });
    strike('merchant_short');
    const short = await on.wallet.refund(on.account, on.refundOf(1n, { wallet_transaction_id }));
    expect(short).toMatchObject({ kind: 'refused', code: 'insufficient_funds' });
  });

  test('of a payment that nobody made, or paid, is refused', async () => {
    const none = await on.wallet.refund(on.account, on.refundOf(1n));
    expect(none).toMatchObject({ kind: 'refused', code: 'not_permitted' });
    const foreign = on.refundOf(1n, { wallet_transaction_id: '951807261002324791038' });
    expect(await on.wallet.refund(on.account, foreign)).toMatchObject({
      kind: 'refused',
      code: 'not_permitted',
    });
  });

  test('asked about under another payment’s number is not believed', async () => {
    const wallet_transaction_id = await on.paid();
    const refund = on.refundOf(200n, { wallet_transaction_id });
    await on.wallet.refund(on.account, refund);
    const asked = await on.wallet.queryRefund(on.account, {
      ...refund,
      wallet_reference: newWalletReference(0),
    });
    expect(asked.kind).toBe('unknown');
  });
});

describe('a payer’s code', () => {
  const charge = (changes: Record<string, unknown> = {}) =>
    on.wallet.payerCodes?.charge(on.account, {
      wallet_reference: on.reference,
      amount: AMOUNT,
      currency: 'CNY',
      description: 'tea',
      payer_code: on.world.sandbox.payerCode('lin').code,
      device: 'till-7',
      client_ip: '127.0.0.1',
      notify_url: on.ear.url,
      ...changes,
    });
  const reverse = () =>
    on.wallet.payerCodes?.reverse(on.account, { wallet_reference: on.reference });

  test('that is charged twice by the same number is charged once', async () => {
    const before = on.world.sandbox.balance('lin');
    strike('timeout_after_effect', 'backTransReq.do 01/06');
    expect((await charge())?.kind).toBe('unknown');
    expect(await charge()).toMatchObject({ kind: 'fact', fact: { state: 'paid' } });
    expect(on.world.sandbox.balance('lin')).toBe(before - AMOUNT);
    expect(await charge({ amount: 1n })).toMatchObject({ kind: 'unknown' });
  });

  test('of somebody who is short is refused, and says so', async () => {
    const payer_code = on.world.sandbox.payerCode('poor').code;
    expect(await charge({ payer_code })).toMatchObject({
      kind: 'refused',
      code: 'insufficient_funds',
    });
  });

  test('that waits for the password is ended by a reversal, money back or not', async () => {
    strike('password_asked');
    expect((await charge())?.kind).toBe('needs_payer');
    expect(await reverse()).toMatchObject({ kind: 'reversed', money_returned: false });
    const asked = await on.wallet.queryPayment(on.account, on.reference);
    expect(asked).toMatchObject({ kind: 'fact', fact: { state: 'closed' } });
    await on.renew();
    await charge();
    expect(await reverse()).toMatchObject({ kind: 'reversed', money_returned: true });
    expect((await reverse())?.kind).toBe('reversed');
  });

  test('whose reversal got no answer is reversed again', async () => {
    await charge();
    strike('timeout_after_effect', 'backTransReq.do 99/01');
    expect((await reverse())?.kind).toBe('again');
    expect((await reverse())?.kind).toBe('reversed');
  });
});
