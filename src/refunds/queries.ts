import { fragment, type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { Refund } from './refund.ts';

const COLUMNS = fragment`
  book, id, version, payment_id, attempt_id, state, origin, amount, currency, reason, reference,
  refund_reference, wallet_refund_id, refusal, reservation_id, part_id, hold_id, from_hold,
  hold_reservation_id, metadata, created_at, succeeded_at
`;

export async function selectRefund(
  db: Queryable,
  book: Book,
  id: string,
): Promise<Refund | undefined> {
  const [row] = await db.query<Refund>(sql`
    select ${COLUMNS} from refunds where book = ${book} and id = ${id}`);
  return row;
}

export async function selectRefundByWalletNumber(
  db: Queryable,
  book: Book,
  refundReference: string,
): Promise<Refund | undefined> {
  const [row] = await db.query<Refund>(sql`
    select ${COLUMNS} from refunds where book = ${book} and refund_reference = ${refundReference}`);
  return row;
}

/** All refunds of a payment in the order they were made. */
export async function selectRefunds(
  db: Queryable,
  book: Book,
  paymentId: string,
): Promise<Refund[]> {
  return db.query<Refund>(sql`
    select ${COLUMNS} from refunds where book = ${book} and payment_id = ${paymentId} order by id`);
}
