import { businessDate } from '../../clock.ts';
import type { Refused, Traced, Unknown, WalletAccount } from '../wallet.ts';

/**
 * `payments`: orders and refunds of a day; `funds`: every movement of the account's money;
 * `seller_funds`: the same of the sellers under a platform; `splits`: what was shared out and
 * taken back.
 */
export type BillKind = 'payments' | 'funds' | 'seller_funds' | 'splits';

export interface PaymentLine {
  readonly kind: 'payment' | 'refund';
  /** Line in the file, from 1, for people who look it up. */
  readonly line: number;
  readonly wallet_reference: string;
  readonly wallet_transaction_id: string;
  readonly refund_reference?: string;
  readonly wallet_refund_id?: string;
  /** Seller under a platform's account. */
  readonly sub_merchant?: string;
  /** Order total or refunded amount, fen, never negative. */
  readonly amount: bigint;
  /** Charged (positive) or given back with a refund (negative), fen rounded as the wallet did. */
  readonly fee: bigint;
  /** The part of `amount` that coupons of any kind paid, fen. */
  readonly coupons: bigint;
  readonly at: Date;
  /** The wallet's own state of the line. */
  readonly state: string;
  /** A refund that the wallet took and has not finished. */
  readonly unfinished?: true;
}

export interface FundLine {
  readonly kind: 'fund';
  readonly line: number;
  readonly entry_id: string;
  readonly direction: 'in' | 'out';
  readonly amount: bigint;
  /** The account's balance after this movement. */
  readonly balance: bigint;
  readonly at: Date;
  /** The wallet's own business type. */
  readonly type: string;
  readonly wallet_transaction_id?: string;
  readonly wallet_reference?: string;
  /** Whose account it is, in a bill about several. */
  readonly sub_merchant?: string;
  /** A share of a payment, given or taken back: no movement of the payment itself. */
  readonly share?: true;
  readonly note: string;
}

export interface SplitLine {
  readonly kind: 'split' | 'split_return';
  readonly line: number;
  /** The wallet's number of the payment that was shared. */
  readonly wallet_transaction_id: string;
  readonly wallet_split_id: string;
  /** Our number of the split or of its return. */
  readonly split_reference: string;
  readonly receiver: string;
  readonly amount: bigint;
  readonly at: Date;
  readonly state: string;
}

export type BillLine = PaymentLine | FundLine | SplitLine;

/** What the bill says of itself; a parser compares it with the lines it read. */
export interface BillSummary {
  readonly payments: { readonly count: number; readonly amount: bigint };
  readonly refunds: { readonly count: number; readonly amount: bigint };
  readonly fees: bigint;
}

/** Money out of a split bill is what was shared, money in what was taken back. */
export interface FundSummary {
  readonly in: { readonly count: number; readonly amount: bigint };
  readonly out: { readonly count: number; readonly amount: bigint };
}

/** A line that cannot be read, or a total that the lines do not give: the bill must not be used. */
export class BillError extends Error {
  readonly line: number;
  constructor(line: number, message: string, cause?: unknown) {
    super(line > 0 ? `line ${line}: ${message}` : message, { cause });
    this.name = 'BillError';
    this.line = line;
  }
}

/**
 * A fetched bill. `lines` may be read once, streaming; it throws BillError on the first thing that
 * is wrong, at the latest when the totals at the end do not match. `dispose` frees what is kept.
 */
export interface Bill {
  readonly kind: BillKind;
  /** Business date, Asia/Shanghai. */
  readonly date: string;
  lines(): AsyncIterable<BillLine>;
  /** Known after the last line. */
  summary(): BillSummary | FundSummary | undefined;
  dispose(): Promise<void>;
}

export interface WantedBill {
  readonly kind: BillKind;
  /** Business date, Asia/Shanghai, `YYYY-MM-DD`. */
  readonly date: string;
  /** One seller's part of a platform's bill. */
  readonly sub_merchant?: string;
  /** Which account of the merchant, for `funds`; the main one when absent. */
  readonly purse?: 'main' | 'operation' | 'fees';
  /**
   * Business time of the asker; real time when absent. Wallets that have one word for "nothing
   * happened" and "not made yet" are understood by it.
   */
  readonly asked_at?: Date;
}

export type BillOutcome =
  | ({ readonly kind: 'bill'; readonly bill: Bill } & Traced)
  /**
   * The wallet says that nothing happened that day. Who knows of a payment on that day asks again:
   * no bill is not an empty bill.
   */
  | ({ readonly kind: 'empty' } & Traced)
  /** Ask again later: bills are made the next day. */
  | ({ readonly kind: 'not_ready' } & Traced)
  | Refused
  | Unknown;

/**
 * A file that somebody downloaded by hand: packed, which is small enough to be held; or plain text,
 * which may be larger than the memory and is opened when it is read.
 */
export type BillFile = Buffer | (() => AsyncIterable<Buffer>);

export interface Bills {
  readonly kinds: readonly BillKind[];
  /** Time of the next day from which the bill can be fetched, `HH:MM` in Asia/Shanghai. */
  readonly ready_at: string;
  /**
   * When the wallet's own day ends, `HH:MM` in Asia/Shanghai, where that is before midnight: what
   * comes later that evening is in the bill of the next date.
   */
  readonly day_ends?: string;
  /** Which moment puts a refund into a day's bill: when it was taken on, or when it was done. */
  readonly refunds_by: 'accepted' | 'completed';
  /** How movements of money are listed; it decides where their balances fit both ways. */
  readonly funds_order?: 'newest_first';
  /** Which account of the merchant transfers to people leave from, where it is not the main one. */
  readonly transfer_purse?: 'operation';
  fetch(account: WalletAccount, bill: WantedBill): Promise<BillOutcome>;
  /** A file as the wallet gives it out. */
  read(account: WalletAccount, bill: Pick<WantedBill, 'kind' | 'date'>, file: BillFile): Bill;
}

/** How long before midnight the wallet's day ends, milliseconds. */
export function dayShift({ day_ends = '24:00' }: Pick<Bills, 'day_ends'>): number {
  const [hours = 24, minutes = 0] = day_ends.split(':').map(Number);
  return (24 * 60 - hours * 60 - minutes) * 60_000;
}

/** The date in whose bill something of this moment is found. */
export function billDate(bills: Pick<Bills, 'day_ends'>, at: Date): string {
  return businessDate(new Date(at.getTime() + dayShift(bills)));
}
