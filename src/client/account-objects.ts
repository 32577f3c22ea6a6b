import type { Metadata, WalletName } from './objects.ts';

/** Who is who: the objects that operators and marketplaces set up. */
export interface Platform {
  readonly id: string;
  readonly object: 'platform';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly slug: string;
  readonly name: string;
  /** Hosts that `return_url` and `order.url` may name. */
  readonly hosts: readonly string[];
  readonly metadata: Metadata;
}

export type Role = 'operator' | 'marketplace' | 'merchant' | 'wallet';

export interface Key {
  readonly id: string;
  readonly object: 'key';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly role: Role;
  readonly platform: string | null;
  readonly merchant: string | null;
  readonly wallet: string | null;
  /** The last characters of the secret. */
  readonly hint: string;
  readonly api_version: string;
  readonly revoked_at: string | null;
}

export interface MintedKey extends Key {
  /** Shown once; null when the same call is replayed. */
  readonly secret: string | null;
}

export interface Enrolment {
  readonly id: string;
  readonly object: 'enrolment';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly merchant: string;
  readonly wallet: WalletName;
  readonly wallet_account: string;
  /** The merchant's own number at the wallet, where the account is a platform's. */
  readonly sub_merchant: string | null;
  readonly state: 'active' | 'suspended';
}

export interface PayoutTerms {
  readonly wallet_account: string;
  readonly state: 'automatic' | 'manual' | 'paused';
  readonly payee_hint: string | null;
  readonly minimum: number;
  readonly hold_days: number;
}

export interface Merchant {
  readonly id: string;
  readonly object: 'merchant';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly platform: string;
  readonly name: string;
  /** The wallets it takes. */
  readonly enrolments: readonly Enrolment[];
  /** How it is paid out, where the wallet does not do it by itself. */
  readonly payouts: readonly PayoutTerms[];
  /** Fen that it may come to owe by refunds of money that was paid out already. */
  readonly owed_limit: number;
  readonly metadata: Metadata;
}

export interface WalletAccount {
  readonly id: string;
  readonly object: 'wallet_account';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly wallet: WalletName;
  readonly name: string;
  /** Who holds the money after payment. */
  readonly custody: 'merchant_own' | 'wallet_held' | 'hub_held';
  /** Your number at the wallet. */
  readonly wallet_merchant: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly state: 'active' | 'suspended';
}

export interface WalletAccountCheck {
  readonly object: 'wallet_account_check';
  readonly wallet_account: string;
  readonly ok: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly message: string;
  }[];
}
