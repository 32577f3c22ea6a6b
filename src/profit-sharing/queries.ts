import { fragment, type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { SplitOrder, SplitPart } from './split-order.ts';

type SplitRecord = Omit<SplitOrder, 'parts'> & {
  parts: (Omit<SplitPart, 'amount'> & { amount: string })[];
};

function toSplitOrder(row: SplitRecord): SplitOrder {
  const parts = row.parts.map((part) => ({ ...part, amount: BigInt(part.amount) }));
  return { ...row, parts };
}

const COLUMNS = fragment`
  book, id, version, hold_id, payment_id, kind, state, why, split_reference, wallet_split_id,
  amount, merchant_amount, merchant_reservation_id, parts, release_rest, refund_id, returns_id,
  refusal, created_at, finished_at
`;

export async function selectSplitOrder(
  db: Queryable,
  book: Book,
  id: string,
): Promise<SplitOrder | undefined> {
  const [row] = await db.query<SplitRecord>(sql`
    select ${COLUMNS} from split_orders where book = ${book} and id = ${id}`);
  return row && toSplitOrder(row);
}

export async function selectSplitByReference(
  db: Queryable,
  book: Book,
  splitReference: string,
): Promise<SplitOrder | undefined> {
  const [row] = await db.query<SplitRecord>(sql`
    select ${COLUMNS} from split_orders
    where book = ${book} and split_reference = ${splitReference}`);
  return row && toSplitOrder(row);
}

/** All requests about a payment's held money, oldest first. */
export async function selectSplitOrders(
  db: Queryable,
  book: Book,
  paymentId: string,
): Promise<SplitOrder[]> {
  const rows = await db.query<SplitRecord>(sql`
    select ${COLUMNS} from split_orders
    where book = ${book} and payment_id = ${paymentId} order by id`);
  return rows.map(toSplitOrder);
}
