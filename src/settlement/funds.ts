import type { BusinessDate } from '../clock.ts';
import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { RowChange, RowKind } from '../ledger/ledger.ts';

/**
 * What is settled for a merchant at one wallet account, and what of it was paid out or is on its
 * way. Whoever changes it names the version that was read, so no two payouts take the same money.
 */
export interface SellerFunds {
  readonly book: Book;
  readonly id: string;
  /** 0 for funds that no settlement has made yet. */
  readonly version: number;
  readonly merchant_id: string;
  readonly wallet_account_id: string;
  readonly settled: bigint;
  readonly paid_out: bigint;
}

export interface FundsAt {
  readonly book: Book;
  readonly merchant_id: string;
  readonly wallet_account_id: string;
}

const FUNDS_ROW: RowKind = {
  table: 'seller_funds',
  columns: {
    merchant_id: 'text',
    wallet_account_id: 'text',
    settled: 'bigint',
    paid_out: 'bigint',
  },
};

export async function findFunds(db: Queryable, at: FundsAt): Promise<SellerFunds> {
  const { book, merchant_id, wallet_account_id } = at;
  const id = `${merchant_id}/${wallet_account_id}`;
  const [row] = await db.query<SellerFunds>(sql`
    select book, id, version, merchant_id, wallet_account_id, settled, paid_out
    from seller_funds where book = ${book} and id = ${id}`);
  const none = { book, id, version: 0, merchant_id, wallet_account_id, settled: 0n, paid_out: 0n };
  return row ?? none;
}

export function changeFunds(
  funds: SellerFunds,
  change: Partial<Pick<SellerFunds, 'settled' | 'paid_out'>>,
): RowChange {
  const { id, version } = funds;
  if (version > 0) return { op: 'update', kind: FUNDS_ROW, id, version, values: change };
  const { merchant_id, wallet_account_id, settled, paid_out } = { ...funds, ...change };
  const values = { merchant_id, wallet_account_id, settled, paid_out };
  return { op: 'insert', kind: FUNDS_ROW, id, values };
}

/** Net of the settlements whose money still waits: those of days after `after`. */
export async function sumWaiting(db: Queryable, at: FundsAt, after: BusinessDate): Promise<bigint> {
  const [row] = await db.query<{ sum: bigint }>(sql`
    select coalesce(sum(greatest(net, 0)), 0)::bigint as sum from settlements
    where book = ${at.book} and merchant_id = ${at.merchant_id}
      and wallet_account_id = ${at.wallet_account_id} and state = 'settled'
      and business_date > ${after}::date`);
  return row?.sum ?? 0n;
}
