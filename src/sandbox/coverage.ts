/**
 * One call a sandbox answers. Every sandbox's route tables are made of these, and the coverage page
 * is generated from them, so a call cannot be served and not listed.
 */
export interface CoveredCall {
  /** In the wallet's own words, with variables in braces: `GET /v3/refund/domestic/refunds/{…}`. */
  readonly call: string;
  /** Section of the coverage page, e.g. `Refunds`. */
  readonly group: string;
  /** The wallet's own page about it. */
  readonly doc: string;
  /** Where we knowingly differ from the real wallet; absent when we know of nothing. */
  readonly differs?: string;
}
