import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { CouponAmounts } from '../wallets/wallet.ts';
import type { Attempt, OrderItem, Payment } from './payment.ts';

type PaymentRecord = Omit<Payment, 'order_items'> & {
  order_items: { name: string; quantity: number; unit_amount: number }[];
};

type AttemptRecord = Omit<Attempt, 'coupons'> & {
  coupons: Record<keyof CouponAmounts, string> | null;
};

function toPayment(row: PaymentRecord): Payment {
  const order_items = row.order_items.map(
    (item): OrderItem => ({ ...item, unit_amount: BigInt(item.unit_amount) }),
  );
  return { ...row, order_items };
}

function toAttempt(row: AttemptRecord): Attempt {
  if (row.coupons === null) return { ...row, coupons: null };
  const { wallet_funded, merchant_funded, other_funded } = row.coupons;
  return {
    ...row,
    coupons: {
      wallet_funded: BigInt(wallet_funded),
      merchant_funded: BigInt(merchant_funded),
      other_funded: BigInt(other_funded),
    },
  };
}

export async function selectPayment(
  db: Queryable,
  book: Book,
  id: string,
): Promise<Payment | undefined> {
  const [row] = await db.query<PaymentRecord>(sql`
    select book, id, version, sequence, platform_id, merchant_id, state, amount, currency,
      description, order_reference, order_url, order_items, return_url, metadata, expires_at,
      closing, close_reason, succeeded_attempt_id, wallet, refund_reserved, refunded, refund_count,
      created_at, paid_at, closed_at
    from payments where book = ${book} and id = ${id}`);
  return row && toPayment(row);
}

export async function selectPaymentByToken(
  db: Queryable,
  book: Book,
  tokenHash: string,
): Promise<Payment | undefined> {
  const [row] = await db.query<PaymentRecord>(sql`
    select book, id, version, sequence, platform_id, merchant_id, state, amount, currency,
      description, order_reference, order_url, order_items, return_url, metadata, expires_at,
      closing, close_reason, succeeded_attempt_id, wallet, refund_reserved, refunded, refund_count,
      created_at, paid_at, closed_at
    from payments where book = ${book} and checkout_token_hash = ${tokenHash}`);
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
    select book, id, version, sequence, platform_id, merchant_id, state, amount, currency,
      description, order_reference, order_url, order_items, return_url, metadata, expires_at,
      closing, close_reason, succeeded_attempt_id, wallet, refund_reserved, refunded, refund_count,
      created_at, paid_at, closed_at
    from payments
    where book = ${filter.book} and platform_id = ${filter.platform_id}
      and (${filter.merchant_id}::text is null or merchant_id = ${filter.merchant_id})
      and (${filter.state}::text is null or state = ${filter.state})
      and (${filter.wallet}::text is null or wallet = ${filter.wallet})
      and (${filter.order_reference}::text is null or order_reference = ${filter.order_reference})
      and (${filter.created_from}::timestamptz is null or created_at >= ${filter.created_from})
      and (${filter.created_before}::timestamptz is null or created_at < ${filter.created_before})
      and (${filter.below}::text is null or id < ${filter.below})
    order by id desc limit ${filter.limit}`);
  return rows.map(toPayment);
}

export async function selectAttempts(
  db: Queryable,
  book: Book,
  paymentId: string,
): Promise<Attempt[]> {
  const rows = await db.query<AttemptRecord>(sql`
    select book, id, version, payment_id, wallet, wallet_account_id, presentation, state,
      wallet_reference, amount, presentation_data, refusal, wallet_transaction_id, payer_paid,
      coupons, expires_at, returned, created_at, paid_at
    from attempts where book = ${book} and payment_id = ${paymentId} order by id`);
  return rows.map(toAttempt);
}

export async function findPaymentIdByReference(
  db: Queryable,
  book: Book,
  walletAccountId: string,
  walletReference: string,
): Promise<string | undefined> {
  const [row] = await db.query<{ payment_id: string }>(sql`
    select payment_id from attempts where book = ${book}
      and wallet_account_id = ${walletAccountId} and wallet_reference = ${walletReference}`);
  return row?.payment_id;
}

/** Takes attempts whose next question is due and puts that question off by a lease. */
export async function claimAttemptsToQuery(
  db: Queryable,
  book: Book,
  lease_ms: number,
  limit: number,
): Promise<{ id: string; payment_id: string }[]> {
  return db.query(sql`
    update attempts set next_query_at = now() + ${lease_ms} * interval '1 millisecond'
    where book = ${book} and id in (
      select id from attempts where book = ${book} and next_query_at <= now()
      order by next_query_at limit ${limit} for update skip locked)
    returning id, payment_id`);
}

/** Plans the next question; only while the answer is not final. */
export async function planAttemptQuery(
  db: Queryable,
  book: Book,
  id: string,
  gap_ms: number,
): Promise<void> {
  await db.query(sql`
    update attempts set queries = queries + 1,
      next_query_at = now() + ${gap_ms} * interval '1 millisecond'
    where book = ${book} and id = ${id} and next_query_at is not null`);
}

export async function countQueries(db: Queryable, book: Book, id: string): Promise<number> {
  const [row] = await db.query<{ queries: number }>(sql`
    select queries from attempts where book = ${book} and id = ${id}`);
  return row?.queries ?? 0;
}

/** Open payments whose business time is over. */
export async function selectExpired(db: Queryable, book: Book, limit: number): Promise<string[]> {
  const rows = await db.query<{ id: string }>(sql`
    select id from payments where book = ${book} and state in ('requires_wallet', 'pending')
      and not closing and expires_at <= hutong_now()
    order by expires_at limit ${limit}`);
  return rows.map((row) => row.id);
}

export async function selectBooks(db: Queryable): Promise<Book[]> {
  const rows = await db.query<{ book: Book }>(sql`
    select distinct book from platforms union select 0::smallint order by book`);
  return rows.map((row) => row.book);
}
