import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../../ids.ts';
import { poll } from '../../../sandbox/wechat-pay/sharing/testing.ts';
import type { ConsentFact, ConsentOrder, ConsentOutcome } from '../../products/payout-consents.ts';
import type { PayoutOrder, Payouts } from '../../products/payouts.ts';
import type { WalletAccount } from '../../wallet.ts';
import { type ConnectorBench, openConnectorBench } from '../testing.ts';

/** Consents over sockets: the person agrees on the sandbox phone, and withdraws there. */
let bench: ConnectorBench;
let account: WalletAccount;
let payouts: Payouts;
let payee: string;
const DAY_MS = 86_400_000;

beforeAll(async () => {
  bench = await openConnectorBench();
  account = bench.walletAccount('direct');
  if (!bench.wallet.payouts) throw new Error('no payouts');
  payouts = bench.wallet.payouts;
  const { out_trade_no } = await bench.paid('direct');
  const asked = await bench.wallet.queryPayment(account, out_trade_no);
  payee = asked.kind === 'fact' ? (asked.fact.payer ?? '') : '';
});
afterAll(() => bench.stop());
beforeEach(() => {
  bench.running.faults.set([]);
  bench.wait(DAY_MS);
});

function consents() {
  if (!payouts.consents) throw new Error('no consents');
  return payouts.consents;
}

function wish(more: Partial<ConsentOrder> = {}): ConsentOrder {
  return {
    consent_reference: newWalletReference(0),
    payee,
    display_name: '林小禾 🍵',
    description: '骑手收入',
    notify_url: bench.shop.notify_url,
    ...more,
  };
}

function order(more: Partial<PayoutOrder> = {}): PayoutOrder {
  return {
    payout_reference: newWalletReference(0),
    amount: 800n,
    currency: 'CNY',
    payee,
    description: '今日收入',
    notify_url: bench.shop.notify_url,
    ...more,
  };
}

function factOf(outcome: ConsentOutcome): ConsentFact {
  if (outcome.kind !== 'fact') throw new Error(JSON.stringify(outcome));
  return outcome.fact;
}

async function answer(outcome: 'accept' | 'decline'): Promise<void> {
  const { sandbox } = bench.running;
  for (const { id } of sandbox.receivable('lin')) await sandbox.answerTransfer(id, outcome);
}

async function given(): Promise<{ reference: string; standing_consent: string }> {
  const request = wish();
  await consents().ask(account, request);
  await answer('accept');
  const fact = factOf(await consents().query(account, request.consent_reference));
  return {
    reference: request.consent_reference,
    standing_consent: fact.standing_consent ?? '',
  };
}

/** What was told about one consent, in the order of its states. */
function told(reference: string) {
  return poll(async () => {
    const all = await bench.told('direct', 'payout_consent');
    const mine = all.filter(({ fact }) => fact.consent_reference === reference);
    return mine.map(({ fact }) => [fact.state, fact.closed_by]);
  });
}

async function isPaid(request: PayoutOrder): Promise<void> {
  await poll(() => payouts.query(account, request.payout_reference)).toMatchObject({
    kind: 'fact',
    fact: { state: 'succeeded', payee },
  });
}

describe('a standing consent', () => {
  test('is asked for, given on the phone, told, and lets payouts arrive unasked', async () => {
    const request = wish();
    const outcome = await consents().ask(account, request);
    expect(JSON.stringify(outcome.trace)).not.toContain('林小禾');
    const fact = factOf(outcome);
    expect(fact).toMatchObject({ state: 'needs_payee', payee, scene: '1000' });
    expect(fact.confirmation).toEqual({
      mchId: account.settings.mchid,
      appId: account.settings.appid,
      package: expect.any(String),
    });
    // Asked again it is the same one, and the same page.
    expect(factOf(await consents().ask(account, request))).toEqual(fact);
    await answer('accept');
    await told(request.consent_reference).toEqual([['in_effect', undefined]]);
    const later = factOf(await consents().query(account, request.consent_reference));
    expect(later).toMatchObject({ state: 'in_effect', agreed_at: expect.any(Date) });
    // Asked once more, it stands as it does.
    expect(factOf(await consents().ask(account, request)).state).toBe('in_effect');
    const before = bench.running.sandbox.balance('lin');
    const payout = order({ standing_consent: later.standing_consent ?? '' });
    await payouts.pay(account, payout);
    await isPaid(payout);
    expect(bench.running.sandbox.balance('lin')).toBe(before + 800n);
  });

  test('is withdrawn by the payee on the phone, and nothing more goes under it', async () => {
    const { reference, standing_consent } = await given();
    const { sandbox } = bench.running;
    const listed = sandbox.consents?.('lin').find(({ id }) => id === standing_consent);
    expect(listed).toMatchObject({ payer: '胡同集市', description: '林小禾 · 骑手收入' });
    await expect(sandbox.withdrawConsent?.('chen', standing_consent)).rejects.toMatchObject({
      code: 'transfer_over',
    });
    await sandbox.withdrawConsent?.('lin', standing_consent);
    await told(reference).toEqual([
      ['in_effect', undefined],
      ['closed', 'payee'],
    ]);
    const late = await payouts.pay(account, order({ standing_consent }));
    expect(late).toMatchObject({ kind: 'refused', code: 'not_permitted' });
  });

  test('is closed by the merchant once it is given, and not before', async () => {
    const request = wish();
    await consents().ask(account, request);
    const early = await consents().close(account, request.consent_reference);
    expect(early).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    await answer('accept');
    const closed = factOf(await consents().close(account, request.consent_reference));
    expect(closed).toMatchObject({ state: 'closed', closed_by: 'merchant' });
    expect(closed.closed_at).toBeInstanceOf(Date);
  });

  test('that nobody gives in a day, or is declined, is closed', async () => {
    const ignored = wish();
    await consents().ask(account, ignored);
    bench.wait(DAY_MS);
    const asked = () => consents().query(account, ignored.consent_reference);
    expect(factOf(await asked())).toMatchObject({ state: 'closed', closed_by: 'nobody_agreed' });
    bench.wait(31 * DAY_MS);
    expect((await asked()).kind).toBe('not_found');
    const declined = wish();
    await consents().ask(account, declined);
    await answer('decline');
    const fact = factOf(await consents().query(account, declined.consent_reference));
    expect(fact).toMatchObject({ state: 'closed', closed_by: 'payee' });
  });

  test('under a number that stands for another person is refused', async () => {
    const request = wish();
    await consents().ask(account, request);
    await answer('accept');
    const other = await consents().ask(account, { ...request, payee: `o${'x'.repeat(27)}` });
    expect(other.kind).toBe('refused');
    const scene = await consents().ask(account, {
      ...request,
      scene: '1006',
    });
    expect(scene).toMatchObject({ kind: 'refused', code: 'reference_reused' });
    const none = await consents().query(account, newWalletReference(0));
    expect(none.kind).toBe('not_found');
  });

  test('whose answer was lost is found by its number', async () => {
    bench.running.faults.set([{ fault: 'error_after_effect', probability: 1, remaining: 1 }]);
    const request = wish();
    expect((await consents().ask(account, request)).kind).toBe('unknown');
    const found = factOf(await consents().query(account, request.consent_reference));
    expect(found.state).toBe('needs_payee');
  });

  test.each([
    ['a scene that there is not', { scene: '9' }],
    ['a name that is only emoji', { display_name: '🍵' }],
    ['an app of somebody else', { app: 'wx0000000000000000' }],
  ])('with %s is not sent', async (_, more) => {
    const outcome = await consents().ask(account, wish(more));
    expect(outcome).toMatchObject({ kind: 'refused', trace: { duration_ms: 0 } });
  });

  test('is not asked of one person a sixth time while five are open', async () => {
    const { sandbox } = bench.running;
    for (const { id } of sandbox.consents?.('lin') ?? [])
      await sandbox.withdrawConsent?.('lin', id);
    for (let round = 0; round < 5; round += 1) {
      expect(factOf(await consents().ask(account, wish())).state).toBe('needs_payee');
    }
    const sixth = await consents().ask(account, wish());
    expect(sixth).toMatchObject({ kind: 'refused', code: 'invalid_request' });
  });
});

describe('a payout that asks for consent on the way', () => {
  const along = () => ({
    consent_reference: newWalletReference(0),
    display_name: '林小禾',
    notify_url: bench.shop.notify_url,
  });

  test('gives it when the money is taken', async () => {
    const ask_consent = along();
    const payout = order({ ask_consent });
    const made = await payouts.pay(account, payout);
    expect(made).toMatchObject({ kind: 'fact', fact: { state: 'needs_payee' } });
    const early = await consents().query(account, ask_consent.consent_reference);
    expect(early.kind).toBe('not_found');
    await answer('accept');
    await isPaid(payout);
    await told(ask_consent.consent_reference).toEqual([['in_effect', undefined]]);
    const { standing_consent = '' } = factOf(
      await consents().query(account, ask_consent.consent_reference),
    );
    const next = order({ standing_consent });
    await payouts.pay(account, next);
    await isPaid(next);
  });

  test('gives none when the money is not taken', async () => {
    const ask_consent = along();
    await payouts.pay(account, order({ ask_consent }));
    bench.wait(DAY_MS);
    const asked = await consents().query(account, ask_consent.consent_reference);
    expect(asked.kind).toBe('not_found');
  });
});
