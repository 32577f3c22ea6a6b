import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { SplitOrder, SplitPart } from './split-order.ts';

type SplitRecord = Omit<SplitOrder, 'parts'> & {
  parts: (Omit<SplitPart, 'amount'> & { amount: string })[];
};

function toSplitOrder(row: SplitRecord): SplitOrder {
  const parts = row.parts.map((part) => ({ ...part, amount: BigInt(part.amount) }));
  return { ...row, parts };
}

export async function selectSplitOrder(
  db: Queryable,
  book: Book,
  id: string,
): Promise<SplitOrder | undefined> {
  const [row] = await db.query<SplitRecord>(sql`
    select book, id, version, hold_id, payment_id, kind, state, why, split_reference,
      wallet_split_id, amount, merchant_amount, merchant_reservation_id, parts, release_rest,
      refund_id, returns_id, refusal, created_at, finished_at
    from split_orders where book = ${book} and id = ${id}`);
  return row && toSplitOrder(row);
}

/** All requests about a payment's held money, oldest first. */
export async function selectSplitOrders(
  db: Queryable,
  book: Book,
  paymentId: string,
): Promise<SplitOrder[]> {
  const rows = await db.query<SplitRecord>(sql`
    select book, id, version, hold_id, payment_id, kind, state, why, split_reference,
      wallet_split_id, amount, merchant_amount, merchant_reservation_id, parts, release_rest,
      refund_id, returns_id, refusal, created_at, finished_at
    from split_orders where book = ${book} and payment_id = ${paymentId} order by id`);
  return rows.map(toSplitOrder);
}

/** Takes requests whose next question is due and puts that question off by a lease. */
export async function claimSplitsToQuery(
  db: Queryable,
  book: Book,
  lease_ms: number,
  limit: number,
): Promise<{ id: string }[]> {
  return db.query(sql`
    update split_orders set next_query_at = now() + ${lease_ms} * interval '1 millisecond'
    where book = ${book} and id in (
      select id from split_orders where book = ${book} and next_query_at <= now()
      order by next_query_at limit ${limit} for update skip locked)
    returning id`);
}

/** Plans the next question by how many were asked; only while undecided. */
export async function planSplitQuery(
  db: Queryable,
  book: Book,
  id: string,
  gaps_ms: readonly number[],
): Promise<void> {
  await db.query(sql`
    update split_orders set queries = queries + 1,
      next_query_at = now() + interval '1 millisecond'
        * (${[...gaps_ms]}::double precision[])[least(queries + 1, ${gaps_ms.length})]
    where book = ${book} and id = ${id} and next_query_at is not null`);
}
