import type { WalletName } from '../wallets/wallet.ts';

/** A seller on a platform: payments are made on its behalf. */
export interface Merchant {
  readonly id: string;
  readonly platform_id: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Fen that it may come to owe by refunds of money that has left already. */
  readonly owed_limit: bigint;
  readonly created_at: Date;
}

/** A merchant may take a wallet through one of the installation's accounts there. */
export interface Enrolment {
  readonly id: string;
  readonly merchant_id: string;
  readonly wallet: WalletName;
  readonly wallet_account_id: string;
  /** The merchant's own number at the wallet, where the account is a platform's. */
  readonly sub_merchant: string | null;
  readonly state: 'active' | 'suspended';
  readonly created_at: Date;
}
