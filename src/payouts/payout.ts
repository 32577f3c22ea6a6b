import type { Book, Id } from '../ids.ts';
import type { FactSource } from '../payments/decide.ts';
import type { PayoutFact } from '../wallets/products/payouts.ts';
import type { WalletName } from '../wallets/wallet.ts';

/**
 * Money to a seller: a `transfer` from our account at the wallet to the seller's payee there
 * (custody `hub_held`), or a `withdrawal` of the seller's own money at the wallet to the seller's
 * bank (`wallet_held`).
 *
 *   created → pending | needs_payee | unknown | succeeded | refused | cancelled | returned
 *   unknown → pending | needs_payee | succeeded | refused | cancelled | returned
 *   pending ⇄ needs_payee → succeeded | refused | cancelled | returned
 *   succeeded → returned                      it had arrived and came back
 *   refused | cancelled → succeeded           the wallet contradicts itself: booked, with a break
 *   returned → succeeded                      somebody knows that it did not come back
 *
 * While it is open it may be asked back (`cancel_requested_at`): it goes on as it is until the
 * wallet says that it is cancelled, or that it was paid. The wallet's definite no ends the wish.
 *
 * Its amount is reserved at `created` in the ledger and on the seller's funds, and freed by the
 * wallet's definite no. It leaves under one number for ever, one payout at a time for each merchant
 * and wallet account. `unknown` is asked about until the wallet knows.
 */
export const PAYOUT_STATES = [
  'created',
  'pending',
  'needs_payee',
  'unknown',
  'succeeded',
  'refused',
  'cancelled',
  'returned',
] as const;
export type PayoutState = (typeof PAYOUT_STATES)[number];

export type PayoutKind = 'transfer' | 'withdrawal';

export interface Payout {
  readonly book: Book;
  readonly id: Id<'pyo'>;
  readonly version: number;
  readonly platform_id: string;
  readonly merchant_id: string;
  readonly wallet_account_id: string;
  readonly wallet: WalletName;
  readonly kind: PayoutKind;
  readonly state: PayoutState;
  readonly amount: bigint;
  readonly currency: 'CNY';
  /** Our number at the wallet. */
  readonly payout_reference: string;
  readonly wallet_payout_id: string | null;
  readonly sub_merchant: string | null;
  /** Sealed under this payout's id: the payee at the wallet and their name. */
  readonly payee: string | null;
  readonly payee_hint: string | null;
  /** What the payee's app needs to ask them, while they must accept. */
  readonly confirmation: Readonly<Record<string, string>> | null;
  /** Why the wallet would not, or does not yet while the payout is `created`. */
  readonly refusal: { readonly code: string; readonly message: string } | null;
  /** Its platform wants it back; the wallet is asked until it is over. */
  readonly cancel_requested_at: Date | null;
  /** The wallet's definite no to the last such wish, while nobody has asked since. */
  readonly cancel_refusal: { readonly code: string; readonly message: string } | null;
  /** The pending posting that reserves the money. */
  readonly reservation_id: string;
  readonly created_at: Date;
  /** Real time of the last request for it: written before that leaves, whatever became of it. */
  readonly sent_at: Date;
  readonly succeeded_at: Date | null;
}

/** What a wallet says of a transfer or a withdrawal, in one form. */
export interface PayoutReport {
  readonly kind: PayoutKind;
  readonly payout_reference: string;
  readonly state: PayoutFact['state'];
  readonly wallet_payout_id?: string | undefined;
  readonly amount?: bigint | undefined;
  readonly sub_merchant?: string | undefined;
  readonly wallet_merchant?: string | undefined;
  readonly confirmation?: Readonly<Record<string, string>> | undefined;
  readonly paid_at?: Date | undefined;
  readonly reason?: string | undefined;
}

/** No definite end yet: its money is reserved. */
export function isOpen({ state }: Pick<Payout, 'state'>): boolean {
  return ['created', 'pending', 'needs_payee', 'unknown'].includes(state);
}

/** The wallet has it, and nobody has the money yet. */
export function canBeAskedBack({ kind, state }: Pick<Payout, 'kind' | 'state'>): boolean {
  return kind === 'transfer' && (state === 'pending' || state === 'needs_payee');
}

/** What a report means for a payout: pure, so that every order of arrival can be tested. */
export type PayoutDecision =
  | { readonly kind: 'ignore' }
  | { readonly kind: 'refuse'; readonly why: string }
  | { readonly kind: 'wait'; readonly state: 'pending' | 'needs_payee' }
  /** `again`: the money was freed before. */
  | { readonly kind: 'pay'; readonly again: boolean }
  | { readonly kind: 'free'; readonly state: 'refused' | 'cancelled' | 'returned' }
  | { readonly kind: 'give_back' };

export function decidePayout(
  payout: Pick<Payout, 'kind' | 'state' | 'amount' | 'sub_merchant'>,
  report: PayoutReport,
  source: FactSource,
): PayoutDecision {
  if (report.kind !== payout.kind) return { kind: 'refuse', why: 'wrong_payout' };
  if (report.amount !== undefined && report.amount !== payout.amount) {
    return { kind: 'refuse', why: 'wrong_payout' };
  }
  if ((report.sub_merchant ?? payout.sub_merchant) !== payout.sub_merchant) {
    return { kind: 'refuse', why: 'wrong_payout' };
  }
  const open = isOpen(payout);
  switch (report.state) {
    case 'pending':
    case 'needs_payee':
      return open && report.state !== payout.state
        ? { kind: 'wait', state: report.state }
        : { kind: 'ignore' };
    case 'succeeded':
      if (open) return { kind: 'pay', again: false };
      if (payout.state === 'refused' || payout.state === 'cancelled') {
        return { kind: 'pay', again: true };
      }
      // A wallet that says so has only been late with it.
      return payout.state === 'returned' && source === 'person'
        ? { kind: 'pay', again: true }
        : { kind: 'ignore' };
    case 'refused':
    case 'cancelled':
      if (open) return { kind: 'free', state: report.state };
      // It had been paid: a wallet that says otherwise must say that it came back.
      return payout.state === 'succeeded'
        ? { kind: 'refuse', why: 'paid_payout_refused' }
        : { kind: 'ignore' };
    case 'returned':
      if (open) return { kind: 'free', state: 'returned' };
      return payout.state === 'succeeded' ? { kind: 'give_back' } : { kind: 'ignore' };
    default:
      return report.state satisfies never;
  }
}

export const SHORT = 'insufficient_funds';

/** How it ends once no request for it is under way any more; undefined while it is to be sent. */
export function endUnsent({
  cancel_requested_at,
  kind,
  refusal,
}: Pick<Payout, 'cancel_requested_at' | 'kind' | 'refusal'>):
  | { readonly state: 'cancelled' | 'refused'; readonly reason: string }
  | undefined {
  if (cancel_requested_at !== null) {
    return { state: 'cancelled', reason: 'taken back before the wallet had it' };
  }
  // The float of our own account may be filled up; a seller's own money is asked for afresh.
  if (kind === 'transfer' || refusal?.code !== SHORT) return undefined;
  return { state: 'refused', reason: `${refusal.code}: ${refusal.message}` };
}
