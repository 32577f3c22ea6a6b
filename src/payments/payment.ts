import type { PaymentPart } from '../combined/part.ts';
import type { Book, Id } from '../ids.ts';
import type { PaymentTerms } from '../terms/terms.ts';
import type {
  CouponAmounts,
  PresentationData,
  PresentationKind,
  WalletName,
} from '../wallets/wallet.ts';

/**
 * A payment asks one payer for one amount on behalf of one merchant's order.
 *
 *   requires_wallet ⇄ pending → succeeded
 *   requires_wallet | pending → closed
 *
 * requires_wallet → pending      an attempt began
 * pending → requires_wallet      the attempt was refused, closed or abandoned; another may begin
 * pending | requires_wallet → succeeded   a wallet's verified fact with the right total arrived
 * → closed                       expired or cancelled, and no attempt can still be paid
 * closed → succeeded never happens: money that arrives late or twice goes back by itself.
 */
export type PaymentState = 'requires_wallet' | 'pending' | 'succeeded' | 'closed';

export type CloseReason = 'expired' | 'cancelled';

export interface OrderItem {
  readonly name: string;
  readonly quantity: number;
  /** Minor units. */
  readonly unit_amount: bigint;
}

export interface Payment {
  readonly book: Book;
  readonly id: Id<'pay'>;
  readonly version: number;
  readonly sequence: number;
  readonly platform_id: string;
  readonly merchant_id: string;
  readonly state: PaymentState;
  readonly amount: bigint;
  readonly currency: 'CNY';
  readonly description: string;
  readonly order_reference: string;
  readonly order_url: string | null;
  readonly order_items: readonly OrderItem[];
  readonly return_url: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** Several sellers' orders; none in a payment for one merchant. */
  readonly parts: readonly PaymentPart[];
  /** Null: the money is the merchant's at once. */
  readonly terms: PaymentTerms | null;
  /** Business time. */
  readonly expires_at: Date;
  /** A close was asked for: no further attempt may begin, money already on its way may count. */
  readonly closing: boolean;
  readonly close_reason: CloseReason | null;
  readonly succeeded_attempt_id: Id<'att'> | null;
  /** The wallet that paid. */
  readonly wallet: WalletName | null;
  readonly refund_reserved: bigint;
  readonly refunded: bigint;
  readonly refund_count: number;
  readonly created_at: Date;
  readonly paid_at: Date | null;
  readonly closed_at: Date | null;
}

/**
 * One try to pay at one wallet. Committed before the wallet is called; at most one is live.
 *
 *   created → presented | unknown | refused
 *   presented | unknown → succeeded | refused | closed | abandoned
 *
 * `unknown` waits for a query after a timeout. `abandoned` is an unconfirmed close: the payer may
 * switch, the attempt is queried until its expires_at, and money that still arrives counts when the
 * payment is unpaid and open, else goes back. Money on a closed or refused attempt goes back too.
 */
export type AttemptState =
  | 'created'
  | 'presented'
  | 'unknown'
  | 'succeeded'
  | 'refused'
  | 'closed'
  | 'abandoned';

export const LIVE_ATTEMPT_STATES: readonly AttemptState[] = ['created', 'presented', 'unknown'];

export interface Attempt {
  readonly book: Book;
  readonly id: Id<'att'>;
  readonly version: number;
  readonly payment_id: Id<'pay'>;
  readonly wallet: WalletName;
  readonly wallet_account_id: string;
  readonly presentation: PresentationKind;
  readonly state: AttemptState;
  readonly wallet_reference: string;
  /** The seller's number at the wallet, where the account is a platform's. */
  readonly sub_merchant: string | null;
  /** The parts of the payment are presented as orders of their own. */
  readonly combined: boolean;
  readonly amount: bigint;
  readonly presentation_data: PresentationData | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly wallet_transaction_id: string | null;
  readonly payer_paid: bigint | null;
  readonly coupons: CouponAmounts | null;
  readonly expires_at: Date;
  /** Money sent back by the hub because it came late or twice. */
  readonly returned: bigint;
  readonly created_at: Date;
  readonly paid_at: Date | null;
}

export function isLive(attempt: Pick<Attempt, 'state'>): boolean {
  return LIVE_ATTEMPT_STATES.includes(attempt.state);
}

/** Orders live this long unless the marketplace says otherwise; between 1 minute and 7 days. */
export const DEFAULT_EXPIRY_MS = 2 * 3_600_000;
export const MIN_EXPIRY_MS = 60_000;
export const MAX_EXPIRY_MS = 7 * 24 * 3_600_000;

/** What the payer's browser or app can do, from its user agent; a hint, never proof. */
export const CLIENT_KINDS = ['desktop', 'phone', 'wechat', 'alipay', 'unionpay'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

/** Why a wallet may not take a payment here and now; each has a text for the shopper. */
export type IneligibleReason =
  | 'gate_closed'
  | 'not_enrolled'
  | 'account_suspended'
  | 'amount_too_small'
  | 'amount_too_large'
  | 'expires_too_soon'
  | 'wallet_down'
  | 'not_in_this_browser'
  | 'no_combined_orders'
  | 'too_many_parts'
  | 'no_holds'
  | 'hold_too_short'
  | 'shares_too_large'
  | 'receiver_twice'
  | 'receiver_not_there';

export interface WalletChoice {
  readonly wallet: WalletName;
  readonly eligible: boolean;
  readonly reason: IneligibleReason | null;
  /** The presentation that works for this client; null when none does. */
  readonly presentation: PresentationKind | null;
}
