import type { CustodyKind, WalletName } from '../wallets/wallet.ts';

/** A setting is a text, a switch, or texts by name (a seller's own app ids). */
export type SettingValue = string | boolean | Readonly<Record<string, string>>;

/** One account of this installation at a wallet, without its secrets. */
export interface AccountRecord {
  readonly id: string;
  readonly wallet: WalletName;
  readonly name: string;
  readonly custody: CustodyKind;
  /** The number by which the wallet knows the merchant. */
  readonly wallet_merchant: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly state: 'active' | 'suspended';
  readonly created_at: Date;
}
