import { type Queryable, sql } from '../db/pool.ts';
import type { Page } from '../http/pagination.ts';
import type { Receiver } from './receiver.ts';

/** Every statement on receivers, which are never changed: payments rely on their accounts. */
export async function insertReceiver(
  db: Queryable,
  receiver: Omit<Receiver, 'created_at'>,
): Promise<Receiver> {
  const { id, platform_id, name, kind, accounts, metadata } = receiver;
  const [row] = await db.query<Receiver>(sql`
    insert into receivers (id, platform_id, name, kind, accounts, metadata)
    values (${id}, ${platform_id}, ${name}, ${kind}, ${JSON.stringify(accounts)}::jsonb, ${metadata})
    returning id, platform_id, name, kind, accounts, metadata, created_at`);
  return row!;
}

export async function selectReceiversById(
  db: Queryable,
  ids: readonly string[],
): Promise<Receiver[]> {
  if (ids.length === 0) return [];
  return db.query<Receiver>(sql`
    select id, platform_id, name, kind, accounts, metadata, created_at
    from receivers where id = any(${[...ids]})`);
}

/** Newest first; one more than the page shows. Null: of every platform. */
export async function selectReceivers(
  db: Queryable,
  page: Page,
  platform_id: string | null,
): Promise<Receiver[]> {
  return db.query<Receiver>(sql`
    select id, platform_id, name, kind, accounts, metadata, created_at from receivers
    where (${platform_id}::text is null or platform_id = ${platform_id})
      and (${page.before ?? null}::text is null or id < ${page.before ?? null})
    order by id desc limit ${page.limit + 1}`);
}

export interface Introduction {
  readonly receiver_id: string;
  readonly wallet_account_id: string;
  /** The seller under the account; empty where it sells itself. */
  readonly sub_merchant: string;
}

export async function isIntroduced(
  db: Queryable,
  { receiver_id, wallet_account_id, sub_merchant }: Introduction,
): Promise<boolean> {
  const rows = await db.query(sql`
    select 1 from receiver_introductions where receiver_id = ${receiver_id}
      and wallet_account_id = ${wallet_account_id} and sub_merchant = ${sub_merchant}`);
  return rows.length > 0;
}

export async function insertIntroduction(
  db: Queryable,
  { receiver_id, wallet_account_id, sub_merchant }: Introduction,
): Promise<void> {
  await db.query(sql`
    insert into receiver_introductions (receiver_id, wallet_account_id, sub_merchant)
    values (${receiver_id}, ${wallet_account_id}, ${sub_merchant}) on conflict do nothing`);
}
