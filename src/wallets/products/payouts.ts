import type { Refused, Traced, Unknown, WalletAccount } from '../wallet.ts';
import type { ConsentOrder, PayoutConsents } from './payout-consents.ts';

/** Money from the merchant's account at the wallet to a person there. */
export interface PayoutOrder {
  readonly payout_reference: string;
  readonly amount: bigint;
  readonly currency: 'CNY';
  /** The person's id at the wallet, for the app named by `app`. */
  readonly payee: string;
  /** One of this account's app ids at the wallet; its first when absent. */
  readonly app?: string;
  /** Real name; a wallet that checks it refuses a wrong one. */
  readonly payee_name?: string;
  readonly description: string;
  /** What the payout is for, in the wallet's scene code; the connector's default when absent. */
  readonly scene?: string;
  /**
   * What the scene wants reported, by the wallet's own names of its items; `description` stands in
   * for what is missing.
   */
  readonly scene_report?: Readonly<Record<string, string>>;
  readonly notify_url: string;
  /** The payee agreed once for all: no confirmation is asked. */
  readonly standing_consent?: string;
  /** While they accept, the payee is asked to agree to later ones too (`consents`). */
  readonly ask_consent?: Pick<ConsentOrder, 'consent_reference' | 'display_name' | 'notify_url'>;
}

/**
 * `needs_payee`: the person must accept in the wallet; `confirmation` is what their app
 * needs to ask them. `returned`: it had arrived and came back.
 */
export interface PayoutFact {
  readonly payout_reference: string;
  readonly state: 'pending' | 'needs_payee' | 'succeeded' | 'refused' | 'cancelled' | 'returned';
  readonly wallet_payout_id?: string;
  readonly amount?: bigint;
  /** Whom the wallet says it is for. */
  readonly payee?: string;
  readonly confirmation?: Readonly<Record<string, string>>;
  readonly paid_at?: Date;
  /** The wallet's own reason when it is refused. */
  readonly reason?: string;
}

export type PayoutOutcome =
  | ({ readonly kind: 'fact'; readonly fact: PayoutFact } & Traced)
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export interface Payouts {
  readonly min_amount: bigint;
  readonly max_amount: bigint;
  /** Hours in which the person can accept; 0 when nobody is asked. */
  readonly confirm_hours: number;
  pay(account: WalletAccount, order: PayoutOrder): Promise<PayoutOutcome>;
  query(account: WalletAccount, payout_reference: string): Promise<PayoutOutcome>;
  /** Only while the person has not accepted. */
  cancel?(account: WalletAccount, payout_reference: string): Promise<PayoutOutcome>;
  /** Absent where no confirmation is ever asked. */
  readonly consents?: PayoutConsents;
}
