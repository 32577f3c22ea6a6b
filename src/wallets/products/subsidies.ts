import type { Refused, Traced, Unknown, WalletAccount } from '../wallet.ts';

/**
 * A platform adds money of its own to what a payment brings the seller: its coupon. The payment is
 * ordered with the most that may be added (`CreateOrder.max_subsidy`), and its money is not split
 * before the subsidy is given or cancelled. There is no query: the same wish may be sent again at
 * any time and ends in the same fact.
 */
export interface Subsidy {
  readonly wallet_transaction_id: string;
  readonly sub_merchant: string;
  readonly amount: bigint;
  readonly description: string;
}

export interface SubsidyFact {
  readonly wallet_transaction_id: string;
  /** `returned`: given, and all of it taken back since. */
  readonly state: 'succeeded' | 'refused' | 'returned';
  readonly wallet_subsidy_id: string;
  readonly amount: bigint;
  readonly given_at?: Date;
}

export type SubsidyOutcome =
  | ({ readonly kind: 'fact'; readonly fact: SubsidyFact } & Traced)
  | Refused
  | Unknown;

/** Only beside a refund of the same payment, and never more than was given. */
export interface SubsidyReturn extends Subsidy {
  readonly return_reference: string;
  readonly wallet_refund_id: string;
}

export interface SubsidyReturnFact {
  readonly return_reference: string;
  readonly state: 'succeeded' | 'refused';
  readonly wallet_return_id: string;
  readonly amount: bigint;
  readonly returned_at?: Date;
}

export type SubsidyReturnOutcome =
  | ({ readonly kind: 'fact'; readonly fact: SubsidyReturnFact } & Traced)
  | Refused
  | Unknown;

export type SubsidyCancelOutcome = ({ readonly kind: 'cancelled' } & Traced) | Refused | Unknown;

export interface Subsidies {
  /** The most that one payment may be given. */
  readonly max_amount: bigint;
  create(account: WalletAccount, subsidy: Subsidy): Promise<SubsidyOutcome>;
  giveBack(account: WalletAccount, order: SubsidyReturn): Promise<SubsidyReturnOutcome>;
  /** Frees the payment for splits where no subsidy is wanted after all. */
  cancel(account: WalletAccount, subsidy: Omit<Subsidy, 'amount'>): Promise<SubsidyCancelOutcome>;
}
