/** Bills and breaks as JSON has them. */
export interface CountAndAmount {
  readonly count: number;
  readonly amount: number;
}

export interface BillSide {
  readonly bill: CountAndAmount;
  readonly books: CountAndAmount;
  readonly breaks: CountAndAmount;
  /** What no break explains: 0 when the day ties out. */
  readonly difference: number;
}

export interface BillReport {
  readonly lines: number;
  readonly payments: BillSide;
  readonly refunds: BillSide;
  readonly fees: {
    readonly bill: number;
    readonly estimated: number;
    readonly corrected: number;
    readonly unbooked: number;
    readonly difference: number;
  };
  readonly net: {
    readonly bill: number;
    readonly books: number;
    readonly breaks: number;
    readonly difference: number;
  };
  readonly breaks: readonly (CountAndAmount & { readonly kind: string })[];
  /** Further sections, where the wallet has bills about them: see the API reference. */
  readonly [section: string]: unknown;
}

export interface Bill {
  readonly id: string;
  readonly object: 'bill';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly wallet_account: string;
  readonly date: string;
  readonly state: 'waiting' | 'closed' | 'failed';
  readonly problem: string | null;
  /** How often the day was compared. */
  readonly runs: number;
  readonly report: BillReport | null;
  readonly closed_at: string | null;
}

export type BreakAction =
  | 'accept'
  | 'ask_wallet'
  | 'book_to_merchant'
  | 'book_to_suspense'
  | 'release_suspense'
  | 'book_as_paid'
  | 'book_as_returned'
  | (string & {});

export interface Break {
  readonly id: string;
  readonly object: 'break';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly wallet_account: string;
  readonly bill: string | null;
  readonly payment: string | null;
  readonly kind: string;
  readonly about: 'payment' | 'refund' | 'payout' | 'split' | 'funds' | (string & {});
  readonly subject: string;
  /** What differs, seen from the merchant: positive when the wallet has more. */
  readonly amount: number | null;
  readonly fee: number | null;
  readonly currency: 'CNY';
  readonly state: 'open' | 'resolved';
  readonly age_days: number;
  readonly actions: readonly BreakAction[];
  readonly suggested_action: BreakAction | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly trail: readonly {
    readonly at: string;
    readonly by: string;
    readonly action: string;
    readonly note: string;
    readonly postings: readonly string[];
  }[];
  readonly resolved_at: string | null;
}
