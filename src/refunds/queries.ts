import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { Refund } from './refund.ts';

export async function selectRefund(
  db: Queryable,
  book: Book,
  id: string,
): Promise<Refund | undefined> {
  const [row] = await db.query<Refund>(sql`
    select book, id, version, payment_id, attempt_id, state, origin, amount, currency, reason,
      reference, refund_reference, wallet_refund_id, refusal, reservation_id, part_id, hold_id, from_hold,
      hold_reservation_id, metadata, created_at, succeeded_at
    from refunds where book = ${book} and id = ${id}`);
  return row;
}

export async function selectRefundByWalletNumber(
  db: Queryable,
  book: Book,
  refundReference: string,
): Promise<Refund | undefined> {
  const [row] = await db.query<Refund>(sql`
    select book, id, version, payment_id, attempt_id, state, origin, amount, currency, reason,
      reference, refund_reference, wallet_refund_id, refusal, reservation_id, part_id, hold_id, from_hold,
      hold_reservation_id, metadata, created_at, succeeded_at
    from refunds where book = ${book} and refund_reference = ${refundReference}`);
  return row;
}

/** All refunds of a payment in the order they were made. */
export async function selectRefunds(
  db: Queryable,
  book: Book,
  paymentId: string,
): Promise<Refund[]> {
  return db.query<Refund>(sql`
    select book, id, version, payment_id, attempt_id, state, origin, amount, currency, reason,
      reference, refund_reference, wallet_refund_id, refusal, reservation_id, part_id, hold_id, from_hold,
      hold_reservation_id, metadata, created_at, succeeded_at
    from refunds where book = ${book} and payment_id = ${paymentId} order by id`);
}

/** Takes refunds whose next question is due and puts that question off by a lease. */
export async function claimRefundsToQuery(
  db: Queryable,
  book: Book,
  lease_ms: number,
  limit: number,
): Promise<{ id: string }[]> {
  return db.query(sql`
    update refunds set next_query_at = now() + ${lease_ms} * interval '1 millisecond'
    where book = ${book} and id in (
      select id from refunds where book = ${book} and next_query_at <= now()
      order by next_query_at limit ${limit} for update skip locked)
    returning id`);
}

/** Plans the next question by how many were asked; only while undecided. */
export async function planRefundQuery(
  db: Queryable,
  book: Book,
  id: string,
  gaps_ms: readonly number[],
): Promise<void> {
  await db.query(sql`
    update refunds set queries = queries + 1,
      next_query_at = now() + interval '1 millisecond'
        * (${[...gaps_ms]}::double precision[])[least(queries + 1, ${gaps_ms.length})]
    where book = ${book} and id = ${id} and next_query_at is not null`);
}
