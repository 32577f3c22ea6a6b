import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PaymentFact } from '../wallets/wallet.ts';
import type { AttemptPart } from './attempt-part.ts';
import { judgeParts } from './judge.ts';
import { planParts } from './part.ts';

function part(reference: string, amount: bigint, sub_merchant: string | null = null): AttemptPart {
  return {
    book: 0,
    wallet_reference: reference,
    attempt_id: 'att_x',
    payment_id: 'pay_x',
    part_id: `prt_${reference}`,
    position: 0,
    wallet_account_id: 'wac_x',
    amount,
    description: 'Tea',
    sub_merchant,
    wallet_transaction_id: null,
  };
}

function paid(of: AttemptPart, over: Partial<PaymentFact> = {}): PaymentFact {
  const { wallet_reference, amount } = of;
  return {
    wallet_reference,
    state: 'paid',
    amount,
    currency: 'CNY',
    wallet_merchant: 'M',
    ...over,
  };
}

const parts = [part('A', 100n, 's1'), part('B', 250n, 's2'), part('C', 7n, 's1')];

describe('the facts of parts', () => {
  test('are the whole when all are paid, in any order, with sums of all they say', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...parts], { minLength: 3, maxLength: 3 }), (order) => {
        const coupons = { wallet_funded: 1n, merchant_funded: 2n, other_funded: 0n };
        const facts = order.map((one) => paid(one, { payer_paid: one.amount - 3n, coupons }));
        expect(judgeParts(parts, facts, 'M')).toMatchObject({
          kind: 'whole',
          fact: { state: 'paid', amount: 357n, payer_paid: 348n, coupons: { wallet_funded: 3n } },
        });
      }),
    );
  });

  test('are nothing yet when some are missing or not paid', () => {
    const [a, b] = parts;
    if (!a || !b) throw new Error('two parts are needed');
    expect(judgeParts(parts, [paid(a), paid(b)], 'M').kind).toBe('partly');
    const waiting = { ...paid(b), state: 'waiting' } as const;
    expect(judgeParts(parts, [paid(a), waiting], 'M').kind).toBe('partly');
    expect(judgeParts(parts, [waiting], 'M')).toMatchObject({ fact: { state: 'waiting' } });
    const closed = parts.map((one) => ({ ...paid(one), state: 'closed' as const }));
    expect(judgeParts(parts, closed, 'M')).toMatchObject({ fact: { state: 'closed' } });
  });

  test.each([
    ['another amount', { amount: 99n }, 'wrong_amount'],
    ['no amount', { amount: undefined }, 'wrong_amount'],
    ['another currency', { currency: 'USD' }, 'wrong_currency'],
    ['another merchant', { wallet_merchant: 'N' }, 'wrong_merchant'],
    ['another seller', { sub_merchant: 's2' }, 'wrong_merchant'],
    ['a number of none of them', { wallet_reference: 'Z' }, 'wrong_parts'],
  ])('are refused with %s in one of them', (_, over, why) => {
    const [first, ...rest] = parts.map((one) => paid(one));
    const wrong = { ...first, ...over } as PaymentFact;
    expect(judgeParts(parts, [...rest, wrong], 'M')).toMatchObject({ kind: 'refuse', why });
  });
});

test('parts that do not sum to the amount, or share a reference, are refused', () => {
  const one = { merchant: 'mer_1', amount: 60n, description: 'Tea', reference: '1' };
  expect(() => planParts(0, 121n, [one, { ...one, reference: '2' }])).toThrow(/sum to 120/);
  expect(() => planParts(0, 120n, [one, one])).toThrow(/reference/);
  expect(planParts(0, 120n, [one, { ...one, reference: '2' }])).toHaveLength(2);
});
