import { expect, test } from 'vitest';
import { newWalletReference } from '../../src/ids.ts';
import { until } from './merchant.ts';
import { type At, sandboxOf } from './payments.ts';
import { merchantFor, need, PERSON } from './products.ts';

/** Standing consents, where a wallet asks the payees of payouts. */
export function payoutConsentContract(at: At): void {
  test('who agreed once for all is paid unasked, until the consent is withdrawn', async () => {
    const stage = at();
    const payouts = need(stage.wallet.payouts);
    const consents = need(payouts.consents);
    const { account } = merchantFor(stage, 'payouts');
    const { side, payerId } = sandboxOf(stage);
    const { notify_url } = stage.merchant;
    const payee = await payerId(PERSON, account);
    const ask = {
      consent_reference: newWalletReference(0),
      payee,
      display_name: 'chen_yu',
      notify_url,
    };
    const asked = await consents.ask(account, ask);
    expect(asked).toMatchObject({ kind: 'fact', fact: { state: 'needs_payee' } });
    for (const { id } of side.receivable(PERSON)) await side.answerTransfer(id, 'accept');
    const given = await consents.query(account, ask.consent_reference);
    if (given.kind !== 'fact') throw new Error(JSON.stringify(given));
    const { standing_consent = '' } = given.fact;
    const order = () =>
      ({
        payout_reference: newWalletReference(0),
        amount: 900n,
        currency: 'CNY',
        payee,
        description: '今日收入',
        notify_url,
        standing_consent,
      }) as const;
    const first = order();
    await payouts.pay(account, first);
    await until('the payout', async () => {
      const seen = await payouts.query(account, first.payout_reference);
      return seen.kind === 'fact' && seen.fact.state === 'succeeded' ? true : undefined;
    });
    expect(side.receivable(PERSON)).toEqual([]);
    const closed = await consents.close(account, ask.consent_reference);
    expect(closed).toMatchObject({
      kind: 'fact',
      fact: { state: 'closed', closed_by: 'merchant' },
    });
    expect((await payouts.pay(account, order())).kind).toBe('refused');
  });
}
