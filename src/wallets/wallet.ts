import type { WalletCall } from './calls.ts';
import type { NotificationAnswer, RawNotification, VerifiedNotification } from './notification.ts';
import type { Refused, Traced, Unknown } from './outcome.ts';
import type { PresentationData, PresentationKind } from './presentation.ts';
import type { Advances } from './products/advances.ts';
import type { Bills } from './products/bills.ts';
import type { CombinedOrders } from './products/combined.ts';
import type { Onboarding } from './products/onboarding.ts';
import type { PayerCodes } from './products/payer-codes.ts';
import type { PayerLogin } from './products/payer-login.ts';
import type { Payouts } from './products/payouts.ts';
import type { SellerFunds } from './products/seller-funds.ts';
import type { SplitReceiver, Splits } from './products/splits.ts';
import type { StuckRefunds } from './products/stuck-refunds.ts';
import type { Subsidies } from './products/subsidies.ts';

export type { RefusalCode, Refused, Traced, Unknown, WalletTrace } from './outcome.ts';
export { PRESENTATIONS, type PresentationData, type PresentationKind } from './presentation.ts';

/**
 * The wallet contract: what every connector offers the hub. Amounts are fen in `bigint`, times are
 * `Date`, numbers of ours are `wallet_reference`. Wallet words stay behind this line.
 *
 * A connector never throws for what a wallet or a network may do: every call ends in an outcome.
 * `unknown` means the wallet may have acted; the caller queries, and never sends the same intent
 * under a new reference. Calls run outside any transaction, with `timeout_ms` as their budget.
 *
 * Products beyond payment and refund are groups of their own (`products/`): a wallet that lacks one
 * lacks the member.
 */
export const WALLETS = ['wechat_pay', 'alipay', 'union_pay', 'douyin_pay'] as const;
export type WalletName = (typeof WALLETS)[number];

/** Who holds the money after payment (ARCHITECTURE.md "Ledger"). */
export type CustodyKind = 'merchant_own' | 'wallet_held' | 'hub_held';

/** One wallet account of this installation with its secrets decrypted, as a connector needs it. */
export interface WalletAccount {
  readonly id: string;
  readonly wallet: WalletName;
  readonly custody: CustodyKind;
  /** Public settings: merchant number, app id, endpoint… Each connector parses its own. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Secrets: private keys, symmetric keys. Never logged. */
  readonly credentials: Readonly<Record<string, string>>;
}

export interface CreateOrder {
  readonly wallet_reference: string;
  readonly amount: bigint;
  readonly currency: 'CNY';
  readonly description: string;
  readonly presentation: PresentationKind;
  /** Where the wallet sends notifications for this order; no query string. */
  readonly notify_url: string;
  /** Where the wallet's page sends the payer back (`page`, `h5`). */
  readonly return_url: string;
  readonly expires_at: Date;
  /** The payer's id at this wallet; required for `in_app`. */
  readonly payer?: string;
  /** IP address of the payer's browser; wallets want it for `h5`. */
  readonly client_ip: string;
  /** The seller's number at the wallet, when the account is a platform's. */
  readonly sub_merchant?: string;
  /** The money stays at the wallet until it is split or released; decided here or never. */
  readonly hold?: boolean;
  /** The most that the platform may add of its own (`subsidies`); needs `hold`. */
  readonly max_subsidy?: bigint;
}

export type CreateOutcome =
  | ({ readonly kind: 'presented'; readonly presentation: PresentationData } & Traced)
  | Refused
  | Unknown;

/** Coupons by who funds them: they make the payer's side and the merchant's side differ. */
export interface CouponAmounts {
  readonly wallet_funded: bigint;
  readonly merchant_funded: bigint;
  readonly other_funded: bigint;
}

/** What a wallet says of a payment, whoever asked or told: query answer or notification. */
export interface PaymentFact {
  readonly wallet_reference: string;
  readonly state: 'paid' | 'waiting' | 'closed' | 'refunded';
  /** The wallet's own number; present once somebody paid. */
  readonly wallet_transaction_id?: string;
  /** Order total: must equal the attempt's amount before the fact counts. */
  readonly amount?: bigint;
  readonly currency?: string;
  readonly payer_paid?: bigint;
  readonly coupons?: CouponAmounts;
  readonly paid_at?: Date;
  /** The payer at the wallet, as the wallet names them (openid, buyer id). */
  readonly payer?: string;
  /** The merchant number the wallet says the money went to; must be the account's own. */
  readonly wallet_merchant: string;
  /** The seller under a platform's account. */
  readonly sub_merchant?: string;
}

/**
 * `not_found`: the wallet knows no such order. For a wallet that makes the trade only when the
 * code is scanned (Alipay precreate) this means "not yet paid", never an error.
 */
export type QueryOutcome =
  | ({ readonly kind: 'fact'; readonly fact: PaymentFact } & Traced)
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export type CloseOutcome =
  /** The wallet confirms that nobody can pay this order any more. */
  | ({ readonly kind: 'closed' } & Traced)
  /** The payer was faster. */
  | ({ readonly kind: 'already_paid' } & Traced)
  /** The wallet knows no trade yet, but its code may still live: not a confirmed close. */
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export interface RefundOrder {
  readonly wallet_reference: string;
  readonly wallet_transaction_id?: string;
  /** Our number for this refund at the wallet; reused on every retry. */
  readonly refund_reference: string;
  readonly amount: bigint;
  /** The order total of the payment that is refunded. */
  readonly payment_amount: bigint;
  readonly currency: 'CNY';
  readonly reason: string;
  readonly notify_url: string;
  readonly sub_merchant?: string;
  /** What receivers of splits give back with it, for a wallet that has no returns of splits. */
  readonly split_returns?: readonly (SplitReceiver & { readonly amount: bigint })[];
  /** The platform pays and the seller owes it (`advances`); the seller's money stays alone. */
  readonly advance?: boolean;
}

/** What a wallet says of a refund. */
export interface RefundFact {
  readonly refund_reference: string;
  readonly wallet_reference: string;
  readonly state: 'pending' | 'succeeded' | 'refused' | 'needs_action';
  readonly wallet_refund_id?: string;
  readonly amount?: bigint;
  /** What the platform paid of it for its seller. */
  readonly advanced?: bigint;
  readonly refunded_at?: Date;
  readonly wallet_merchant: string;
}

export type RefundOutcome =
  | ({ readonly kind: 'fact'; readonly fact: RefundFact } & Traced)
  /** Query only: the wallet knows no such refund. */
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export interface WalletCapabilities {
  readonly presentations: readonly PresentationKind[];
  /** Longest and shortest life of an order, milliseconds. */
  readonly min_expiry_ms: number;
  readonly max_expiry_ms: number;
  readonly max_amount: bigint;
  readonly min_amount: bigint;
  /** Partial refunds per payment. */
  readonly max_refunds: number;
  /** Days after payment in which a refund is possible. */
  readonly refund_window_days: number;
  /** Fee estimate in hundred-thousandths of the amount (600 = 0.6 %), corrected from the bill. */
  readonly fee_rate: bigint;
  /** Longest time the wallet keeps held money, days; 0 when it has no holds. */
  readonly max_hold_days: number;
}

/** One finding of the credential doctor. */
export interface CredentialCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
}

/** Our number, and the seller it was ordered for: a platform's wallet finds it by both. */
type OrderName = readonly [wallet_reference: string, sub_merchant?: string];

export interface Wallet {
  readonly name: WalletName;
  readonly capabilities: WalletCapabilities;
  /** Parses settings and credentials; throws a Refusal('invalid_parameter') naming the field. */
  parseAccount(input: {
    settings: unknown;
    credentials: unknown;
  }): Pick<WalletAccount, 'settings' | 'credentials'>;
  /** The number by which the wallet knows this account's merchant, unique within the wallet. */
  merchantNumber(account: WalletAccount): string;
  createPayment(account: WalletAccount, order: CreateOrder): Promise<CreateOutcome>;
  queryPayment(account: WalletAccount, ...order: OrderName): Promise<QueryOutcome>;
  closePayment(account: WalletAccount, ...order: OrderName): Promise<CloseOutcome>;
  refund(account: WalletAccount, refund: RefundOrder): Promise<RefundOutcome>;
  queryRefund(
    account: WalletAccount,
    refund: Pick<RefundOrder, 'refund_reference' | 'wallet_reference' | 'sub_merchant'>,
  ): Promise<RefundOutcome>;
  /**
   * Verifies on the raw bytes with this account's keys only, then decrypts and parses. May fetch a
   * key of the wallet's that it has not met yet.
   */
  verifyNotification(account: WalletAccount, raw: RawNotification): Promise<VerifiedNotification>;
  /** The answer that makes the wallet stop sending, or send again. */
  answerNotification(accepted: boolean, message?: string): NotificationAnswer;
  /** `notify_url`: where this very process hears the account's notifications, if it does. */
  checkCredentials(account: WalletAccount, notify_url?: string): Promise<CredentialCheck[]>;
  /** Absent where the payer has no login for merchants; such a wallet presents nothing `in_app`. */
  readonly payerLogin?: PayerLogin;
  /** Products that not every wallet has; absent when this one has not. */
  readonly payerCodes?: PayerCodes;
  readonly combined?: CombinedOrders;
  readonly splits?: Splits;
  readonly payouts?: Payouts;
  readonly onboarding?: Onboarding;
  readonly bills?: Bills;
  readonly stuckRefunds?: StuckRefunds;
  readonly subsidies?: Subsidies;
  readonly advances?: Advances;
  readonly sellerFunds?: SellerFunds;
  /** The wallet's calls this connector makes, for the generated coverage page. */
  readonly calls: readonly WalletCall[];
  /** Closes keep-alive sockets and stops timers. */
  stop(): void;
}

/** What a connector is built with; nothing else reaches it. */
export interface WalletEnvironment {
  /** Real time, for signatures. */
  readonly real: () => Date;
  /** Budget of one wallet call, milliseconds. */
  readonly timeout_ms: number;
}
