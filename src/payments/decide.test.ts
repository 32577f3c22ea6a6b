import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PaymentFact } from '../wallets/wallet.ts';
import { type Decision, decide, mayBePaid, type Situation } from './decide.ts';
import type { Attempt, AttemptState, Payment, PaymentState } from './payment.ts';

const AT = new Date('2026-11-21T00:00:00Z');

function payment(over: Partial<Payment> = {}): Payment {
  return {
    book: 0,
    id: 'pay_x',
    version: 1,
    sequence: 0,
    platform_id: 'plt_x',
    merchant_id: 'mer_x',
    state: 'pending',
    amount: 100n,
    currency: 'CNY',
    description: 'tea',
    order_reference: 'o-1',
    order_url: null,
    order_items: [],
    return_url: null,
    metadata: {},
    parts: [],
    terms: null,
    expires_at: AT,
    closing: false,
    close_reason: null,
    succeeded_attempt_id: null,
    wallet: null,
    refund_reserved: 0n,
    refunded: 0n,
    refund_count: 0,
    created_at: AT,
    paid_at: null,
    closed_at: null,
    ...over,
  };
}

function attempt(id: string, state: AttemptState, over: Partial<Attempt> = {}): Attempt {
  return {
    book: 0,
    id: `att_${id}`,
    version: 1,
    payment_id: 'pay_x',
    wallet: 'alipay',
    wallet_account_id: 'wac_x',
    presentation: 'qr',
    state,
    wallet_reference: id,
    sub_merchant: null,
    combined: false,
    amount: 100n,
    presentation_data: null,
    refusal: null,
    wallet_transaction_id: null,
    payer_paid: null,
    coupons: null,
    expires_at: AT,
    returned: 0n,
    created_at: AT,
    paid_at: null,
    ...over,
  };
}

function situation(
  paymentOver: Partial<Payment>,
  mine: Attempt,
  others: Attempt[] = [],
): Situation {
  return {
    payment: payment(paymentOver),
    attempt: mine,
    attempts: [mine, ...others],
    wallet_merchant: 'M1',
  };
}

function fact(over: Partial<PaymentFact> = {}): PaymentFact {
  return {
    wallet_reference: 'a',
    state: 'paid',
    wallet_transaction_id: 't',
    amount: 100n,
    currency: 'CNY',
    wallet_merchant: 'M1',
    ...over,
  };
}

describe('what a wallet’s fact means', () => {
  test.each([
    [{ wallet_merchant: 'M2' }, 'wrong_merchant'],
    [{ amount: 99n }, 'wrong_amount'],
    [{ amount: 101n }, 'wrong_amount'],
    [{ currency: 'USD' }, 'wrong_currency'],
  ] as const)('a fact with %o is refused', (over, why) => {
    expect(decide(situation({}, attempt('a', 'presented')), fact(over))).toEqual({
      kind: 'refuse',
      why,
    });
  });

  test.each(['created', 'presented', 'unknown', 'abandoned'] as const)(
    'money on a %s attempt of an open payment counts',
    (state) => {
      expect(decide(situation({}, attempt('a', state)), fact()).kind).toBe('succeed');
    },
  );

  test.each(['closed', 'refused'] as const)('money on a %s attempt goes back', (state) => {
    const decision = decide(situation({ state: 'requires_wallet' }, attempt('a', state)), fact());
    expect(decision).toEqual({ kind: 'return', origin: 'late_success' });
  });

  test('the second wallet’s money goes back, the other attempt is closed', () => {
    const other = attempt('b', 'presented');
    expect(decide(situation({}, attempt('a', 'abandoned'), [other]), fact())).toEqual({
      kind: 'succeed',
      others: [other],
    });
    const paid = { state: 'succeeded', succeeded_attempt_id: 'att_b' } as const;
    expect(decide(situation(paid, attempt('a', 'abandoned')), fact())).toEqual({
      kind: 'return',
      origin: 'double_payment',
    });
  });

  test('a closed payment never succeeds', () => {
    const decision = decide(situation({ state: 'closed' }, attempt('a', 'abandoned')), fact());
    expect(decision).toEqual({ kind: 'return', origin: 'late_success' });
  });

  test('a confirmed close ends the payment only when nothing else can be paid', () => {
    const closing = { closing: true, close_reason: 'expired' } as const;
    const told = fact({ state: 'closed' });
    expect(decide(situation(closing, attempt('a', 'presented')), told)).toEqual({
      kind: 'end',
      payment_closes: true,
    });
    const other = attempt('b', 'abandoned');
    expect(decide(situation(closing, attempt('a', 'presented'), [other]), told)).toEqual({
      kind: 'end',
      payment_closes: false,
    });
  });

  test('whatever is told in whatever order, the money of an attempt is counted or sent back once', () => {
    const attemptState = fc.constantFrom<AttemptState>(
      'created',
      'presented',
      'unknown',
      'succeeded',
      'refused',
      'closed',
      'abandoned',
    );
    const paymentState = fc.constantFrom<PaymentState>(
      'requires_wallet',
      'pending',
      'succeeded',
      'closed',
    );
    const told = fc.constantFrom<PaymentFact['state']>('paid', 'waiting', 'closed', 'refunded');
    fc.assert(
      fc.property(
        paymentState,
        attemptState,
        fc.boolean(),
        fc.array(told, { maxLength: 8 }),
        (state, mine, closing, facts) => {
          fc.pre(state === 'succeeded' || mine !== 'succeeded');
          let now = situation({ state, closing }, attempt('a', mine));
          let counted = 0;
          for (const next of facts) {
            const decision = decide(now, fact({ state: next }));
            if (decision.kind === 'succeed' || decision.kind === 'return') counted += 1;
            now = after(now, decision);
          }
          expect(counted).toBeLessThanOrEqual(1);
          expect(mine === 'succeeded' ? counted : 0).toBe(0);
        },
      ),
    );
  });
});

/** The situation that a decision leaves, as `advance` writes it. */
function after(now: Situation, decision: Decision): Situation {
  if (decision.kind === 'succeed') {
    return situation(
      { ...now.payment, state: 'succeeded' },
      { ...now.attempt, state: 'succeeded' },
    );
  }
  if (decision.kind === 'return') {
    const ended = mayBePaid(now.attempt) ? 'closed' : now.attempt.state;
    return situation(now.payment, { ...now.attempt, state: ended, returned: now.attempt.amount });
  }
  if (decision.kind === 'end') return situation(now.payment, { ...now.attempt, state: 'closed' });
  return now;
}
