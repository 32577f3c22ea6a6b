import type { BusinessDate } from '../clock.ts';
import type { Id } from '../ids.ts';
import type { BreakKind } from './breaks/break.ts';

/**
 * One business day of one wallet account, closed against the wallet's bills.
 *
 *   waiting → closed | failed
 *   failed → closed | failed            it is tried again, by itself or when somebody asks
 *   closed → closed                     run again: the wallet's bill may have been corrected
 */
export const BILL_STATES = ['waiting', 'closed', 'failed'] as const;
export type BillState = (typeof BILL_STATES)[number];

export interface BillDay {
  readonly id: Id<'bil'>;
  readonly wallet_account_id: string;
  readonly date: BusinessDate;
  readonly state: BillState;
  readonly problem: string | null;
  readonly runs: number;
  readonly report: Report | null;
  readonly closing_balance: bigint | null;
  readonly created_at: Date;
  readonly closed_at: Date | null;
}

/** Closed, and compared with everything that the wallet has for the day. */
export function isWhole({ state, report }: Pick<BillDay, 'state' | 'report'>): boolean {
  return state === 'closed' && !(report?.not_compared.some(({ passing }) => passing) ?? false);
}

/** Fen; JSON integers, for the report is kept as it is shown. */
export interface Sum {
  readonly count: number;
  readonly amount: number;
}

/** The bill, our books of that day, and what lies between: always bill = books + breaks. */
export interface Side {
  readonly bill: Sum;
  readonly books: Sum;
  readonly breaks: Sum;
  /** bill − books − breaks; 0, or this close must not be trusted. */
  readonly difference: number;
}

export interface FundsReport {
  readonly opening: number;
  readonly in: Sum;
  readonly out: Sum;
  readonly closing: number;
  /** Movements of the payments and refunds in this bill, in less out. */
  readonly traded: number;
  /** What they must be: payments less refunds less fees. */
  readonly expected: number;
  /** Movements of anything else (withdrawals, splits, transfers), by the wallet's own names. */
  readonly other: readonly { readonly type: string; readonly in: Sum; readonly out: Sum }[];
}

export interface SellerReport {
  /** The seller's number at the wallet. */
  readonly seller: string;
  /** Null when the movements do not follow from each other. */
  readonly opening: number | null;
  readonly closing: number | null;
  /** What `closing` must be by our ledger; null when it is not compared. */
  readonly expected: number | null;
  /** Why it is not compared, or by which breaks it is explained. */
  readonly not_compared: string | null;
  readonly in: Sum;
  readonly out: Sum;
  readonly traded: number;
  readonly other: FundsReport['other'];
}

export interface NotCompared {
  readonly bill: string;
  readonly why: string;
  /** It is asked for again. */
  readonly passing: boolean;
}

/** The close of a day. */
export interface Report {
  readonly lines: number;
  readonly payments: Side;
  readonly refunds: Side;
  readonly fees: {
    /** What the bill takes for all its lines, less what it gives back. */
    readonly bill: number;
    /** Booked as estimates with the payments and refunds of this bill. */
    readonly estimated: number;
    /** Posted because of this bill. */
    readonly corrected: number;
    /** Of lines that are breaks and have no home here. */
    readonly unbooked: number;
    /** bill − estimated − corrected − unbooked; 0. */
    readonly difference: number;
  };
  /** Payments less refunds less fees. */
  readonly net: {
    readonly bill: number;
    readonly books: number;
    readonly breaks: number;
    readonly difference: number;
  };
  /** Payments and refunds that this bill completed: every notification of them was lost. */
  readonly completed: number;
  readonly breaks: readonly ({ readonly kind: BreakKind } & Sum)[];
  readonly funds: FundsReport | null;
  /** What was given to receivers less what came back; null when no bill tells of it. */
  readonly splits: Side | null;
  /** What left for sellers less what came back; null when no bill tells of it. */
  readonly payouts: Side | null;
  /** Sellers under a platform's account; null when no bill tells of them. */
  readonly sellers: readonly SellerReport[] | null;
  /** Bills that this day needs and that were not there. */
  readonly not_compared: readonly NotCompared[];
}
