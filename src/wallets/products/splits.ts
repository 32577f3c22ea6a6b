import type { Refused, Traced, Unknown, WalletAccount } from '../wallet.ts';

/** Profit sharing at the wallet: held money goes to receivers, the rest is released. */
export interface SplitReceiver {
  readonly kind: 'merchant' | 'person';
  /** The receiver's number or id at the wallet. */
  readonly account: string;
  /** Registered name; wallets that check it refuse a wrong one. */
  readonly name?: string;
}

export interface SplitOrder {
  readonly split_reference: string;
  readonly wallet_reference: string;
  readonly wallet_transaction_id: string;
  readonly sub_merchant?: string;
  /** One of this account's app ids, in which persons are known; its first when absent. */
  readonly app?: string;
  readonly parts: readonly (SplitReceiver & {
    readonly amount: bigint;
    readonly description: string;
  })[];
  /** Release to the seller what these parts leave over; no split of this payment can follow. */
  readonly release_rest: boolean;
}

/** Who may receive, of which seller where sellers keep lists of their own. */
export type ListedReceiver = SplitReceiver & Pick<SplitOrder, 'sub_merchant' | 'app'>;

export interface SplitPartFact {
  readonly account: string;
  readonly amount: bigint;
  readonly state: 'pending' | 'succeeded' | 'refused';
  /** The wallet's own reason of a refused part; its money stays with the seller. */
  readonly reason?: string;
  /** When the money moved, by the wallet's clock, where it says it. */
  readonly moved_at?: Date;
}

export interface SplitFact {
  readonly split_reference: string;
  readonly wallet_split_id?: string;
  readonly wallet_transaction_id?: string;
  readonly state: 'pending' | 'finished' | 'refused';
  readonly parts: readonly SplitPartFact[];
  /** What became the seller's own by this request, where the wallet says it. */
  readonly released?: bigint;
}

export type SplitOutcome =
  | ({ readonly kind: 'fact'; readonly fact: SplitFact } & Traced)
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

/** A receiver gives money of a split back, so that the payment can be refunded whole. */
export interface SplitReturn {
  readonly return_reference: string;
  readonly split_reference: string;
  readonly wallet_transaction_id: string;
  readonly sub_merchant?: string;
  readonly receiver: SplitReceiver;
  readonly amount: bigint;
  readonly description: string;
}

export interface SplitReturnFact {
  readonly return_reference: string;
  readonly state: 'pending' | 'succeeded' | 'refused';
  readonly amount: bigint;
  readonly reason?: string;
  readonly moved_at?: Date;
}

export type SplitReturnOutcome =
  | ({ readonly kind: 'fact'; readonly fact: SplitReturnFact } & Traced)
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export type ReceiverOutcome = ({ readonly kind: 'done' } & Traced) | Refused | Unknown;

export type UnsplitOutcome =
  | ({ readonly kind: 'amount'; readonly amount: bigint } & Traced)
  | Refused
  | Unknown;

/** Hundred-thousandths of a payment. */
export type RateOutcome =
  | ({ readonly kind: 'rate'; readonly rate: bigint } & Traced)
  | Refused
  | Unknown;

export interface SplitLimits {
  readonly max_parts: number;
  readonly max_requests: number;
  /** Largest share of a payment that may be split, hundred-thousandths, where none is agreed. */
  readonly max_rate: bigint;
  /** Shortest wait after the payment, milliseconds. */
  readonly min_wait_ms: number;
  /** After so many days the wallet releases held money to the seller by itself. */
  readonly hold_days: number;
  /** Days in which a receiver can give money back; 0 when the wallet has no returns. */
  readonly return_days: number;
  /** Who can give money back at all, by a return or with the refund; others keep what they got. */
  readonly returns_from: readonly SplitReceiver['kind'][];
  /** A split may give the seller a part of its own held money, and hold the rest on. */
  readonly partial_release: boolean;
  /** One request names nobody twice, also not the seller. */
  readonly distinct_parts: boolean;
}

type OfPayment = {
  readonly wallet_reference: string;
  readonly wallet_transaction_id: string;
  readonly sub_merchant?: string;
};

export interface Splits {
  /** Those that hold for every account of this wallet. */
  readonly limits: SplitLimits;
  /** Those of this account, where accounts differ. */
  limitsOf?(account: WalletAccount): SplitLimits;
  /**
   * What this seller has agreed instead of `max_rate`; the account itself when none is named.
   * Undefined, and nothing is sent, where the wallet cannot be asked about such a seller.
   */
  maxRate?(account: WalletAccount, sub_merchant: string | null): Promise<RateOutcome> | undefined;
  /** A receiver must be known to the wallet before money may go there; re-entrant. */
  addReceiver(account: WalletAccount, receiver: ListedReceiver): Promise<ReceiverOutcome>;
  removeReceiver(account: WalletAccount, receiver: ListedReceiver): Promise<ReceiverOutcome>;
  split(account: WalletAccount, order: SplitOrder): Promise<SplitOutcome>;
  querySplit(
    account: WalletAccount,
    split: OfPayment & { readonly split_reference: string },
  ): Promise<SplitOutcome>;
  /** Everything that is still held goes to the seller. */
  release(
    account: WalletAccount,
    order: OfPayment & {
      readonly split_reference: string;
      readonly amount: bigint;
      readonly description: string;
    },
  ): Promise<SplitOutcome>;
  unsplitAmount(account: WalletAccount, payment: OfPayment): Promise<UnsplitOutcome>;
  returnSplit?(account: WalletAccount, order: SplitReturn): Promise<SplitReturnOutcome>;
  queryReturn?(account: WalletAccount, order: SplitReturn): Promise<SplitReturnOutcome>;
}
