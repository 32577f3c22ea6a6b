import { fragment, type Queryable, sql } from '../db/pool.ts';
import type { Page } from '../http/pagination.ts';
import type { Book, Id } from '../ids.ts';
import type { Hold, HoldState } from './hold.ts';

const COLUMNS = fragment`
  book, id, version, sequence, subject_id, payment_id, platform_id, merchant_id, attempt_id,
  wallet, wallet_account_id, capture, state, amount, released, shared, returned, reserved,
  releasable_at, release_at, wallet_limit_at, warned_at, disputed_at, dispute_reason, shipped_at,
  shipment, created_at, closed_at
`;

export async function selectHold(db: Queryable, book: Book, id: string): Promise<Hold | undefined> {
  const [row] = await db.query<Hold>(sql`
    select ${COLUMNS} from holds where book = ${book} and id = ${id}`);
  return row;
}

export interface HoldFilter {
  readonly book: Book;
  readonly platform_id: string;
  readonly merchant_id: string | null;
  readonly state: HoldState | null;
  readonly disputed: boolean | null;
}

/** Newest first; one more than the page shows. */
export async function selectHolds(
  db: Queryable,
  page: Page,
  { book, platform_id, merchant_id, state, disputed }: HoldFilter,
): Promise<Hold[]> {
  return db.query<Hold>(sql`
    select ${COLUMNS} from holds where book = ${book} and platform_id = ${platform_id}
      and (${merchant_id}::text is null or merchant_id = ${merchant_id})
      and (${state}::text is null or state = ${state})
      and (${disputed}::boolean is null or (disputed_at is not null) = ${disputed})
      and (${page.before ?? null}::text is null or id < ${page.before ?? null})
    order by id desc limit ${page.limit + 1}`);
}

/** Where a page of due holds ended. */
export interface DueHold {
  readonly id: Id<'hld'>;
  readonly release_at: Date;
}

/** Held money whose time has come; the time is asked once, and the index serves. */
export async function selectDueHolds(
  db: Queryable,
  book: Book,
  { after, limit }: { readonly after: DueHold | undefined; readonly limit: number },
): Promise<DueHold[]> {
  return db.query(sql`
    select id, release_at from holds where book = ${book} and state = 'held'
      and disputed_at is null and release_at <= (select hutong_now())
      and released + shared + returned + reserved < amount
      and (release_at, id) > (coalesce(${after?.release_at ?? null}::timestamptz, '-infinity'),
        ${after?.id ?? ''})
    order by release_at, id limit ${limit}`);
}

/** Held money near or beyond the wallet's own limit, that somebody must be told of. */
export async function selectEndingHolds(
  db: Queryable,
  book: Book,
  { warning_days, limit }: { warning_days: number; limit: number },
): Promise<{ readonly id: Id<'hld'> }[]> {
  return db.query(sql`
    select id from holds where book = ${book} and state = 'held'
      and (next_query_at is null or next_query_at <= now())
      and wallet_limit_at <= (select hutong_now()) + ${warning_days} * interval '1 day'
      and (wallet_limit_at <= (select hutong_now())
        or (disputed_at is not null and warned_at is null))
    order by wallet_limit_at limit ${limit}`);
}

/** Puts the next question about money beyond the wallet’s limit off. */
export async function putOffQuestion(
  db: Queryable,
  { book, id }: Pick<Hold, 'book' | 'id'>,
  gap_ms: number,
): Promise<void> {
  await db.query(sql`
    update holds set next_query_at = now() + ${gap_ms}::double precision * interval '1 millisecond'
    where book = ${book} and id = ${id}`);
}
