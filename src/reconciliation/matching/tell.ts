import type { App } from '../../app.ts';
import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import { advance } from '../../payments/advance.ts';
import type { Payment } from '../../payments/payment.ts';
import { advanceRefund } from '../../refunds/advance.ts';
import { BillError } from '../../wallets/products/bills.ts';
import type { PaymentFact, WalletAccount } from '../../wallets/wallet.ts';
import type { Desk } from './desk.ts';
import { type Line, matchLines } from './match.ts';
import { tellOfParts } from './tell-parts.ts';

/**
 * Lines that say more than our books do are told to the same completion path as any notification:
 * a payment whose every notification was lost is completed, money that came too late goes back, and
 * an order nobody knows becomes a break with its money in suspense. Then they are matched again.
 */
const BATCH = 500;
const AT_ONCE = 16;
/** More than this is no bill of this account. */
export const MAX_STRANGE = 100_000;

interface Row {
  readonly no: number;
  readonly line: number;
  readonly book: Book;
  readonly about: 'payment' | 'refund';
  readonly reference: string;
  readonly wallet_reference: string;
  readonly transaction_id: string;
  readonly wallet_refund_id: string | null;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly at: Date;
  readonly unfinished: boolean;
  readonly payment_id: Payment['id'] | null;
  readonly whole: string | null;
}

/** Answers how many payments and refunds the bill completed. */
export async function tellWhatIsNew(app: App, account: WalletAccount, desk: Desk): Promise<number> {
  const [strange] = await desk.query<{ count: bigint }>(sql`
    select count(*) from matched where place = 1 and not known`);
  if ((strange?.count ?? 0n) > BigInt(MAX_STRANGE)) {
    throw new BillError(0, `${strange?.count} lines are unknown here: not this account's bill`);
  }
  let completed = 0;
  for (const about of ['payment', 'refund'] as const) {
    for (let after = 0; ; ) {
      const rows = await desk.query<Row>(sql`
        select no, line, book, about, reference, wallet_reference, transaction_id,
          wallet_refund_id, amount, fee, at, unfinished, payment_id, whole
        from matched where place = 1 and not known and about = ${about} and no > ${after}
        order by no limit ${BATCH}`);
      const last = rows.at(-1);
      if (!last) break;
      after = last.no;
      completed += await tellAll(app, account, await withTheirParts(desk, rows));
      await matchAgain(desk, rows);
    }
  }
  return completed;
}

type Told = readonly [Row, ...Row[]];

/** Each row by itself; those of one combined order together, wherever they stand in the bill. */
async function withTheirParts(desk: Desk, rows: readonly Row[]): Promise<Told[]> {
  const single = rows.filter(({ whole }) => whole === null).map((row): Told => [row]);
  const wholes = [...new Set(rows.flatMap(({ whole }) => whole ?? []))];
  if (wholes.length === 0) return single;
  const parts = await desk.query<Row>(sql`
    select no, line, book, about, reference, wallet_reference, transaction_id, wallet_refund_id,
      amount, fee, at, unfinished, payment_id, whole
    from matched where place = 1 and not known and whole = any(${wholes})`);
  const orders = new Map<string | null, [Row, ...Row[]]>();
  for (const part of parts) {
    const others = orders.get(part.whole);
    if (others) others.push(part);
    else orders.set(part.whole, [part]);
  }
  return [...single, ...orders.values()];
}

async function tellAll(app: App, account: WalletAccount, all: Told[]): Promise<number> {
  let completed = 0;
  async function worker(): Promise<void> {
    for (let told = all.shift(); told; told = all.shift()) {
      if (await tell(app, account, told)) completed += 1;
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return completed;
}

/** True when it changed what we know. */
async function tell(app: App, account: WalletAccount, told: Told): Promise<boolean> {
  const wallet_merchant = app.wallets.connector(account.wallet).merchantNumber(account);
  const [row] = told;
  const { book, payment_id, whole } = row;
  if (whole !== null && payment_id !== null) {
    const facts = told.map((part) => paidFact(part, wallet_merchant));
    return tellOfParts(app, account, { book, payment_id, whole }, facts);
  }
  if (row.about === 'refund') {
    // A refund that is on its way, or that names none of ours, is a difference and no fact.
    if (row.unfinished) return false;
    const fact = {
      refund_reference: row.reference,
      wallet_reference: row.wallet_reference,
      state: 'succeeded',
      amount: row.amount,
      refunded_at: row.at,
      wallet_merchant,
      ...(row.wallet_refund_id === null ? {} : { wallet_refund_id: row.wallet_refund_id }),
    } as const;
    return (await advanceRefund(app, account, fact, 'bill')).outcome === 'changed';
  }
  const { outcome } = await advance(app, account, paidFact(row, wallet_merchant), 'bill');
  return outcome === 'succeed' || outcome === 'return';
}

function paidFact(row: Row, wallet_merchant: string): PaymentFact {
  return {
    wallet_reference: row.reference,
    state: 'paid',
    amount: row.amount,
    currency: 'CNY',
    paid_at: row.at,
    wallet_merchant,
    ...(row.transaction_id === '' ? {} : { wallet_transaction_id: row.transaction_id }),
  };
}

async function matchAgain(desk: Desk, rows: readonly Row[]): Promise<void> {
  await desk.query(sql`delete from matched where no = any(${rows.map(({ no }) => no)}::int[])`);
  for (const book of new Set(rows.map((row) => row.book))) {
    const lines = rows.filter((row) => row.book === book).map(lineOf);
    await matchLines(desk, book, lines);
  }
}

function lineOf(row: Row): Line {
  const { no, line, reference, wallet_reference, amount, fee, at, unfinished } = row;
  const common = { line, amount, fee, at, ...(unfinished ? { unfinished } : {}) };
  const wallet_transaction_id = row.transaction_id;
  if (row.about === 'payment') {
    const kind = 'payment' as const;
    return { no, of: { ...common, kind, wallet_reference: reference, wallet_transaction_id } };
  }
  const refund = row.wallet_refund_id === null ? {} : { wallet_refund_id: row.wallet_refund_id };
  const numbers = { wallet_reference, wallet_transaction_id, refund_reference: reference };
  return { no, of: { ...common, ...numbers, ...refund, kind: 'refund' } };
}
