import type { Role } from '../http/caller.ts';
import type { Book } from '../ids.ts';
import type { WalletName } from '../wallets/wallet.ts';

/** A marketplace or shop that integrates the hub: merchants, keys and endpoints belong to it. */
export interface Platform {
  readonly id: string;
  /** Short unique name, `[a-z0-9_]`. */
  readonly slug: string;
  readonly name: string;
  /** Hosts that return_url and order.url may name. */
  readonly hosts: readonly string[];
  /** Where its payments live. */
  readonly book: Book;
  readonly metadata: Readonly<Record<string, string>>;
  readonly created_at: Date;
}

/** An API key as it can be shown again: never the secret, only its last characters. */
export interface ApiKey {
  readonly id: string;
  readonly hint: string;
  readonly role: Role;
  readonly platform_id: string | null;
  readonly merchant_id: string | null;
  readonly wallet: WalletName | null;
  readonly api_version: string;
  readonly created_at: Date;
  /** Refused from then on; may lie ahead while a rotation overlaps. */
  readonly revoked_at: Date | null;
}

/** What a key stands for. */
export type KeyHolder =
  | { readonly role: 'operator' }
  | { readonly role: 'marketplace'; readonly platform_id: string }
  | { readonly role: 'merchant'; readonly platform_id: string; readonly merchant_id: string }
  | { readonly role: 'wallet'; readonly wallet: WalletName };
