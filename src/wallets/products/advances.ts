import type { Refused, Traced, Unknown, WalletAccount } from '../wallet.ts';

/**
 * Refunds that a platform paid for its seller (`RefundOrder.advance`): the seller owes the amount
 * until it is given back, once and whole.
 */
export interface Advance {
  /** The refund's number at the wallet, as its facts say it. */
  readonly wallet_refund_id: string;
  readonly sub_merchant: string;
}

export interface AdvanceReturnFact {
  readonly wallet_refund_id: string;
  readonly state: 'pending' | 'succeeded' | 'refused';
  readonly wallet_return_id: string;
  readonly amount: bigint;
  readonly returned_at?: Date;
}

export type AdvanceOutcome =
  | ({ readonly kind: 'fact'; readonly fact: AdvanceReturnFact } & Traced)
  /** Query only: nobody asked for this advance yet. */
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export interface Advances {
  /** From the seller's money to the platform; may be sent again at any time. */
  giveBack(account: WalletAccount, advance: Advance): Promise<AdvanceOutcome>;
  query(account: WalletAccount, advance: Advance): Promise<AdvanceOutcome>;
}
