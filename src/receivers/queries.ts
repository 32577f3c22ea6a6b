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

export async function isIntroduced(
  db: Queryable,
  receiver_id: string,
  wallet_account_id: string,
): Promise<boolean> {
  const rows = await db.query(sql`
    select 1 from receiver_introductions
    where receiver_id = ${receiver_id} and wallet_account_id = ${wallet_account_id}`);
  return rows.length > 0;
}

export async function insertIntroduction(
  db: Queryable,
  receiver_id: string,
  wallet_account_id: string,
): Promise<void> {
  await db.query(sql`
    insert into receiver_introductions (receiver_id, wallet_account_id)
    values (${receiver_id}, ${wallet_account_id}) on conflict do nothing`);
}
