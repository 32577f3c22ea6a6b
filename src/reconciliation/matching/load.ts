import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import { bookOf, isWalletReference } from '../../ids.ts';
import type { BillLine, PaymentLine } from '../../wallets/products/bills.ts';
import type { Desk } from './desk.ts';
import { type Line, matchLines, referenceOf } from './match.ts';

/**
 * Lines are matched as they are read, some thousands in one statement: the statement joins them to
 * attempts, refunds and postings by their keys, so a day costs the same in a small database and in
 * a large one, and nothing is kept here but the lines on their way.
 */
const CHUNK = 5_000;

/** What the lines add up to. */
export interface Totals {
  lines: number;
  payments: { count: number; amount: bigint };
  refunds: { count: number; amount: bigint };
  fees: bigint;
  coupons: bigint;
}

export function emptyTotals(): Totals {
  const none = { count: 0, amount: 0n };
  return { lines: 0, payments: { ...none }, refunds: { ...none }, fees: 0n, coupons: 0n };
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
    sent = matchLines(desk, homeOf(books, first), bucket);
    // Looked at again with the next chunk, or at the end.
    sent.catch(() => {});
  }
  for await (const line of lines) {
    if (line.kind !== 'payment' && line.kind !== 'refund') continue;
    count(totals, line);
    const entry = { ...line, no: totals.lines, unfinished: line.unfinished === true };
    const key = `${homeOf(books, entry)} ${line.kind}`;
    const bucket = waiting.get(key) ?? [];
    bucket.push(entry);
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
  const side = line.kind === 'payment' ? totals.payments : totals.refunds;
  totals.lines += 1;
  side.count += 1;
  side.amount += line.amount;
  totals.fees += line.fee;
  totals.coupons += line.coupons < 0n ? -line.coupons : line.coupons;
}

function homeOf(books: readonly Book[], line: Line): Book {
  const reference = referenceOf(line);
  const named = isWalletReference(reference) ? bookOf(reference) : 0;
  return books.includes(named) ? named : 0;
}
