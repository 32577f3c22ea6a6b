import { type Queryable, sql } from '../db/pool.ts';
import { storableJson } from '../db/storable.ts';
import type { Book } from '../ids.ts';
import type { RowKind } from '../ledger/ledger.ts';
import type { NotificationFact } from '../wallets/notification.ts';

export const NOTIFICATION_ROW: RowKind = {
  table: 'notifications',
  columns: { outcome: 'text', payment_id: 'text', processed_at: 'timestamptz' },
};

export interface StoredNotification {
  readonly book: Book;
  readonly id: string;
  readonly wallet_account_id: string;
  /** NotificationFact with bigint as decimal strings and dates as ISO text. */
  readonly content: unknown;
  readonly processed_at: Date | null;
}

/**
 * Stores a verified notification and its job, which carries the fact, in one statement; false when
 * it was there already.
 */
export async function storeNotification(
  db: Queryable,
  row: {
    readonly book: Book;
    readonly id: string;
    readonly job_id: string;
    readonly wallet: string;
    readonly wallet_account_id: string;
    readonly fact_id: string;
    readonly fact_state: string;
    readonly content: string;
    readonly masked: string;
  },
): Promise<boolean> {
  const rows = await db.query(sql`
    with stored as (
      insert into notifications
        (book, id, wallet, wallet_account_id, fact_id, fact_state, content, masked)
      values (${row.book}, ${row.id}, ${row.wallet}, ${row.wallet_account_id}, ${row.fact_id},
        ${row.fact_state}, ${row.content}::jsonb, ${row.masked}::jsonb)
      on conflict (book, wallet_account_id, fact_id, fact_state) do nothing
      returning book, id
    )
    insert into jobs (book, id, kind, key, payload)
    select book, ${row.job_id}, 'notification.process', id,
      jsonb_build_object('account', ${row.wallet_account_id}::text, 'content', ${row.content}::jsonb)
    from stored
    returning id`);
  return rows.length > 0;
}

export async function selectNotification(
  db: Queryable,
  book: Book,
  id: string,
): Promise<StoredNotification | undefined> {
  const [row] = await db.query<StoredNotification>(sql`
    select book, id, wallet_account_id, content, processed_at
    from notifications where book = ${book} and id = ${id}`);
  return row;
}

/** Counts a refused notification and keeps a few samples per account, reason and day. */
export async function countRefused(
  db: Queryable,
  row: { wallet_account_id: string; reason: string; sample: string; max_samples: number },
): Promise<void> {
  await db.query(sql`
    insert into refused_notifications as r (wallet_account_id, reason, day, samples)
    values (${row.wallet_account_id}, ${row.reason}, current_date,
      jsonb_build_array(${row.sample}::jsonb))
    on conflict (wallet_account_id, reason, day) do update set
      count = r.count + 1,
      last_at = clock_timestamp(),
      samples = case when jsonb_array_length(r.samples) < ${row.max_samples}
        then r.samples || ${row.sample}::jsonb else r.samples end`);
}

/** A fact as JSON text: bigint as decimal text, dates as ISO text, without the payer's id. */
export function factToJson(content: NotificationFact): string {
  const text = JSON.stringify(content, (key, value: unknown) => {
    if (key === 'payer') return undefined;
    return typeof value === 'bigint' ? value.toString() : value;
  });
  return storableJson(text);
}
