import type { Refused, Traced, Unknown, WalletAccount } from '../wallet.ts';

/**
 * What a platform's sellers, and the platform itself, have at the wallet, and its way to their bank
 * accounts. Without `sub_merchant` it is the account's own money.
 */
export interface FundsBalance {
  /** May be withdrawn, refunded or given now. */
  readonly available: bigint;
  /** There, but held for splits. */
  readonly pending: bigint;
}

export type BalanceOutcome =
  | ({ readonly kind: 'balance'; readonly balance: FundsBalance } & Traced)
  | Refused
  | Unknown;

export interface Withdrawal {
  readonly withdrawal_reference: string;
  readonly sub_merchant?: string;
  readonly amount: bigint;
  readonly description: string;
  readonly notify_url: string;
}

/** `returned`: the bank had it and sent it back; the money is on the account again. */
export interface WithdrawalFact {
  readonly withdrawal_reference: string;
  readonly state: 'pending' | 'succeeded' | 'refused' | 'returned';
  readonly wallet_withdrawal_id: string;
  readonly wallet_merchant: string;
  readonly sub_merchant?: string;
  readonly amount?: bigint;
  readonly changed_at?: Date;
  /** The wallet's own sentence when the bank did not take it. */
  readonly reason?: string;
}

export type WithdrawalOutcome =
  | ({ readonly kind: 'fact'; readonly fact: WithdrawalFact } & Traced)
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export interface SellerFunds {
  balance(account: WalletAccount, sub_merchant?: string): Promise<BalanceOutcome>;
  /** The same number with the same data may be sent again; the answer is never the last word. */
  withdraw(account: WalletAccount, order: Withdrawal): Promise<WithdrawalOutcome>;
  queryWithdrawal(
    account: WalletAccount,
    withdrawal: Pick<Withdrawal, 'withdrawal_reference' | 'sub_merchant'>,
  ): Promise<WithdrawalOutcome>;
}
