/**
 * One call of a wallet that a connector makes. The table of a connector drives its timeouts and
 * rate limits, and the coverage page is generated from it.
 */
export interface WalletCall {
  /** The call in the wallet's own words, e.g. `POST /v3/refund/domestic/refunds`. */
  readonly operation: string;
  /** Section of the coverage page, e.g. `Refunds`. */
  readonly group: string;
  /** The wallet's own page about it. */
  readonly doc: string;
  /** Calls a second that the wallet allows one merchant; absent when it states none. */
  readonly per_second?: number;
  /** Budget, milliseconds; the environment's when absent. */
  readonly timeout_ms?: number;
  /**
   * May the same bytes go to a second host when the first one broke? Only where doing it twice
   * equals doing it once at the wallet itself: queries, closes. Never a debit.
   */
  readonly repeatable: boolean;
}
