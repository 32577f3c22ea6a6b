import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Connector, openConnector } from '../../../../test/support/wechat-pay-connector.ts';
import { newWalletReference } from '../../../ids.ts';
import type { NotificationFact } from '../../notification.ts';
import type { PayoutFact, PayoutOrder, PayoutOutcome } from '../../products/payouts.ts';

/** Payouts over sockets: the person accepts on the sandbox phone, or does not. */
let connector: Connector;
let payee: string;
const DAY_MS = 86_400_000;

beforeAll(async () => {
  connector = await openConnector();
  const paid = await connector.paid();
  const asked = await connector.wallet.queryPayment(connector.account, paid.wallet_reference);
  payee = asked.kind === 'fact' ? (asked.fact.payer ?? '') : '';
});
afterAll(() => connector.stop());
beforeEach(() => {
  connector.running.faults.set([]);
  connector.running.clock.offset_ms += DAY_MS;
});

function payouts() {
  const { payouts: found } = connector.wallet;
  if (!found) throw new Error('no payouts');
  return found;
}

function order(more: Partial<PayoutOrder> = {}): PayoutOrder {
  return {
    payout_reference: newWalletReference(0),
    amount: 800n,
    currency: 'CNY',
    payee,
    description: '退货补偿 🍵',
    notify_url: connector.shop.notify_url,
    ...more,
  };
}

function pay(request: PayoutOrder) {
  return payouts().pay(connector.account, request);
}

function factOf(outcome: PayoutOutcome): PayoutFact {
  if (outcome.kind !== 'fact') throw new Error(JSON.stringify(outcome));
  return outcome.fact;
}

/** What the last notification says, as the connector reads it. */
async function told(request: PayoutOrder): Promise<NotificationFact> {
  let found: NotificationFact | undefined;
  await expect
    .poll(async () => {
      for (const { headers, body } of connector.shop.received) {
        const plain = Object.entries(headers).map(([name, value]) => [name, String(value)]);
        const raw = { headers: Object.fromEntries(plain), body, received_at: new Date() };
        const read = await connector.wallet.verifyNotification(connector.account, raw);
        if (read.kind !== 'verified' || read.content.about !== 'payout') continue;
        if (read.content.fact.payout_reference === request.payout_reference) found = read.content;
      }
      return found;
    })
    .toBeDefined();
  if (!found) throw new Error('nothing was told');
  return found;
}

async function accept(): Promise<void> {
  const { sandbox } = connector.running;
  for (const { id } of sandbox.receivable('lin')) await sandbox.answerTransfer(id, 'accept');
}

describe('a payout', () => {
  test('needs the payee, and tells what their app needs to ask them', async () => {
    const request = order();
    const fact = factOf(await pay(request));
    expect(fact).toMatchObject({
      state: 'needs_payee',
      payout_reference: request.payout_reference,
    });
    expect(fact.confirmation).toMatchObject({ appId: connector.account.settings['appid'] });
    await accept();
    expect(await told(request)).toMatchObject({
      about: 'payout',
      fact: { state: 'succeeded', amount: 800n },
    });
    const later = factOf(await payouts().query(connector.account, request.payout_reference));
    expect(later).toMatchObject({ state: 'succeeded', amount: 800n });
    expect(later.paid_at).toBeInstanceOf(Date);
  });

  test('above 2,000 yuan carries the name encrypted, and masked in the trace', async () => {
    const outcome = await pay(order({ amount: 250_000n, payee_name: '林小禾' }));
    expect(factOf(outcome).state).toBe('pending');
    expect(JSON.stringify(outcome.trace)).not.toContain('林小禾');
    const wrong = order({ payee_name: '陈明' });
    await pay(wrong);
    expect(await told(wrong)).toMatchObject({
      fact: { state: 'refused', reason: 'NAME_NOT_CORRECT' },
    });
    expect(await pay(order({ amount: 250_000n }))).toMatchObject({
      kind: 'refused',
      code: 'invalid_request',
    });
  });

  test('is cancelled while the payee has not accepted, and not afterwards', async () => {
    const request = order();
    await pay(request);
    const { account } = connector;
    const cancel = () => payouts().cancel?.(account, request.payout_reference);
    expect((await cancel())?.kind).toBe('fact');
    expect(await told(request)).toMatchObject({ fact: { state: 'cancelled' } });
    const taken = order();
    await pay(taken);
    await accept();
    const late = await payouts().cancel?.(account, taken.payout_reference);
    expect(late?.kind).toBe('refused');
  });

  test('nobody took in a day comes back as refused', async () => {
    const request = order();
    await pay(request);
    connector.running.clock.offset_ms += DAY_MS;
    expect(await told(request)).toMatchObject({
      fact: { state: 'refused', reason: 'OVERDUE_CLOSE' },
    });
  });

  test('may be sent again under its number; the person is paid once', async () => {
    const request = order();
    const before = connector.running.sandbox.balance('lin');
    connector.running.faults.set([{ fault: 'error_after_effect', probability: 1, remaining: 1 }]);
    expect((await pay(request)).kind).toBe('unknown');
    expect(factOf(await pay(request)).state).toBe('needs_payee');
    await accept();
    await told(request);
    expect(connector.running.sandbox.balance('lin')).toBe(before + 800n);
    const other = await pay({ ...request, amount: 801n });
    expect(other).toMatchObject({ kind: 'refused', code: 'reference_reused' });
  });
});

describe('a refusal is definite', () => {
  test('when the wallet knows of no transfer: an account that is short', async () => {
    connector.running.faults.set([{ fault: 'merchant_short', probability: 1, remaining: 1 }]);
    const request = order();
    expect(await pay(request)).toMatchObject({ kind: 'refused', code: 'insufficient_funds' });
    expect(factOf(await pay(request)).state).toBe('needs_payee');
  });

  test.each([
    ['an unknown scene', { scene: '9' }],
    ['nobody', { payee: 'oNobody' }],
    ['too little', { amount: 1n }],
  ])('%s', async (_, more) => {
    expect(await pay(order(more))).toMatchObject({ kind: 'refused', code: 'invalid_request' });
  });

  test('but not when nobody answers', async () => {
    connector.running.faults.set([{ fault: 'error_before_effect', probability: 1, remaining: 1 }]);
    const request = order();
    expect((await pay(request)).kind).toBe('unknown');
    const asked = await payouts().query(connector.account, request.payout_reference);
    expect(asked.kind).toBe('not_found');
  });
});
