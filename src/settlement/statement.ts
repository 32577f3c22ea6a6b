import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { type BusinessDate, dayAfter, startOfDay } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Book } from '../ids.ts';
import {
  type LinePlace,
  type Range,
  type StatementLine,
  selectBounds,
  selectStatementLines,
} from './statement-queries.ts';

/**
 * A seller's statement: what the hub owed the seller when the first day began, every posting on the
 * seller's account since, and what it owes after the last day. What is read is fixed at the first
 * question: a posting that is made for these days while pages are read is on the next statement.
 */
export interface StatementAt {
  readonly book: Book;
  readonly merchant_id: string;
  readonly from: BusinessDate;
  /** The last day, included. */
  readonly to: BusinessDate;
}

/** Where a page begins; what a cursor carries. */
export interface StatementPlace {
  readonly opening: bigint;
  readonly closing: bigint;
  /** Position in the ledger of the latest posting that counts. */
  readonly as_of: bigint;
  /** The line before this page; null on the first one. */
  readonly after: LinePlace | null;
  /** The balance after that line. */
  readonly balance: bigint;
}

export interface ShownLine extends StatementLine {
  readonly balance: bigint;
}

export interface StatementPage {
  readonly lines: readonly ShownLine[];
  /** Undefined after the last page. */
  readonly next: StatementPlace | undefined;
  /** False when the last line does not end at the closing balance. */
  readonly adds_up: boolean;
}

export async function openStatement(app: App, at: StatementAt): Promise<StatementPlace> {
  const { opening, closing, as_of } = await selectBounds(app.db, rangeOf(at));
  return { opening, closing, as_of, after: null, balance: opening };
}

export async function readPage(
  app: App,
  at: StatementAt,
  place: StatementPlace,
  limit: number,
): Promise<StatementPage> {
  const { as_of, after } = place;
  const found = await selectStatementLines(app.db, rangeOf(at), { as_of, after, limit: limit + 1 });
  const lines = withBalances(place.balance, found.slice(0, limit));
  const last = lines.at(-1);
  const balance = last?.balance ?? place.balance;
  if (found.length > limit && last) {
    const { id, at: business_at } = last;
    return { lines, next: { ...place, after: { id, at: business_at }, balance }, adds_up: true };
  }
  return { lines, next: undefined, adds_up: balance === place.closing };
}

export function withBalances(opening: bigint, lines: readonly StatementLine[]): ShownLine[] {
  let balance = opening;
  return lines.map((line) => {
    balance += line.amount;
    return { ...line, balance };
  });
}

function rangeOf({ book, merchant_id, from, to }: StatementAt): Range {
  return { book, merchant_id, from: startOfDay(from), before: startOfDay(dayAfter(to)) };
}

// What a JSON integer holds.
const fen = z
  .string()
  .regex(/^-?\d{1,15}$/)
  .transform(BigInt);
const position = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt);
const place = z.tuple([
  fen,
  fen,
  fen,
  position,
  z.iso.datetime().transform((text) => new Date(text)),
  z.string().regex(/^pst_\w{28}$/),
]);

export function cursorOf({
  opening,
  closing,
  balance: after,
  as_of,
  after: line,
}: StatementPlace): string {
  const numbers = [opening, closing, after, as_of].map(String);
  const text = JSON.stringify([...numbers, line?.at.toISOString(), line?.id]);
  return Buffer.from(text, 'latin1').toString('base64url');
}

/** @throws Refusal for a text that is no cursor of a statement */
export function parseCursor(cursor: string): StatementPlace {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const parsed = place.safeParse(text.startsWith('[') ? jsonOf(text) : undefined);
  if (!parsed.success) throw wrongCursor();
  const [opening, closing, after, as_of, at, id] = parsed.data;
  return { opening, closing, balance: after, as_of, after: { at, id } };
}

export function wrongCursor(): Refusal {
  return new Refusal('invalid_parameter', {
    param: 'cursor',
    message: 'cursor: pass the next_cursor of the previous page as it is',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
