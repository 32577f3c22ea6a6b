import { type PartRecord, partsOf } from '../combined/part.ts';
import { fragment, type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import { termsOf } from '../terms/terms.ts';
import type { OrderItem, Payment } from './payment.ts';

type PaymentRecord = Omit<Payment, 'order_items' | 'terms' | 'parts'> & {
  parts: PartRecord[] | null;
  order_items: { name: string; quantity: number; unit_amount: number }[];
  terms: unknown;
};

function toPayment(row: PaymentRecord): Payment {
  const order_items = row.order_items.map(
    (item): OrderItem => ({ ...item, unit_amount: BigInt(item.unit_amount) }),
  );
  return { ...row, order_items, terms: termsOf(row.terms), parts: partsOf(row.parts) };
}

const COLUMNS = fragment`
  book, id, version, sequence, platform_id, merchant_id, state, amount, currency, description,
  order_reference, order_url, order_items, return_url, metadata, terms, expires_at, closing,
  close_reason, succeeded_attempt_id, wallet, refund_reserved, refunded, refund_count, created_at,
  paid_at, closed_at,
  case when part_count > 0 then (
    select jsonb_agg(jsonb_build_object('id', pp.id, 'merchant_id', pp.merchant_id,
      'amount', pp.amount, 'description', pp.description, 'reference', pp.reference,
      'refund_reserved', pp.refund_reserved, 'refunded', pp.refunded) order by pp.position)
    from payment_parts pp where pp.book = payments.book and pp.payment_id = payments.id)
  end as parts
`;

export async function selectPayment(
  db: Queryable,
  book: Book,
  id: string,
): Promise<Payment | undefined> {
  const [row] = await db.query<PaymentRecord>(sql`
    select ${COLUMNS} from payments where book = ${book} and id = ${id}`);
  return row && toPayment(row);
}

export async function selectPaymentByToken(
  db: Queryable,
  book: Book,
  tokenHash: string,
): Promise<Payment | undefined> {
  const [row] = await db.query<PaymentRecord>(sql`
    select ${COLUMNS} from payments where book = ${book} and checkout_token_hash = ${tokenHash}`);
  return row && toPayment(row);
}

/** The payment that holds this order number now, if any. */
export async function selectLiveOrder(
  db: Queryable,
  book: Book,
  platformId: string,
  reference: string,
): Promise<{ id: string; state: string } | undefined> {
  const [row] = await db.query<{ id: string; state: string }>(sql`
    select id, state from payments where book = ${book} and platform_id = ${platformId}
      and order_reference = ${reference} and state <> 'closed'`);
  return row;
}

export interface PaymentFilter {
  readonly book: Book;
  readonly platform_id: string;
  readonly merchant_id: string | null;
  /** False leaves out combined orders, which are no single seller's to see. */
  readonly with_parts: boolean;
  readonly state: string | null;
  readonly wallet: string | null;
  readonly order_reference: string | null;
  readonly created_from: Date | null;
  readonly created_before: Date | null;
  /** Ids below this one: newest first. */
  readonly below: string | null;
  readonly limit: number;
}

export async function listPayments(db: Queryable, filter: PaymentFilter): Promise<Payment[]> {
  const rows = await db.query<PaymentRecord>(sql`
    select ${COLUMNS} from payments
    where book = ${filter.book} and platform_id = ${filter.platform_id}
      and (${filter.merchant_id}::text is null or merchant_id = ${filter.merchant_id})
      and (${filter.with_parts}::boolean or part_count = 0)
      and (${filter.state}::text is null or state = ${filter.state})
      and (${filter.wallet}::text is null or wallet = ${filter.wallet})
      and (${filter.order_reference}::text is null or order_reference = ${filter.order_reference})
      and (${filter.created_from}::timestamptz is null or created_at >= ${filter.created_from})
      and (${filter.created_before}::timestamptz is null or created_at < ${filter.created_before})
      and (${filter.below}::text is null or id < ${filter.below})
    order by id desc limit ${filter.limit}`);
  return rows.map(toPayment);
}

/** Open payments whose business time is over; the time is asked once, and the index serves. */
export async function selectExpired(
  db: Queryable,
  book: Book,
  limit: number,
): Promise<{ readonly id: Payment['id'] }[]> {
  return db.query(sql`
    select id from payments where book = ${book} and state in ('requires_wallet', 'pending')
      and not closing and expires_at <= (select hutong_now())
    order by expires_at limit ${limit}`);
}

/**
 * Payments whose close was asked for and that nothing can pay any more, but that are still open:
 * whoever was closing them has died before the end.
 */
export async function selectUnfinishedCloses(
  db: Queryable,
  book: Book,
  limit: number,
): Promise<{ readonly id: Payment['id'] }[]> {
  return db.query(sql`
    select p.id from payments p
    where p.book = ${book} and p.state in ('requires_wallet', 'pending') and p.closing
      and not exists (
        select from attempts a
        where a.book = p.book and a.payment_id = p.id
          and a.state in ('created', 'presented', 'unknown', 'abandoned'))
    order by p.id limit ${limit}`);
}
