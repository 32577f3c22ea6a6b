import { sql } from '../../db/pool.ts';
import { type Book, bookOf, isWalletReference } from '../../ids.ts';
import type { FundLine, SplitLine } from '../../wallets/products/bills.ts';
import type { Desk } from './desk.ts';

/**
 * What a wallet's bills tell of shares and payouts: the bill of splits, and movements of accounts
 * under numbers that may be ours. Out is positive, what came back negative.
 */
export interface Told {
  readonly book: Book;
  readonly about: 'split' | 'payout';
  /** Our number, by the wallet's word. */
  readonly reference: string;
  /** Receiver's number at the wallet; empty where the bill does not say it. */
  readonly receiver: string;
  readonly amount: bigint;
  readonly at: Date;
}

export function homeOf(books: readonly Book[], reference: string): Book {
  const named = isWalletReference(reference) ? bookOf(reference) : 0;
  return books.includes(named) ? named : 0;
}

export function toldOfSplit(books: readonly Book[], line: SplitLine): Told {
  const { split_reference: reference, receiver, amount, at } = line;
  const signed = line.kind === 'split' ? amount : -amount;
  const book = homeOf(books, reference);
  return { book, about: 'split', reference, receiver, amount: signed, at };
}

/** Wallets' own numbers may be as long, and are all digits; one of ours practically never is. */
function mayBeOurs(books: readonly Book[], reference: string): boolean {
  return (
    isWalletReference(reference) && /[A-Z]/.test(reference) && books.includes(bookOf(reference))
  );
}

/**
 * A movement that is neither of a payment nor of a refund. Shares count only where no bill of
 * splits tells of them; anything else only under a number such as ours.
 */
export function toldOfFund(
  books: readonly Book[],
  line: FundLine,
  { shares }: { readonly shares: boolean },
): Told | undefined {
  const { wallet_reference: reference = '', direction, amount, at } = line;
  if (line.share ? !shares : !mayBeOurs(books, reference)) return undefined;
  const signed = direction === 'out' ? amount : -amount;
  const about = line.share ? 'split' : 'payout';
  return { book: homeOf(books, reference), about, reference, receiver: '', amount: signed, at };
}

export async function keepTold(desk: Desk, told: readonly Told[]): Promise<void> {
  if (told.length === 0) return;
  await desk.query(sql`
    insert into told (book, about, reference, receiver, amount, at)
    select book, about, reference, receiver, amount, at from unnest(
      ${told.map(({ book }) => book)}::smallint[], ${told.map(({ about }) => about)}::text[],
      ${told.map(({ reference }) => reference)}::text[],
      ${told.map(({ receiver }) => receiver)}::text[],
      ${told.map(({ amount }) => amount.toString())}::bigint[],
      ${told.map(({ at }) => at)}::timestamptz[])
      as t (book, about, reference, receiver, amount, at)`);
}
