import type { PaymentFact } from '../wallets/wallet.ts';
import { type Attempt, isLive, type Payment } from './payment.ts';

/**
 * What a wallet's verified fact means for a payment: pure, so that every order of arrival can be
 * tested. The caller turns the decision into one move.
 */
export type Decision =
  /** Nothing new: said before, or says nothing that changes a state. */
  | { readonly kind: 'ignore'; readonly why: string }
  /** The fact does not fit; recorded as a break, no state changes. */
  | { readonly kind: 'refuse'; readonly why: Misfit }
  /** The payment is paid by this attempt; `others` may still be paid and must be closed. */
  | { readonly kind: 'succeed'; readonly others: readonly Attempt[] }
  /** Money that arrived late or twice: it goes back. */
  | { readonly kind: 'return'; readonly origin: 'late_success' | 'double_payment' }
  /** The wallet confirms that nobody can pay this attempt any more. */
  | { readonly kind: 'end'; readonly payment_closes: boolean };

export type Misfit = 'wrong_merchant' | 'wrong_amount' | 'wrong_currency' | 'wrong_parts';

/** Who told: kept on the timeline and in breaks. */
export type FactSource = 'notification' | 'query' | 'answer' | 'bill' | 'person';

/** What came of a fact. */
export interface AdvanceResult {
  readonly outcome: Decision['kind'] | 'unknown_order';
  readonly why: string | null;
  readonly payment_id: string | null;
}

export interface Situation {
  readonly payment: Payment;
  readonly attempt: Attempt;
  readonly attempts: readonly Attempt[];
  /** The merchant number of the wallet account this attempt was made at. */
  readonly wallet_merchant: string;
  /** The fact was summed up from facts about every part. */
  readonly by_parts?: boolean;
}

export function decide(situation: Situation, fact: PaymentFact): Decision {
  const { attempt } = situation;
  if (fact.wallet_merchant !== situation.wallet_merchant) {
    return { kind: 'refuse', why: 'wrong_merchant' };
  }
  if ((fact.sub_merchant ?? attempt.sub_merchant) !== attempt.sub_merchant) {
    return { kind: 'refuse', why: 'wrong_merchant' };
  }
  if (attempt.combined && !situation.by_parts) return { kind: 'refuse', why: 'wrong_parts' };
  switch (fact.state) {
    case 'paid':
      return decidePaid(situation, fact);
    case 'refunded':
      // Paid first, refunded since. Our own refunds say so under their own numbers.
      if (attempt.state === 'succeeded' || attempt.returned > 0n) {
        return { kind: 'ignore', why: 'already counted' };
      }
      return decidePaid(situation, fact);
    case 'closed':
      return decideClosed(situation);
    case 'waiting':
      return { kind: 'ignore', why: 'not paid yet' };
    default:
      return fact.state satisfies never;
  }
}

function decidePaid({ payment, attempt, attempts }: Situation, fact: PaymentFact): Decision {
  if (fact.currency !== attempt_currency) return { kind: 'refuse', why: 'wrong_currency' };
  if (fact.amount !== attempt.amount) return { kind: 'refuse', why: 'wrong_amount' };
  if (attempt.state === 'succeeded') return { kind: 'ignore', why: 'already paid' };
  if (attempt.returned > 0n) return { kind: 'ignore', why: 'already going back' };
  if (payment.state === 'succeeded') return { kind: 'return', origin: 'double_payment' };
  if (payment.state === 'closed') return { kind: 'return', origin: 'late_success' };
  if (attempt.state === 'closed' || attempt.state === 'refused') {
    return { kind: 'return', origin: 'late_success' };
  }
  const others = attempts.filter((other) => other.id !== attempt.id && mayBePaid(other));
  return { kind: 'succeed', others };
}

const attempt_currency = 'CNY';

function decideClosed({ payment, attempt, attempts }: Situation): Decision {
  if (!mayBePaid(attempt)) return { kind: 'ignore', why: 'already over' };
  const others = attempts.some((other) => other.id !== attempt.id && mayBePaid(other));
  return { kind: 'end', payment_closes: payment.closing && !others && isOpen(payment) };
}

/** True while money may still arrive on this attempt. */
export function mayBePaid(attempt: Attempt): boolean {
  return isLive(attempt) || attempt.state === 'abandoned';
}

export function isOpen(payment: Payment): boolean {
  return payment.state === 'requires_wallet' || payment.state === 'pending';
}
