import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import { BillError, type BillLine, type PaymentLine } from '../../wallets/products/bills.ts';
import type { Desk } from './desk.ts';
import { type Line, matchLines, referenceOf } from './match.ts';
import { homeOf } from './told.ts';

/**
 * Lines are matched as they are read, some thousands in one statement: the statement joins them to
 * attempts, refunds and postings by their keys, so a day costs the same in a small database and in
 * a large one, and nothing is kept here but the lines on their way.
 */
const CHUNK = 5_000;

/** What the lines add up to. */
export interface Sums {
  payments: { count: number; amount: bigint };
  refunds: { count: number; amount: bigint };
  fees: bigint;
  coupons: bigint;
}

export interface Totals extends Sums {
  lines: number;
  /** Of lines that are the account's own, and of those of each seller under it. */
  readonly own: Sums;
  readonly sellers: Map<string, Sums>;
}

/** Sellers under one account that are told apart. */
const MAX_SELLERS = 100_000;

export function emptySums(): Sums {
  const none = { count: 0, amount: 0n };
  return { payments: { ...none }, refunds: { ...none }, fees: 0n, coupons: 0n };
}

export function emptyTotals(): Totals {
  return { ...emptySums(), lines: 0, own: emptySums(), sellers: new Map() };
}

/** Reads the bill to its end; what cannot be read is the BillError of the connector. */
export async function loadLines(
  desk: Desk,
  books: readonly Book[],
  lines: AsyncIterable<BillLine>,
): Promise<Totals> {
  const totals = emptyTotals();
  const waiting = new Map<string, Line[]>();
  let sent: Promise<void> = Promise.resolve();
  async function send(bucket: Line[]): Promise<void> {
    // The next chunk is parsed while the database works on this one; never more than one waits.
    await sent;
    const [first] = bucket;
    if (!first) return;
    sent = matchLines(desk, homeOf(books, referenceOf(first.of)), bucket);
    // Looked at again with the next chunk, or at the end.
    sent.catch(() => {});
  }
  for await (const line of lines) {
    if (line.kind !== 'payment' && line.kind !== 'refund') continue;
    count(totals, line);
    const key = `${homeOf(books, referenceOf(line))} ${line.kind}`;
    const bucket = waiting.get(key) ?? [];
    bucket.push({ no: totals.lines, of: line });
    if (bucket.length < CHUNK) waiting.set(key, bucket);
    else {
      waiting.delete(key);
      await send(bucket);
    }
  }
  for (const bucket of waiting.values()) await send(bucket);
  await sent;
  await desk.query(sql`analyze matched`);
  return totals;
}

function count(totals: Totals, line: PaymentLine): void {
  totals.lines += 1;
  add(totals, line);
  add(sumsOf(totals, line.sub_merchant), line);
}

function sumsOf({ own, sellers }: Totals, seller: string | undefined): Sums {
  if (seller === undefined) return own;
  const known = sellers.get(seller);
  if (known) return known;
  if (sellers.size >= MAX_SELLERS) throw new BillError(0, `more than ${MAX_SELLERS} sellers`);
  const sums = emptySums();
  sellers.set(seller, sums);
  return sums;
}

function add(sums: Sums, line: PaymentLine): void {
  const side = line.kind === 'payment' ? sums.payments : sums.refunds;
  side.count += 1;
  side.amount += line.amount;
  sums.fees += line.fee;
  sums.coupons += line.coupons < 0n ? -line.coupons : line.coupons;
}
