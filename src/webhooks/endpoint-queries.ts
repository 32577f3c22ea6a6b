import { type Queryable, sql, statement } from '../db/pool.ts';
import { assert } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';

/** Every SQL statement that changes or lists `webhook_endpoints`. */
const COLUMNS = `id, platform_id, url, event_types, state, disabled_reason, secret,
  previous_secret, previous_until, created_at`;

export interface NewEndpointRow {
  readonly id: string;
  readonly platform_id: string;
  readonly url: string;
  readonly event_types: readonly string[];
  readonly secret: Buffer;
}

export async function insertEndpoint(db: Queryable, row: NewEndpointRow): Promise<Endpoint> {
  const { id, platform_id, url, event_types, secret } = row;
  const [made] = await db.query<Endpoint>(
    statement(
      `insert into webhook_endpoints (id, platform_id, url, event_types, secret)
       values ($1, $2, $3, $4, $5) returning ${COLUMNS}`,
      [id, platform_id, url, event_types, secret],
    ),
  );
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
  const text = `select ${COLUMNS} from webhook_endpoints where id = $1`;
  const [row] = await db.query<Endpoint>(statement(text, [id]));
  return row;
}

/** Of one platform, or of every platform when null; newest first, ids below `before`. */
export function selectEndpoints(
  db: Queryable,
  page: { platform_id: string | null; before: string | null; limit: number },
): Promise<Endpoint[]> {
  const text = `select ${COLUMNS} from webhook_endpoints
    where ($1::text is null or platform_id = $1) and ($2::text is null or id < $2)
    order by id desc limit $3`;
  return db.query<Endpoint>(statement(text, [page.platform_id, page.before, page.limit]));
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
  const text = `update webhook_endpoints set url = coalesce($2, url),
      event_types = coalesce($3::text[], event_types), state = coalesce($4::text, state),
      disabled_reason = case when $4::text is null then disabled_reason else $5 end
    where id = $1 returning ${COLUMNS}`;
  const values = [id, url, event_types, state, disabled_reason];
  const [row] = await db.query<Endpoint>(statement(text, values));
  return row;
}

export async function rotateSecret(
  db: Queryable,
  { id, secret, overlap_s }: { id: string; secret: Buffer; overlap_s: number },
): Promise<Endpoint | undefined> {
  const text = `update webhook_endpoints set previous_secret = secret, secret = $2,
      previous_until = now() + $3 * interval '1 second'
    where id = $1 returning ${COLUMNS}`;
  const [row] = await db.query<Endpoint>(statement(text, [id, secret, overlap_s]));
  return row;
}

export async function deleteEndpoint(db: Queryable, id: string): Promise<void> {
  await db.query(sql`delete from webhook_endpoints where id = ${id}`);
}
