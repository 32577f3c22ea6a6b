import type { Refused, Traced, Unknown, WalletAccount } from '../wallet.ts';

/** A person agrees once, and later payouts for the same purpose arrive without asking. */
export interface ConsentOrder {
  readonly consent_reference: string;
  /** The person's id at the wallet, for the app named by `app`. */
  readonly payee: string;
  /** One of this account's app ids at the wallet; its first when absent. */
  readonly app?: string;
  /** What the payouts will be for, in the wallet's scene code; a default when absent. */
  readonly scene?: string;
  /** The person's account with the merchant, as the wallet shows it to them. */
  readonly display_name: string;
  /** Why money will come, where the wallet shows it. */
  readonly description?: string;
  readonly notify_url: string;
}

/** `needs_payee`: not yet agreed; `confirmation` is what the person's app needs to ask them. */
export interface ConsentFact {
  readonly consent_reference: string;
  readonly state: 'needs_payee' | 'in_effect' | 'closed';
  /** What a payout names as `standing_consent`; from the moment the person has agreed. */
  readonly standing_consent?: string;
  readonly payee?: string;
  readonly app?: string;
  readonly scene?: string;
  readonly confirmation?: Readonly<Record<string, string>>;
  readonly agreed_at?: Date;
  readonly closed_at?: Date;
  readonly closed_by?: 'merchant' | 'payee' | 'nobody_agreed';
}

export type ConsentOutcome =
  | ({ readonly kind: 'fact'; readonly fact: ConsentFact } & Traced)
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export interface PayoutConsents {
  /** Hours in which the person can agree. */
  readonly confirm_hours: number;
  /** Re-entrant under the same reference while nobody has agreed; afterwards says how it stands. */
  ask(account: WalletAccount, order: ConsentOrder): Promise<ConsentOutcome>;
  query(account: WalletAccount, consent_reference: string): Promise<ConsentOutcome>;
  /** Only once the person has agreed; the person may withdraw it at the wallet at any time. */
  close(account: WalletAccount, consent_reference: string): Promise<ConsentOutcome>;
}
