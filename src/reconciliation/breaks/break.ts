import type { Book, Id } from '../../ids.ts';

/**
 * A break: something on which a wallet and our books differ. Kinds say what differs, `about` says
 * of what, and `amount` by how much, seen from the merchant: positive when the wallet has more.
 *
 *   open → resolved        by somebody with a reason, or by a later bill that no longer has it
 *   resolved → open        a bill has again what an earlier one had stopped to have
 */
export const BREAK_KINDS = [
  /** The wallet has it and we do not: the money of a payment is in suspense meanwhile. */
  'missing_here',
  /** We have it and the wallet's bill does not. */
  'missing_there',
  /** Both have it, with another amount. */
  'amount',
  /** The wallet took more than its list price and more than it takes from others that day. */
  'fee',
  /** Both have it; by the wallet it is done, by us it is over without money. */
  'state',
  /** The wallet has some parts of a combined order, and we nothing: it is not whole. */
  'partly_paid',
  /** The wallet lists it more than once. */
  'duplicate',
  /** The wallet counts it into another day than we do. */
  'date_shift',
  /** What we say was paid is not what our ledger has. */
  'ledger',
  /** A wallet's fact names another merchant than the account's. */
  'merchant',
  /** A wallet's fact names another currency. */
  'currency',
  /** The movements of the account's money do not add up, or not to its payments. */
  'balance',
] as const;
export type BreakKind = (typeof BREAK_KINDS)[number];

export const BREAK_STATES = ['open', 'resolved'] as const;
type BreakState = (typeof BREAK_STATES)[number];

export const BREAK_SUBJECTS = ['payment', 'refund', 'payout', 'split', 'funds'] as const;
export type BreakSubject = (typeof BREAK_SUBJECTS)[number];

/** What somebody may do about a break; each is a fact, or a posting, and a line in its trail. */
export const BREAK_ACTIONS = [
  /** It is explained elsewhere; nothing moves. */
  'accept',
  /** The wallet is asked again and its answer counts; the break ends when it agrees. */
  'ask_wallet',
  /** The wallet is right: the difference is booked between the wallet and the merchant. */
  'book_to_merchant',
  /** The money is at the wallet and belongs to nobody yet. */
  'book_to_suspense',
  /** The wallet was wrong: money that was booked to suspense is taken back. */
  'release_suspense',
] as const;
export type BreakAction = (typeof BREAK_ACTIONS)[number];

export interface TrailEntry {
  /** Real time. */
  readonly at: string;
  /** Key id, or who started the command; `hub` for what happens by itself. */
  readonly by: string;
  readonly action: BreakAction | 'opened' | 'reopened' | 'not_in_bill' | 'netted';
  readonly note: string;
  readonly postings: readonly string[];
}

export interface Break {
  readonly book: Book;
  readonly id: Id<'brk'>;
  readonly version: number;
  readonly wallet_account_id: string;
  readonly kind: BreakKind;
  readonly about: BreakSubject;
  readonly subject: string;
  readonly bill_id: string | null;
  readonly payment_id: string | null;
  readonly amount: bigint | null;
  readonly fee: bigint | null;
  readonly state: BreakState;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly trail: readonly TrailEntry[];
  readonly created_at: Date;
  readonly resolved_at: Date | null;
}

type Judged = Pick<Break, 'kind' | 'about' | 'amount'>;

/** The actions that a break allows, the suggested one first. */
export function actionsOf({ kind, about, amount }: Judged): readonly BreakAction[] {
  const hasMoney = amount !== null && amount !== 0n;
  // Payouts and splits are asked about by their own rooms; what is said here is for people.
  if (about === 'payout' || about === 'split') return ['accept'];
  switch (kind) {
    case 'missing_here':
      if (about === 'payment') return ['book_to_merchant', 'release_suspense', 'accept'];
      return hasMoney ? ['book_to_merchant', 'accept'] : ['accept'];
    case 'missing_there':
    case 'state':
    case 'partly_paid':
      return hasMoney ? ['ask_wallet', 'book_to_merchant', 'accept'] : ['ask_wallet', 'accept'];
    case 'amount':
    case 'ledger':
      return hasMoney ? ['book_to_merchant', 'accept'] : ['accept'];
    case 'duplicate':
      return hasMoney && amount > 0n ? ['accept', 'book_to_suspense'] : ['accept'];
    case 'fee':
    case 'date_shift':
    case 'merchant':
    case 'currency':
    case 'balance':
      return ['accept'];
    default:
      return kind satisfies never;
  }
}
