import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { Endpoint } from './endpoint.ts';
import type { StoredEvent } from './event.ts';

/** What a try needs: the delivery, its event and its endpoint. */
export interface DeliveryToMake {
  readonly id: string;
  readonly state: DeliveryState;
  readonly tries: number;
  readonly endpoint_id: string;
  readonly event: StoredEvent;
  readonly url: string;
  readonly enabled: boolean;
  readonly secret: Buffer;
  readonly previous_secret: Buffer | null;
}

export type DeliveryState = 'pending' | 'delivered' | 'failed';

type ToMakeRow = Omit<DeliveryToMake, 'event'> &
  Omit<StoredEvent, 'id'> & { readonly event_id: string };

export async function loadDeliveries(
  db: Queryable,
  { book, ids }: { book: Book; ids: readonly string[] },
): Promise<Map<string, DeliveryToMake>> {
  const rows = await db.query<ToMakeRow>(sql`
    select d.id, d.state, d.tries, d.endpoint_id, w.url, w.state = 'enabled' as enabled, w.secret,
      case when w.previous_until > now() then w.previous_secret end as previous_secret,
      e.book, e.id as event_id, e.type, e.platform_id, e.sequence, e.position, e.data, e.created_at
    from deliveries d
    join events e on e.book = d.book and e.id = d.event_id
    join webhook_endpoints w on w.id = d.endpoint_id
    where d.book = ${book} and d.id = any(${ids}::text[])`);
  return new Map(rows.map((row) => [row.id, { ...row, event: { ...row, id: row.event_id } }]));
}

export interface TryRecord {
  readonly id: string;
  readonly state: DeliveryState;
  readonly last_status: number | null;
  readonly last_error: string | null;
  /** Milliseconds until the next try; null when there is none. */
  readonly next_in_ms: number | null;
}

/** Writes down tries; what is delivered already stays so, whatever a late double run says. */
export async function recordTries(
  db: Queryable,
  { book, tries }: { book: Book; tries: readonly TryRecord[] },
): Promise<void> {
  await db.query(sql`
    update deliveries d set tries = d.tries + 1, state = r.state, last_status = r.last_status,
      last_error = r.last_error, next_at = now() + r.next_in_ms * interval '1 millisecond',
      delivered_at = case when r.state = 'delivered' then clock_timestamp() end
    from jsonb_to_recordset(${JSON.stringify(tries)}::jsonb) as r
      (id text, state text, last_status int, last_error text, next_in_ms float8)
    where d.book = ${book} and d.id = r.id and d.state = 'pending'`);
}

/** Ends a delivery without a try. */
export async function failDelivery(
  db: Queryable,
  { book, id, reason }: { book: Book; id: string; reason: string },
): Promise<void> {
  await db.query(sql`
    update deliveries set state = 'failed', last_error = ${reason}, next_at = null
    where book = ${book} and id = ${id} and state = 'pending'`);
}

export async function insertEndpoint(db: Queryable, endpoint: Endpoint): Promise<Endpoint[]> {
  return db.query<Endpoint>(sql`
    insert into webhook_endpoints (id, platform_id, url, event_types, secret)
    values (${endpoint.id}, ${endpoint.platform_id}, ${endpoint.url}, ${endpoint.event_types},
      ${endpoint.secret})
    returning id, platform_id, url, event_types, state, disabled_reason, secret, previous_secret,
      previous_until, created_at`);
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
    select id, platform_id, url, event_types, state, disabled_reason, secret, previous_secret,
      previous_until, created_at
    from webhook_endpoints where id = ${id}`);
  return row;
}

/** All of a platform, or of every platform when null, newest first, before the id `before`. */
export function listEndpoints(
  db: Queryable,
  {
    platform_id,
    before,
    limit,
  }: { platform_id: string | null; before: string | null; limit: number },
): Promise<Endpoint[]> {
  return db.query<Endpoint>(sql`
    select id, platform_id, url, event_types, state, disabled_reason, secret, previous_secret,
      previous_until, created_at
    from webhook_endpoints
    where (${platform_id}::text is null or platform_id = ${platform_id})
      and (${before}::text is null or id < ${before})
    order by id desc limit ${limit}`);
}

export interface EndpointChange {
  readonly url?: string | undefined;
  readonly event_types?: readonly string[] | undefined;
  readonly state?: 'enabled' | 'disabled' | undefined;
  readonly disabled_reason?: string | null;
}

export async function updateEndpoint(
  db: Queryable,
  id: string,
  change: EndpointChange,
): Promise<Endpoint | undefined> {
  const [row] = await db.query<Endpoint>(sql`
    update webhook_endpoints set
      url = coalesce(${change.url ?? null}, url),
      event_types = coalesce(${change.event_types ?? null}::text[], event_types),
      state = coalesce(${change.state ?? null}, state),
      disabled_reason = case when ${change.state ?? null}::text is null then disabled_reason
        else ${change.disabled_reason ?? null} end
    where id = ${id}
    returning id, platform_id, url, event_types, state, disabled_reason, secret, previous_secret,
      previous_until, created_at`);
  return row;
}

export async function rotateSecret(
  db: Queryable,
  { id, secret, overlap_s }: { id: string; secret: Buffer; overlap_s: number },
): Promise<Endpoint | undefined> {
  const [row] = await db.query<Endpoint>(sql`
    update webhook_endpoints set previous_secret = secret, secret = ${secret},
      previous_until = now() + ${overlap_s} * interval '1 second'
    where id = ${id}
    returning id, platform_id, url, event_types, state, disabled_reason, secret, previous_secret,
      previous_until, created_at`);
  return row;
}

export async function deleteEndpoint(db: Queryable, id: string): Promise<void> {
  await db.query(sql`delete from webhook_endpoints where id = ${id}`);
}
