import { fragment, type Queryable, sql } from '../db/pool.ts';
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

const COLUMNS = fragment`
  book, id, version, payment_id, wallet, wallet_account_id, presentation, state, wallet_reference,
  amount, presentation_data, refusal, wallet_transaction_id, payer_paid, coupons, sub_merchant,
  combined, expires_at, returned, created_at, paid_at
`;

export async function selectAttempts(
  db: Queryable,
  book: Book,
  paymentId: string,
): Promise<Attempt[]> {
  const rows = await db.query<AttemptRecord>(sql`
    select ${COLUMNS} from attempts where book = ${book} and payment_id = ${paymentId}
    order by id`);
  return rows.map(toAttempt);
}

export async function selectAttempt(
  db: Queryable,
  book: Book,
  id: string,
): Promise<Attempt | undefined> {
  const [row] = await db.query<AttemptRecord>(sql`
    select ${COLUMNS} from attempts where book = ${book} and id = ${id}`);
  return row && toAttempt(row);
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
