import type { Misfit } from '../payments/decide.ts';
import type { CouponAmounts, PaymentFact } from '../wallets/wallet.ts';
import type { AttemptPart } from './attempt-part.ts';

/**
 * What a wallet's facts about the parts of one attempt say of the whole: pure. A combined order is
 * paid all at once or not at all, so the whole counts only when every part is there with its own
 * amount and seller.
 */
export type WholeFact =
  | { readonly kind: 'whole'; readonly fact: Omit<PaymentFact, 'wallet_reference'> }
  /** Something is paid, and not everything: nothing is booked until all of it is told. */
  | { readonly kind: 'partly' }
  | {
      readonly kind: 'refuse';
      readonly why: Misfit;
      readonly fact: PaymentFact;
    };

/** Why a fact about one part does not fit it; undefined when it does. */
export function misfit(
  part: AttemptPart | undefined,
  fact: PaymentFact,
  wallet_merchant: string,
): Misfit | undefined {
  if (!part) return 'wrong_parts';
  if (fact.wallet_merchant !== wallet_merchant) return 'wrong_merchant';
  if ((fact.sub_merchant ?? part.sub_merchant) !== part.sub_merchant) return 'wrong_merchant';
  if (!isPaid(fact)) return undefined;
  if (fact.currency !== 'CNY') return 'wrong_currency';
  return fact.amount === part.amount ? undefined : 'wrong_amount';
}

export function isPaid({ state }: Pick<PaymentFact, 'state'>): boolean {
  return state === 'paid' || state === 'refunded';
}

export function judgeParts(
  parts: readonly AttemptPart[],
  facts: readonly PaymentFact[],
  wallet_merchant: string,
): WholeFact {
  const known = new Map(parts.map((part) => [part.wallet_reference, part]));
  for (const fact of facts) {
    const why = misfit(known.get(fact.wallet_reference), fact, wallet_merchant);
    if (why !== undefined) return { kind: 'refuse', why, fact };
  }
  const told = new Map(facts.map((fact) => [fact.wallet_reference, fact]));
  const all = parts.flatMap((part) => told.get(part.wallet_reference) ?? []);
  const paid = all.filter(isPaid).length;
  if (paid === parts.length) return { kind: 'whole', fact: sum(parts, all, wallet_merchant) };
  if (paid > 0) return { kind: 'partly' };
  const closed = all.length === parts.length && all.every(({ state }) => state === 'closed');
  return { kind: 'whole', fact: { state: closed ? 'closed' : 'waiting', wallet_merchant } };
}

function sum(
  parts: readonly AttemptPart[],
  facts: readonly PaymentFact[],
  wallet_merchant: string,
): Omit<PaymentFact, 'wallet_reference'> {
  const times = facts.flatMap(({ paid_at }) => (paid_at ? [paid_at.getTime()] : []));
  const payer_paid = facts.flatMap((fact) => fact.payer_paid ?? []);
  const coupons = facts.flatMap((fact) => fact.coupons ?? []);
  const [first] = coupons;
  return {
    state: 'paid',
    amount: total(parts.map(({ amount }) => amount)),
    currency: 'CNY',
    wallet_merchant,
    ...(payer_paid.length === parts.length ? { payer_paid: total(payer_paid) } : {}),
    ...(first ? { coupons: addCoupons(coupons) } : {}),
    ...(times.length > 0 ? { paid_at: new Date(Math.max(...times)) } : {}),
  };
}

function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}

function addCoupons(all: readonly CouponAmounts[]): CouponAmounts {
  return {
    wallet_funded: total(all.map(({ wallet_funded }) => wallet_funded)),
    merchant_funded: total(all.map(({ merchant_funded }) => merchant_funded)),
    other_funded: total(all.map(({ other_funded }) => other_funded)),
  };
}
