import type { Book, Id } from '../ids.ts';
import type { WalletName } from '../wallets/wallet.ts';

/**
 * Money of one payment that its wallet holds until the receipt is confirmed, or until it is shared.
 *
 *   held ⇄ releasing → released
 *   held → released | returned
 *
 * held → releasing       the wallet is asked to let money go, all or part of it
 * releasing → held       it refused, or money is left
 * releasing → released   the last of it went to the merchant and the receivers of shares
 * held → returned        refunds took all of it back to the payer
 * held → released        refunds took what was left, or the wallet's own limit was over
 */
export type HoldState = 'held' | 'releasing' | 'released' | 'returned';

export interface Hold {
  readonly book: Book;
  readonly id: Id<'hld'>;
  readonly version: number;
  readonly sequence: number;
  /** What the money was paid for: a payment. */
  readonly subject_id: string;
  readonly payment_id: Id<'pay'>;
  readonly platform_id: string;
  readonly merchant_id: string;
  readonly attempt_id: Id<'att'>;
  readonly wallet: WalletName;
  readonly wallet_account_id: string;
  readonly capture: 'instant' | 'escrow';
  readonly state: HoldState;
  readonly amount: bigint;
  /** Went to the merchant. */
  readonly released: bigint;
  /** Went to receivers of shares. */
  readonly shared: bigint;
  /** Went back to the payer. */
  readonly returned: bigint;
  /** On its way: in a request to the wallet, or in a refund. */
  readonly reserved: bigint;
  /** The wallet lets nothing go before. Business time, as all of these. */
  readonly releasable_at: Date;
  /** Then it is released by itself, unless there is a dispute. */
  readonly release_at: Date;
  /** Then the wallet releases it by itself, whatever anybody says. */
  readonly wallet_limit_at: Date;
  readonly warned_at: Date | null;
  readonly disputed_at: Date | null;
  readonly dispute_reason: string | null;
  readonly shipped_at: Date | null;
  readonly shipment: { readonly carrier: string; readonly number: string } | null;
  readonly created_at: Date;
  readonly closed_at: Date | null;
}

/** Held, and in nobody's way. */
export function leftOf(hold: Hold): bigint {
  return hold.amount - hold.released - hold.shared - hold.returned - hold.reserved;
}

export function isClosed({ state }: Pick<Hold, 'state'>): boolean {
  return state === 'released' || state === 'returned';
}

/** One hold a subject, so its id is known without asking. */
export function holdIdOf(subject_id: string): Id<'hld'> {
  return `hld_${subject_id.slice(subject_id.indexOf('_') + 1)}`;
}

type Amounts = Pick<Hold, 'released' | 'shared' | 'returned' | 'reserved'>;

/** The state of an open hold with these amounts, when nothing is asked of the wallet any more. */
export function settledState(hold: Hold, now: Amounts): HoldState {
  const gone = now.released + now.shared + now.returned;
  if (gone < hold.amount) return 'held';
  return now.released + now.shared > 0n ? 'released' : 'returned';
}

export const DAY_MS = 86_400_000;
/** Holds end this long before the wallet's own limit. */
export const LIMIT_MARGIN_DAYS = 2;
/** A dispute that is open this long before the limit is warned of. */
export const WARNING_DAYS = 3;

/** When an escrow that begins to count at `from` ends by itself. */
export function automaticRelease(
  from: Date,
  days: number,
  bounds: Pick<Hold, 'releasable_at' | 'wallet_limit_at'>,
): Date {
  const wanted = from.getTime() + days * DAY_MS;
  const latest = bounds.wallet_limit_at.getTime() - LIMIT_MARGIN_DAYS * DAY_MS;
  return new Date(Math.max(Math.min(wanted, latest), bounds.releasable_at.getTime()));
}

/** After a refusal nothing is tried to be let go again before. */
const AGAIN_AFTER_MS = 6 * 3_600_000;

/**
 * When a hold ends by itself after the wallet refused a release. When somebody had decided that all
 * may go, that is tried again. Otherwise nobody has said so of the rest, or only its time has, and
 * a shipment may have moved that meanwhile: it keeps its own time.
 */
export function releaseAfterRefusal(
  { release_at }: Pick<Hold, 'release_at'>,
  { release_rest, why }: { readonly release_rest: boolean; readonly why: string },
  now: Date,
): Date {
  const again = new Date(now.getTime() + AGAIN_AFTER_MS);
  const decided = release_rest && why !== 'time';
  return decided || release_at < again ? again : release_at;
}
