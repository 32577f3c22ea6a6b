/** How calls to wallets end, and what is kept of the wallet's own words. */

/** The raw wallet answer, kept beside the unified outcome and shown masked on the timeline. */
export interface WalletTrace {
  /** The operation in the wallet's own words, e.g. `POST /v3/pay/transactions/native`. */
  readonly operation: string;
  readonly http_status?: number;
  readonly wallet_request_id?: string;
  /** The wallet's own code, also on success where it has one. */
  readonly wallet_code?: string;
  readonly wallet_message?: string;
  readonly duration_ms: number;
  /** Request and answer with secrets and personal data masked; at most a few KB. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly answer?: unknown;
}

export interface Traced {
  readonly trace: WalletTrace;
}

/** A definite no. `code` is unified; the wallet's own stays in the trace. */
export type RefusalCode =
  | 'already_paid'
  | 'already_closed'
  | 'not_found'
  | 'reference_reused'
  | 'insufficient_funds'
  | 'over_refund'
  | 'rate_limited'
  | 'not_permitted'
  | 'bad_credentials'
  | 'invalid_request'
  | 'wallet_error';

/** Refusals about the moment, whatever was asked for: the same again may be answered. */
export const PASSING: ReadonlySet<RefusalCode> = new Set([
  'rate_limited',
  'bad_credentials',
  'wallet_error',
]);

export type Refused = {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly message: string;
} & Traced;
export type Unknown = { readonly kind: 'unknown'; readonly cause: string } & Traced;
