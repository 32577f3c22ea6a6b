import { type Queryable, sql } from '../db/pool.ts';
import type { Page } from '../http/pagination.ts';
import type { WalletName } from '../wallets/wallet.ts';
import type { AccountRecord } from './wallet-account.ts';

/** Statements on wallet accounts; the registry has one of its own. */
export async function insertAccount(
  db: Queryable,
  account: Omit<AccountRecord, 'state' | 'created_at'>,
  credentials: Buffer,
): Promise<AccountRecord> {
  const { id, wallet, name, custody, wallet_merchant, settings } = account;
  const [row] = await db.query<AccountRecord>(sql`
    insert into wallet_accounts
      (id, wallet, name, custody, wallet_merchant, settings, credentials)
    values (${id}, ${wallet}, ${name}, ${custody}, ${wallet_merchant}, ${settings},
      ${credentials})
    returning id, wallet, name, custody, wallet_merchant, settings, state, created_at`);
  return row!;
}

export async function selectAccount(db: Queryable, id: string): Promise<AccountRecord | undefined> {
  const [row] = await db.query<AccountRecord>(sql`
    select id, wallet, name, custody, wallet_merchant, settings, state, created_at
    from wallet_accounts where id = ${id}`);
  return row;
}

/** Newest first; one more than the page shows. */
export async function selectAccounts(
  db: Queryable,
  page: Page,
  wallet: WalletName | null,
): Promise<AccountRecord[]> {
  return db.query<AccountRecord>(sql`
    select id, wallet, name, custody, wallet_merchant, settings, state, created_at
    from wallet_accounts
    where (${wallet}::text is null or wallet = ${wallet})
      and (${page.before ?? null}::text is null or id < ${page.before ?? null})
    order by id desc limit ${page.limit + 1}`);
}

/** The account with its sealed credentials, held until the transaction ends. */
export async function lockAccount(
  tx: Queryable,
  id: string,
): Promise<(AccountRecord & { readonly credentials: Buffer }) | undefined> {
  const [row] = await tx.query<AccountRecord & { credentials: Buffer }>(sql`
    select id, wallet, name, custody, wallet_merchant, settings, state, created_at, credentials
    from wallet_accounts where id = ${id} for update`);
  return row;
}

export async function updateAccount(
  tx: Queryable,
  account: Pick<AccountRecord, 'id' | 'name' | 'state' | 'settings'> & {
    readonly credentials: Buffer;
  },
): Promise<AccountRecord> {
  const { id, name, state, settings, credentials } = account;
  const [row] = await tx.query<AccountRecord>(sql`
    update wallet_accounts set name = ${name}, state = ${state}, settings = ${settings},
      credentials = ${credentials}
    where id = ${id}
    returning id, wallet, name, custody, wallet_merchant, settings, state, created_at`);
  return row!;
}

/** New settings and credentials for a known merchant number. */
export async function replaceAccount(
  db: Queryable,
  id: string,
  settings: Readonly<Record<string, unknown>>,
  credentials: Buffer,
): Promise<void> {
  await db.query(sql`
    update wallet_accounts set settings = ${settings}, credentials = ${credentials}
    where id = ${id}`);
}

export async function selectAccountByMerchant(
  db: Queryable,
  wallet: WalletName,
  wallet_merchant: string,
): Promise<AccountRecord | undefined> {
  const [row] = await db.query<AccountRecord>(sql`
    select id, wallet, name, custody, wallet_merchant, settings, state, created_at
    from wallet_accounts where wallet = ${wallet} and wallet_merchant = ${wallet_merchant}`);
  return row;
}
