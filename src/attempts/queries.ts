import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { Attempt } from '../payments/payment.ts';
import type { CouponAmounts } from '../wallets/wallet.ts';

type AttemptRecord = Omit<Attempt, 'coupons'> & {
  coupons: Record<keyof CouponAmounts, string> | null;
};

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

export async function selectAttempts(
  db: Queryable,
  book: Book,
  paymentId: string,
): Promise<Attempt[]> {
  const rows = await db.query<AttemptRecord>(sql`
    select book, id, version, payment_id, wallet, wallet_account_id, presentation, state,
      wallet_reference, amount, presentation_data, refusal, wallet_transaction_id, payer_paid,
      coupons, sub_merchant, combined, expires_at, returned, created_at, paid_at
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

/** Plans the next question by how many were asked; only while the answer is not final. */
export async function planAttemptQuery(
  db: Queryable,
  book: Book,
  id: string,
  gaps_ms: readonly number[],
): Promise<void> {
  await db.query(sql`
    update attempts set queries = queries + 1,
      next_query_at = now() + interval '1 millisecond'
        * (${[...gaps_ms]}::double precision[])[least(queries + 1, ${gaps_ms.length})]
    where book = ${book} and id = ${id} and next_query_at is not null`);
}
