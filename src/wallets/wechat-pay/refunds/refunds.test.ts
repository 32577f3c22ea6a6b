import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Connector, openConnector } from '../../../../test/support/wechat-pay-connector.ts';
import type { ReceivedNotice } from '../../../sandbox/wechat-pay/testing.ts';
import type { VerifiedNotification } from '../../notification.ts';

/** Refunding, against the sandbox over sockets. */
let on: Connector;

beforeAll(async () => {
  on = await openConnector();
});
afterAll(() => on.stop());

describe('refunding', () => {
  test('is accepted, arrives, and the payment says refunded', async () => {
    const request = await on.paid();
    const refund = on.refundOf(request, 1000n);
    expect(await on.wallet.refund(on.account, refund)).toMatchObject({
      kind: 'fact',
      fact: { state: 'pending', amount: 1000n, wallet_refund_id: expect.stringMatching(/^503/) },
    });
    await expect
      .poll(() => on.wallet.queryRefund(on.account, refund))
      .toMatchObject({
        kind: 'fact',
        fact: { state: 'succeeded', refunded_at: expect.any(Date) },
      });
    expect(await on.wallet.queryPayment(on.account, request.wallet_reference)).toMatchObject({
      fact: { state: 'refunded', amount: 1234n },
    });
  });

  test('more than was paid is refused as such', async () => {
    const request = await on.paid();
    await on.wallet.refund(on.account, on.refundOf(request, 1000n));
    expect(await on.wallet.refund(on.account, on.refundOf(request, 235n))).toMatchObject({
      kind: 'refused',
      code: 'over_refund',
    });
  });

  test('again under the same number is the same refund, with another amount none', async () => {
    const request = await on.paid();
    const refund = on.refundOf(request, 1000n);
    const first = await on.wallet.refund(on.account, refund);
    const again = await on.wallet.refund(on.account, { ...refund, wallet_transaction_id: '4200' });
    expect(first.kind === 'fact' && first.fact.wallet_refund_id).toBeTruthy();
    expect(again.kind === 'fact' && again.fact.wallet_refund_id).toBe(
      first.kind === 'fact' && first.fact.wallet_refund_id,
    );
    expect(await on.wallet.refund(on.account, { ...refund, amount: 1n })).toMatchObject({
      code: 'reference_reused',
    });
  });

  test('what was never paid or never asked for is not found', async () => {
    const request = on.order();
    expect(await on.wallet.refund(on.account, on.refundOf(request, 1n))).toMatchObject({
      code: 'not_found',
    });
    expect((await on.wallet.queryRefund(on.account, on.refundOf(request, 1n))).kind).toBe(
      'not_found',
    );
  });
});

test('the sandbox tells of payment and refund in notifications that verify', async () => {
  const request = await on.paid();
  const received = async (fact: object) => {
    const found = async () =>
      (await Promise.all(on.shop.received.map(verify))).filter((entry) => matches(entry, fact));
    await expect.poll(async () => (await found()).length).toBe(1);
    return (await found())[0];
  };
  const verify = ({ headers, body }: ReceivedNotice) => {
    const flat = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    const raw = { headers: Object.fromEntries(flat), body, received_at: new Date() };
    return on.wallet.verifyNotification(on.account, raw);
  };
  const matches = (verified: VerifiedNotification, fact: object) =>
    verified.kind === 'verified' &&
    verified.content.about !== 'other' &&
    Object.entries(fact).every(([name, value]) =>
      Object.entries(verified.content).some(
        ([, inner]) => typeof inner === 'object' && Reflect.get(inner, name) === value,
      ),
    );
  const { wallet_reference } = request;
  expect(await received({ wallet_reference, state: 'paid' })).toMatchObject({
    fact_state: 'SUCCESS',
  });
  const refund = on.refundOf(request, 34n);
  await on.wallet.refund(on.account, refund);
  const { refund_reference } = refund;
  expect(await received({ refund_reference, state: 'succeeded' })).toMatchObject({
    content: { about: 'refund', fact: { amount: 34n } },
  });
});
