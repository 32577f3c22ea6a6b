import type { PaymentFact, Refused, Traced, Unknown, WalletAccount } from '../wallet.ts';

/** A code on the payer's phone that the shop's scanner reads; used once, within about a minute. */
export interface ChargeOrder {
  readonly wallet_reference: string;
  readonly amount: bigint;
  readonly currency: 'CNY';
  readonly description: string;
  /** Digits, kept as text: leading zeros count. */
  readonly payer_code: string;
  /** The scanner: device or terminal number, and its address. */
  readonly device: string;
  readonly client_ip: string;
  /** Where a wallet that notifies of such payments sends it. */
  readonly notify_url: string;
  readonly sub_merchant?: string;
  /** One of this account's app ids at the wallet, which names the payer; its first if absent. */
  readonly app?: string;
  readonly hold?: boolean;
}

/** `needs_payer`: the payer must enter the password; query until known, then reverse. */
export type ChargeOutcome =
  | ({ readonly kind: 'fact'; readonly fact: PaymentFact } & Traced)
  | ({ readonly kind: 'needs_payer' } & Traced)
  | Refused
  | Unknown;

/**
 * `reversed`: nobody can pay this order any more, and what was paid goes back. `again`: the wallet
 * asks for the same reversal once more.
 */
export type ReverseOutcome =
  | ({ readonly kind: 'reversed'; readonly money_returned: boolean } & Traced)
  | ({ readonly kind: 'again' } & Traced)
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export interface PayerCodes {
  /** Does this wallet issue such codes? A hint by prefix and length, no proof. */
  matches(payer_code: string): boolean;
  charge(account: WalletAccount, order: ChargeOrder): Promise<ChargeOutcome>;
  /** The only way to end an undecided charge; re-entrant under the same reference. */
  reverse(
    account: WalletAccount,
    order: Pick<ChargeOrder, 'wallet_reference' | 'sub_merchant' | 'app'>,
  ): Promise<ReverseOutcome>;
}
