import { type Queryable, sql } from '../db/pool.ts';
import type { Page } from '../http/pagination.ts';
import { newId } from '../ids.ts';
import { WALLETS } from '../wallets/wallet.ts';
import type { ApiKey, Platform } from './platform.ts';

/** Every statement on platforms, their keys and the gates they start with. */

/** The platform and an open gate to every wallet, in one statement. */
export async function insertPlatform(
  db: Queryable,
  platform: Omit<Platform, 'created_at'>,
): Promise<Platform> {
  const gateIds = WALLETS.map(() => newId('gat'));
  const [row] = await db.query<Platform>(sql`
    with platform as (
      insert into platforms (id, slug, name, hosts, book, metadata)
      values (${platform.id}, ${platform.slug}, ${platform.name}, ${[...platform.hosts]},
        ${platform.book}, ${platform.metadata})
      returning id, slug, name, hosts, book, metadata, created_at
    ), gate as (
      insert into gates (id, platform_id, wallet, state)
      select g.id, platform.id, g.wallet, 'open'
      from platform, unnest(${gateIds}::text[], ${[...WALLETS]}::text[]) as g (id, wallet)
    )
    select id, slug, name, hosts, book, metadata, created_at from platform`);
  return row!;
}

export async function selectPlatform(db: Queryable, id: string): Promise<Platform | undefined> {
  const [row] = await db.query<Platform>(sql`
    select id, slug, name, hosts, book, metadata, created_at from platforms where id = ${id}`);
  return row;
}

export async function selectPlatformBySlug(
  db: Queryable,
  slug: string,
): Promise<Platform | undefined> {
  const [row] = await db.query<Platform>(sql`
    select id, slug, name, hosts, book, metadata, created_at from platforms where slug = ${slug}`);
  return row;
}

/** Newest first; one more than the page shows. `only`: a caller that sees a single platform. */
export async function selectPlatforms(
  db: Queryable,
  page: Page,
  only: string | null,
): Promise<Platform[]> {
  return db.query<Platform>(sql`
    select id, slug, name, hosts, book, metadata, created_at from platforms
    where (${only}::text is null or id = ${only})
      and (${page.before ?? null}::text is null or id < ${page.before ?? null})
    order by id desc limit ${page.limit + 1}`);
}

export interface PlatformChange {
  readonly name?: string | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export async function updatePlatform(
  db: Queryable,
  id: string,
  change: PlatformChange,
): Promise<Platform | undefined> {
  const [row] = await db.query<Platform>(sql`
    update platforms set
      name = coalesce(${change.name ?? null}, name),
      hosts = coalesce(${change.hosts ? [...change.hosts] : null}, hosts),
      metadata = coalesce(${change.metadata ?? null}::jsonb, metadata)
    where id = ${id}
    returning id, slug, name, hosts, book, metadata, created_at`);
  return row;
}

export async function insertKey(
  db: Queryable,
  key: Omit<ApiKey, 'created_at' | 'revoked_at'>,
  key_hash: string,
): Promise<ApiKey> {
  const [row] = await db.query<ApiKey>(sql`
    insert into api_keys
      (id, key_hash, hint, role, platform_id, merchant_id, wallet, api_version)
    values (${key.id}, ${key_hash}, ${key.hint}, ${key.role}, ${key.platform_id},
      ${key.merchant_id}, ${key.wallet}, ${key.api_version})
    returning id, hint, role, platform_id, merchant_id, wallet, api_version, created_at,
      revoked_at`);
  return row!;
}

export async function selectKey(db: Queryable, id: string): Promise<ApiKey | undefined> {
  const [row] = await db.query<ApiKey>(sql`
    select id, hint, role, platform_id, merchant_id, wallet, api_version, created_at, revoked_at
    from api_keys where id = ${id}`);
  return row;
}

export async function selectKeys(
  db: Queryable,
  page: Page,
  only: string | null,
): Promise<ApiKey[]> {
  return db.query<ApiKey>(sql`
    select id, hint, role, platform_id, merchant_id, wallet, api_version, created_at, revoked_at
    from api_keys
    where (${only}::text is null or platform_id = ${only})
      and (${page.before ?? null}::text is null or id < ${page.before ?? null})
    order by id desc limit ${page.limit + 1}`);
}

/**
 * The key is refused `in_seconds` from now (real time), or earlier where that was said before.
 * Undefined when it is unknown, or refused already.
 */
export async function endKey(
  db: Queryable,
  id: string,
  in_seconds: number,
): Promise<ApiKey | undefined> {
  const [row] = await db.query<ApiKey>(sql`
    update api_keys
    set revoked_at = least(revoked_at, clock_timestamp() + ${in_seconds} * interval '1 second')
    where id = ${id} and (revoked_at is null or revoked_at > clock_timestamp())
    returning id, hint, role, platform_id, merchant_id, wallet, api_version, created_at,
      revoked_at`);
  return row;
}

export async function isKeyLive(db: Queryable, key_hash: string): Promise<boolean> {
  const rows = await db.query(sql`
    select 1 from api_keys where key_hash = ${key_hash}
      and (revoked_at is null or revoked_at > now())`);
  return rows.length > 0;
}
