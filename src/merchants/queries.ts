import { type Queryable, sql } from '../db/pool.ts';
import type { Page } from '../http/pagination.ts';
import type { WalletName } from '../wallets/wallet.ts';
import type { Enrolment, Merchant } from './merchant.ts';

/** Every statement on merchants and their enrolments. */
export async function insertMerchant(
  db: Queryable,
  merchant: Omit<Merchant, 'created_at' | 'owed_limit'>,
): Promise<Merchant> {
  const [row] = await db.query<Merchant>(sql`
    insert into merchants (id, platform_id, name, metadata)
    values (${merchant.id}, ${merchant.platform_id}, ${merchant.name}, ${merchant.metadata})
    returning id, platform_id, name, metadata, owed_limit, created_at`);
  return row!;
}

export async function selectMerchant(db: Queryable, id: string): Promise<Merchant | undefined> {
  const [row] = await db.query<Merchant>(sql`
    select id, platform_id, name, metadata, owed_limit, created_at from merchants where id = ${id}`);
  return row;
}

export interface MerchantFilter {
  /** Null: of every platform. */
  readonly platform_id: string | null;
  readonly merchant_id: string | null;
}

/** Newest first; one more than the page shows. */
export async function selectMerchants(
  db: Queryable,
  page: Page,
  { platform_id, merchant_id }: MerchantFilter,
): Promise<Merchant[]> {
  return db.query<Merchant>(sql`
    select id, platform_id, name, metadata, owed_limit, created_at from merchants
    where (${platform_id}::text is null or platform_id = ${platform_id})
      and (${merchant_id}::text is null or id = ${merchant_id})
      and (${page.before ?? null}::text is null or id < ${page.before ?? null})
    order by id desc limit ${page.limit + 1}`);
}

export interface MerchantChange {
  readonly name?: string | undefined;
  readonly owed_limit?: bigint | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export async function updateMerchant(
  db: Queryable,
  id: string,
  change: MerchantChange,
): Promise<Merchant | undefined> {
  const [row] = await db.query<Merchant>(sql`
    update merchants set
      name = coalesce(${change.name ?? null}, name),
      owed_limit = coalesce(${change.owed_limit ?? null}::bigint, owed_limit),
      metadata = coalesce(${change.metadata ?? null}::jsonb, metadata)
    where id = ${id}
    returning id, platform_id, name, metadata, owed_limit, created_at`);
  return row;
}

/** The enrolment made now, or undefined when this merchant is enrolled at the wallet already. */
export async function insertEnrolment(
  db: Queryable,
  enrolment: Omit<Enrolment, 'created_at'>,
): Promise<Enrolment | undefined> {
  const { id, merchant_id, wallet, wallet_account_id, sub_merchant, state } = enrolment;
  const [row] = await db.query<Enrolment>(sql`
    insert into enrolments (id, merchant_id, wallet, wallet_account_id, sub_merchant, state)
    values (${id}, ${merchant_id}, ${wallet}, ${wallet_account_id}, ${sub_merchant}, ${state})
    on conflict (merchant_id, wallet) do nothing
    returning id, merchant_id, wallet, wallet_account_id, sub_merchant, state, created_at`);
  return row;
}

export async function selectEnrolments(
  db: Queryable,
  merchantIds: readonly string[],
): Promise<Enrolment[]> {
  return db.query<Enrolment>(sql`
    select id, merchant_id, wallet, wallet_account_id, sub_merchant, state, created_at
    from enrolments
    where merchant_id = any(${[...merchantIds]}) order by wallet`);
}

/** Active accounts of a wallet, at most two: enough to know whether there is exactly one. */
export async function selectActiveAccounts(
  db: Queryable,
  wallet: WalletName,
  named: string | null,
): Promise<{ readonly id: string }[]> {
  return db.query<{ id: string }>(sql`
    select id from wallet_accounts
    where wallet = ${wallet} and state = 'active' and (${named}::text is null or id = ${named})
    order by id limit 2`);
}
