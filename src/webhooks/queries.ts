import { fragment, type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { StoredEvent } from './event.ts';

/** A delivery `d` and the type of its event `e`. */
const DELIVERY_COLUMNS = fragment`
  d.book, d.id, d.event_id, e.type as event_type, d.endpoint_id, d.platform_id, d.payment_id,
  d.state, d.tries, d.last_status, d.last_error, d.next_at, d.created_at, d.delivered_at
`;
const EVENT_COLUMNS = fragment`
  book, id, type, platform_id, sequence, position, data, created_at
`;

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
    where d.book = ${book} and d.id = r.id and d.state = 'pending'
      and d.id = any(${tries.map((one) => one.id)})`);
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

export interface Delivery {
  readonly book: Book;
  readonly id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly endpoint_id: string;
  readonly platform_id: string;
  readonly payment_id: string | null;
  readonly state: DeliveryState;
  readonly tries: number;
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly next_at: Date | null;
  readonly created_at: Date;
  readonly delivered_at: Date | null;
}

export async function findDelivery(
  db: Queryable,
  { book, id }: { book: Book; id: string },
): Promise<Delivery | undefined> {
  const [row] = await db.query<Delivery>(sql`
    select ${DELIVERY_COLUMNS}
    from deliveries d join events e on e.book = d.book and e.id = d.event_id
    where d.book = ${book} and d.id = ${id}`);
  return row;
}

export interface DeliveryFilter {
  readonly book: Book;
  readonly platform_id: string;
  readonly endpoint_id: string | null;
  readonly event_id: string | null;
  readonly payment_id: string | null;
  readonly state: DeliveryState | null;
  /** Only ids below this one. */
  readonly before: string | null;
  readonly limit: number;
}

/** Newest first. */
export function selectDeliveries(db: Queryable, filter: DeliveryFilter): Promise<Delivery[]> {
  return db.query<Delivery>(sql`
    select ${DELIVERY_COLUMNS}
    from deliveries d join events e on e.book = d.book and e.id = d.event_id
    where d.book = ${filter.book} and d.platform_id = ${filter.platform_id}
      and (${filter.before}::text is null or d.id < ${filter.before})
      and (${filter.endpoint_id}::text is null or d.endpoint_id = ${filter.endpoint_id})
      and (${filter.event_id}::text is null or d.event_id = ${filter.event_id})
      and (${filter.payment_id}::text is null or d.payment_id = ${filter.payment_id})
      and (${filter.state}::text is null or d.state = ${filter.state})
    order by d.id desc limit ${filter.limit}`);
}

/** Makes a delivery due again whatever its state; answers the tries it had. */
export async function reopenDelivery(
  db: Queryable,
  { book, id }: { book: Book; id: string },
): Promise<number | undefined> {
  const [row] = await db.query<{ tries: number }>(sql`
    update deliveries set state = 'pending', next_at = now(), delivered_at = null
    where book = ${book} and id = ${id}
    returning tries`);
  return row?.tries;
}

/** Sealed public events of a platform after a position, in order. */
export function selectEvents(
  db: Queryable,
  feed: { book: Book; platform_id: string; after: number; type: string | null; limit: number },
): Promise<StoredEvent[]> {
  return db.query<StoredEvent>(sql`
    select ${EVENT_COLUMNS} from events
    where book = ${feed.book} and platform_id = ${feed.platform_id} and position is not null
      and position > ${feed.after} and (${feed.type}::text is null or type = ${feed.type})
    order by position limit ${feed.limit}`);
}

export async function findEvent(
  db: Queryable,
  { book, id }: { book: Book; id: string },
): Promise<StoredEvent | undefined> {
  const [row] = await db.query<StoredEvent>(sql`
    select ${EVENT_COLUMNS} from events where book = ${book} and id = ${id} and public`);
  return row;
}

export async function bookOfPlatform(
  db: Queryable,
  platform_id: string,
): Promise<Book | undefined> {
  const [row] = await db.query<{ book: Book }>(sql`
    select book from platforms where id = ${platform_id}`);
  return row?.book;
}
