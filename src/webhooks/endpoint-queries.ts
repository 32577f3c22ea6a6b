import { fragment, type Queryable, sql } from '../db/pool.ts';
import { assert } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';

/** Every SQL statement that changes or lists `webhook_endpoints`. */
const COLUMNS = fragment`
  id, platform_id, url, event_types, state, disabled_reason, secret, previous_secret,
  previous_until, created_at
`;

export interface NewEndpointRow {
  readonly id: string;
  readonly platform_id: string;
  readonly url: string;
  readonly event_types: readonly string[];
  readonly secret: Buffer;
}

export async function insertEndpoint(db: Queryable, row: NewEndpointRow): Promise<Endpoint> {
  const { id, platform_id, url, event_types, secret } = row;
  const [made] = await db.query<Endpoint>(sql`
    insert into webhook_endpoints (id, platform_id, url, event_types, secret)
    values (${id}, ${platform_id}, ${url}, ${event_types}, ${secret})
    returning ${COLUMNS}`);
  assert(made, 'an insert answers its row');
  return made;
}

/** Serialises changes of one platform's endpoints, so that their number can be limited. */
export async function lockPlatform(db: Queryable, platform_id: string): Promise<boolean> {
  const rows = await db.query(sql`
    select id from platforms where id = ${platform_id} for no key update`);
  return rows.length > 0;
}

export async function countEndpoints(db: Queryable, platform_id: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(sql`
    select count(*)::int as count from webhook_endpoints where platform_id = ${platform_id}`);
  return row?.count ?? 0;
}

export async function findEndpoint(db: Queryable, id: string): Promise<Endpoint | undefined> {
  const [row] = await db.query<Endpoint>(sql`
    select ${COLUMNS} from webhook_endpoints where id = ${id}`);
  return row;
}

/** Of one platform, or of every platform when null; newest first, ids below `before`. */
export function selectEndpoints(
  db: Queryable,
  page: { platform_id: string | null; before: string | null; limit: number },
): Promise<Endpoint[]> {
  return db.query<Endpoint>(sql`
    select ${COLUMNS} from webhook_endpoints
    where (${page.platform_id}::text is null or platform_id = ${page.platform_id})
      and (${page.before}::text is null or id < ${page.before})
    order by id desc limit ${page.limit}`);
}

export interface EndpointChange {
  readonly url?: string | undefined;
  readonly event_types?: readonly string[] | undefined;
  readonly state?: 'enabled' | 'disabled' | undefined;
  /** Taken over whenever `state` is given. */
  readonly disabled_reason?: string | null;
}

export async function updateEndpoint(
  db: Queryable,
  id: string,
  change: EndpointChange,
): Promise<Endpoint | undefined> {
  const { url = null, event_types = null, state = null, disabled_reason = null } = change;
  const [row] = await db.query<Endpoint>(sql`
    update webhook_endpoints set url = coalesce(${url}::text, url),
      event_types = coalesce(${event_types}::text[], event_types),
      state = coalesce(${state}::text, state),
      disabled_reason = case when ${state}::text is null then disabled_reason
        else ${disabled_reason}::text end
    where id = ${id} returning ${COLUMNS}`);
  return row;
}

export async function rotateSecret(
  db: Queryable,
  { id, secret, overlap_s }: { id: string; secret: Buffer; overlap_s: number },
): Promise<Endpoint | undefined> {
  const [row] = await db.query<Endpoint>(sql`
    update webhook_endpoints set previous_secret = secret, secret = ${secret},
      previous_until = now() + ${overlap_s}::float8 * interval '1 second'
    where id = ${id} returning ${COLUMNS}`);
  return row;
}

export async function deleteEndpoint(db: Queryable, id: string): Promise<void> {
  await db.query(sql`delete from webhook_endpoints where id = ${id}`);
}
