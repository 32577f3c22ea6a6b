import type { Book, Id } from '../ids.ts';
import type { SplitFact } from '../wallets/products/splits.ts';
import type { ShareRole } from './shares.ts';

/**
 * One request to a wallet about money that it holds or held for a payment.
 *
 *   created → pending | unknown | finished | refused
 *   pending | unknown → finished | refused
 *
 * `split` gives shares to receivers, and the rest to the merchant when it is the last; `release`
 * gives all that is left to the merchant; `return` takes a share back from one receiver for a
 * refund. Committed before the wallet is called, under its own number for ever. At most one split
 * or release of a hold is live.
 */
export type SplitKind = 'split' | 'release' | 'return';
export type SplitState = 'created' | 'pending' | 'unknown' | 'finished' | 'refused';

/** Why money was let go; `refund` for returns. */
export type ReleaseReason = 'receipt' | 'time' | 'platform' | 'dispute' | 'sharing';

export interface SplitPart {
  /** Null: the merchant itself, in a partial release. */
  readonly receiver: Id<'rcv'> | null;
  readonly role: ShareRole | null;
  /** The receiver's number at the wallet. */
  readonly account: string;
  readonly kind: 'merchant' | 'person';
  readonly amount: bigint;
  readonly description: string;
  readonly state: 'pending' | 'succeeded' | 'refused';
  /** The wallet's own word. */
  readonly reason: string | null;
  /** The pending posting that keeps the money for this part. */
  readonly reservation_id: string;
}

export interface SplitOrder {
  readonly book: Book;
  readonly id: Id<'spl'>;
  readonly version: number;
  readonly hold_id: Id<'hld'>;
  readonly payment_id: Id<'pay'>;
  readonly kind: SplitKind;
  readonly state: SplitState;
  readonly why: ReleaseReason | 'refund';
  /** Our number at the wallet. */
  readonly split_reference: string;
  readonly wallet_split_id: string | null;
  /** All that this request moves. */
  readonly amount: bigint;
  /** What of it becomes the merchant's. */
  readonly merchant_amount: bigint;
  readonly merchant_reservation_id: string | null;
  readonly parts: readonly SplitPart[];
  /** Nothing of the payment is held afterwards. */
  readonly release_rest: boolean;
  /** `return`: the refund that wants it, and the split that gave it. */
  readonly refund_id: Id<'rfd'> | null;
  readonly returns_id: Id<'spl'> | null;
  /** `at` (real time) while the refusal is not believed yet: an equal request may still arrive. */
  readonly refusal: {
    readonly code: string;
    readonly message: string;
    readonly at?: string;
  } | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

export function isOver({ state }: Pick<SplitOrder, 'state'>): boolean {
  return state === 'finished' || state === 'refused';
}

/** The wallet's bill of that day has it, whenever we are told. */
export function movedAt({ parts }: Pick<SplitFact, 'parts'>): Date | undefined {
  const times = parts.flatMap(({ moved_at }) => (moved_at ? [moved_at.getTime()] : []));
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
