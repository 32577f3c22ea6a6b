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
  /** Both have it; by one of them it is done, by the other over without money. */
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
  /** A payout that we have as over left the wallet after all: it counts as paid again. */
  'book_as_paid',
  /** A payout that we have as paid never left, or is back: its money is the seller's again. */
  'book_as_returned',
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

type Judged = Pick<Break, 'kind' | 'about' | 'amount' | 'detail'>;

/** The actions that a break allows, the suggested one first. */
export function actionsOf({ kind, about, amount, detail }: Judged): readonly BreakAction[] {
  const hasMoney = amount !== null && amount !== 0n;
  if (about === 'payout') return payoutActions(kind, amount ?? 0n);
  if (about === 'split') return splitActions(kind, hasMoney);
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
      return ['accept'];
    case 'balance':
      return isOfLedger(detail) ? ['book_to_merchant', 'accept'] : ['accept'];
    default:
      return kind satisfies never;
  }
}

/** What the wallet has for a seller is not what our ledger has: a posting makes it so. */
function isOfLedger(detail: Break['detail']): boolean {
  return (
    typeof detail['seller'] === 'string' &&
    detail['expected'] !== undefined &&
    detail['closing'] !== undefined
  );
}

/** A payout is undone, or counts as done after all, by its own completion path. */
function payoutActions(kind: BreakKind, amount: bigint): readonly BreakAction[] {
  switch (kind) {
    case 'missing_there':
      return ['ask_wallet', 'book_as_returned', 'accept'];
    case 'state':
      if (amount === 0n) return ['accept'];
      return ['ask_wallet', amount > 0n ? 'book_as_returned' : 'book_as_paid', 'accept'];
    case 'missing_here':
    case 'ledger':
      return amount === 0n ? ['accept'] : ['book_to_merchant', 'accept'];
    case 'amount':
      return amount === 0n ? ['ask_wallet', 'accept'] : ['book_to_merchant', 'accept'];
    case 'merchant':
      return ['ask_wallet', 'accept'];
    default:
      return ['accept'];
  }
}

/** Money of a share that nobody here asked for has left the merchant. */
function splitActions(kind: BreakKind, hasMoney: boolean): readonly BreakAction[] {
  switch (kind) {
    case 'missing_there':
    case 'state':
      return ['ask_wallet', 'accept'];
    case 'missing_here':
      return hasMoney ? ['book_to_merchant', 'accept'] : ['accept'];
    case 'amount':
    case 'merchant':
      return hasMoney ? ['accept'] : ['ask_wallet', 'accept'];
    default:
      return ['accept'];
  }
}
