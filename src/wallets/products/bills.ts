import type { Refused, Traced, Unknown, WalletAccount } from '../wallet.ts';

/** `payments`: orders and refunds of a day; `funds`: every movement of the account's money. */
export type BillKind = 'payments' | 'funds';

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
  readonly coupons: bigint;
  readonly at: Date;
  /** The wallet's own state of the line. */
  readonly state: string;
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
  readonly note: string;
}

export type BillLine = PaymentLine | FundLine;

/** What the bill says of itself; a parser compares it with the lines it read. */
export interface BillSummary {
  readonly payments: { readonly count: number; readonly amount: bigint };
  readonly refunds: { readonly count: number; readonly amount: bigint };
  readonly fees: bigint;
}

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

export type BillOutcome =
  | ({ readonly kind: 'bill'; readonly bill: Bill } & Traced)
  /** The wallet says that nothing happened that day. */
  | ({ readonly kind: 'empty' } & Traced)
  /** Ask again later: bills are made the next day. */
  | ({ readonly kind: 'not_ready' } & Traced)
  | Refused
  | Unknown;

export interface Bills {
  readonly kinds: readonly BillKind[];
  /** Time of the next day from which the bill can be fetched, `HH:MM` in Asia/Shanghai. */
  readonly ready_at: string;
  fetch(
    account: WalletAccount,
    bill: { readonly kind: BillKind; readonly date: string },
  ): Promise<BillOutcome>;
}
