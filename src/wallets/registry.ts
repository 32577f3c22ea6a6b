import type { Db } from '../db/pool.ts';
import { sql } from '../db/pool.ts';
import { assert, Refusal } from '../errors.ts';
import type { Vault } from '../vault.ts';
import {
  type CustodyKind,
  WALLETS,
  type Wallet,
  type WalletAccount,
  type WalletName,
} from './wallet.ts';

/** The connectors of this process and the wallet accounts of this installation. */
export interface Wallets {
  connector(name: WalletName): Wallet;
  /** The account with its secrets decrypted, cached for a short time; undefined when unknown. */
  account(id: string): Promise<WalletAccount | undefined>;
  /** Forgets a cached account after its settings or credentials changed. */
  forget(id: string): void;
  stop(): void;
}

interface AccountRow {
  id: string;
  wallet: WalletName;
  custody: CustodyKind;
  settings: Record<string, unknown>;
  credentials: Buffer;
}

const CACHE_MS = 5_000;
const MAX_CACHED = 10_000;

export function createWallets(options: {
  db: Db;
  vault: Vault;
  connectors: readonly Wallet[];
}): Wallets {
  const { db, vault } = options;
  const connectors = new Map(options.connectors.map((wallet) => [wallet.name, wallet]));
  const cache = new Map<string, { until: number; account: WalletAccount }>();

  async function load(id: string): Promise<WalletAccount | undefined> {
    const [row] = await db.query<AccountRow>(sql`
      select id, wallet, custody, settings, credentials from wallet_accounts where id = ${id}`);
    if (!row) return undefined;
    const credentials = JSON.parse(vault.open(row.credentials, row.id)) as Record<string, string>;
    return {
      id: row.id,
      wallet: row.wallet,
      custody: row.custody,
      settings: row.settings,
      credentials,
    };
  }

  return {
    connector(name) {
      const found = connectors.get(name);
      if (!found) throw new Refusal('wallet_not_eligible', { message: `no connector for ${name}` });
      return found;
    },
    async account(id) {
      const cached = cache.get(id);
      if (cached && cached.until > Date.now()) return cached.account;
      const account = await load(id);
      if (!account) return undefined;
      if (cache.size >= MAX_CACHED) cache.clear();
      // A changed account keeps its object identity only while nothing changed in it, so
      // connectors may hang parsed keys on it.
      const same = cached && JSON.stringify(cached.account) === JSON.stringify(account);
      const kept = same ? cached.account : account;
      cache.set(id, { until: Date.now() + CACHE_MS, account: kept });
      return kept;
    },
    forget(id) {
      cache.delete(id);
    },
    stop() {
      for (const wallet of connectors.values()) wallet.stop();
    },
  };
}

/** The account a row of ours names: accounts are never deleted, so it must be there. */
export async function requireAccount(wallets: Wallets, id: string): Promise<WalletAccount> {
  const account = await wallets.account(id);
  assert(account, `wallet account ${id} is gone`);
  return account;
}

export function isWalletName(text: string): text is WalletName {
  return (WALLETS as readonly string[]).includes(text);
}
