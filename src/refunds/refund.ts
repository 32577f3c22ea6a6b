import type { Book, Id } from '../ids.ts';

/**
 * Money back to the payer, in whole or in part.
 *
 *   created → pending | succeeded | refused | needs_action | unknown
 *   pending | unknown | needs_action → succeeded | refused | needs_action
 *   needs_action → pending        another way was named, and the wallet took it up
 *
 * Its amount is reserved at `created` and freed only by a definite refusal. Refunds of one order at
 * a wallet (an attempt, or a part of it) leave one at a time, each under its own number, which
 * every retry reuses. During a release a refund is `created` and waits; its amount is reserved on
 * the payment only.
 */
export type RefundState =
  | 'created'
  | 'pending'
  | 'succeeded'
  | 'refused'
  | 'needs_action'
  | 'unknown';

/** `requested` by the marketplace; the others are money that the hub sends back by itself. */
export type RefundOrigin = 'requested' | 'late_success' | 'double_payment';

export interface Refund {
  readonly book: Book;
  readonly id: Id<'rfd'>;
  readonly version: number;
  readonly payment_id: Id<'pay'>;
  readonly attempt_id: Id<'att'>;
  readonly state: RefundState;
  readonly origin: RefundOrigin;
  readonly amount: bigint;
  readonly currency: 'CNY';
  readonly reason: string;
  /** The marketplace's own number, unique per payment. */
  readonly reference: string;
  /** Our number at the wallet. */
  readonly refund_reference: string;
  readonly wallet_refund_id: string | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
  /** The pending posting that reserves the money, less what held money pays. */
  readonly reservation_id: string | null;
  /** The part of a combined order that it gives back. */
  readonly part_id: string | null;
  /** The hold of the payment, if its money was ever held. */
  readonly hold_id: Id<'hld'> | null;
  /** What of the amount comes from held money. */
  readonly from_hold: bigint;
  /** The pending posting that reserves that part. */
  readonly hold_reservation_id: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly created_at: Date;
  readonly succeeded_at: Date | null;
}

/** Sent, or to be sent, without a definite answer yet: the next refund of the order waits. */
export function isUndecided(refund: Pick<Refund, 'state'>): boolean {
  return refund.state === 'created' || refund.state === 'unknown';
}

/**
 * Asked for while held money was being released: where its money comes from is decided when that is
 * over, and until then it reserves nothing in the ledger.
 */
export function isUnfunded(
  refund: Pick<Refund, 'hold_id' | 'reservation_id' | 'hold_reservation_id'>,
): boolean {
  const { hold_id, reservation_id, hold_reservation_id } = refund;
  return hold_id !== null && reservation_id === null && hold_reservation_id === null;
}

export function isFinal(refund: Pick<Refund, 'state'>): boolean {
  return refund.state === 'succeeded' || refund.state === 'refused';
}
