/**
 * A Refusal is an error the caller can act on. Its code decides type, HTTP status and whether a
 * retry makes sense; the reference page of errors is generated from this one table. An unknown
 * outcome is never an error but a state (law 5), and a broken invariant is an `InvariantBroken`.
 */
export type ErrorType =
  | 'invalid_request'
  | 'authentication'
  | 'permission'
  | 'not_found'
  | 'conflict'
  | 'rate_limited'
  | 'wallet_refused'
  | 'wallet_unavailable'
  | 'outcome_unknown'
  | 'internal';

export type Retry = 'never' | 'same_key' | 'after_query';

interface ErrorEntry {
  readonly type: ErrorType;
  readonly status:
    | 400
    | 401
    | 403
    | 404
    | 405
    | 409
    | 411
    | 413
    | 415
    | 422
    | 429
    | 500
    | 502
    | 503;
  readonly retry: Retry;
  /** What happened, one sentence, for the reference page. */
  readonly what: string;
  /** What the caller should do. */
  readonly fix: string;
}

export const ERRORS = {
  invalid_json: {
    type: 'invalid_request',
    status: 400,
    retry: 'never',
    what: 'The body is not valid JSON in UTF-8.',
    fix: 'Send one JSON object with Content-Type: application/json.',
  },
  invalid_parameter: {
    type: 'invalid_request',
    status: 400,
    retry: 'never',
    what: 'A field, query parameter or id has the wrong form.',
    fix: 'Correct the field that `param` names.',
  },
  unsupported_media_type: {
    type: 'invalid_request',
    status: 415,
    retry: 'never',
    what: 'The body is not sent as JSON.',
    fix: 'Set Content-Type: application/json.',
  },
  body_too_large: {
    type: 'invalid_request',
    status: 413,
    retry: 'never',
    what: 'The body is larger than this route accepts.',
    fix: 'Send less; the limit is in the message.',
  },
  method_not_allowed: {
    type: 'invalid_request',
    status: 405,
    retry: 'never',
    what: 'The path exists but not with this method.',
    fix: 'Use the method the API reference names.',
  },
  currency_unsupported: {
    type: 'invalid_request',
    status: 422,
    retry: 'never',
    what: 'Only CNY is supported.',
    fix: 'Send currency "CNY".',
  },
  idempotency_key_required: {
    type: 'invalid_request',
    status: 400,
    retry: 'never',
    what: 'This call needs an Idempotency-Key header.',
    fix: 'Send a fresh key for each intent (a UUID, or your order number).',
  },
  idempotency_conflict: {
    type: 'conflict',
    status: 422,
    retry: 'never',
    what: 'This Idempotency-Key was used with another body.',
    fix: 'Use a new key for a new intent.',
  },
  idempotency_in_flight: {
    type: 'conflict',
    status: 409,
    retry: 'same_key',
    what: 'A request with this Idempotency-Key is still running.',
    fix: 'Wait for Retry-After seconds and send the same request again.',
  },
  unauthenticated: {
    type: 'authentication',
    status: 401,
    retry: 'never',
    what: 'The API key is missing, unknown or revoked.',
    fix: 'Send Authorization: Bearer sk_… with a live key of this installation.',
  },
  wrong_mode_key: {
    type: 'authentication',
    status: 401,
    retry: 'never',
    what: 'A live key was sent to a sandbox, or a test key to production.',
    fix: 'Use the key of this installation.',
  },
  forbidden: {
    type: 'permission',
    status: 403,
    retry: 'never',
    what: 'This key has no right to this call.',
    fix: 'Use a key with the role the API reference names.',
  },
  not_found: {
    type: 'not_found',
    status: 404,
    retry: 'never',
    what: 'There is no such object, or this key may not see it.',
    fix: 'Check the id and the key.',
  },
  order_reference_taken: {
    type: 'conflict',
    status: 409,
    retry: 'never',
    what: 'Another payment for this order reference is open or paid.',
    fix: 'Use the payment the message names.',
  },
  state_conflict: {
    type: 'conflict',
    status: 409,
    retry: 'after_query',
    what: 'The object is in a state that does not allow this.',
    fix: 'Read the object and decide again.',
  },
  concurrent_change: {
    type: 'conflict',
    status: 409,
    retry: 'same_key',
    what: 'The object changed while this call ran.',
    fix: 'Send the same request again.',
  },
  wallet_not_eligible: {
    type: 'conflict',
    status: 409,
    retry: 'never',
    what: 'This wallet may not take this payment here and now.',
    fix: 'Choose a wallet that is eligible; the message gives the reason.',
  },
  amount_exceeds_refundable: {
    type: 'conflict',
    status: 422,
    retry: 'never',
    what: 'The refund is more than what was paid less what was refunded.',
    fix: 'Refund at most the amount in the message.',
  },
  amount_exceeds_held: {
    type: 'conflict',
    status: 422,
    retry: 'never',
    what: 'The release is more than what is still held.',
    fix: 'Release at most the amount in the message, or leave the amount out.',
  },
  partial_release_unsupported: {
    type: 'conflict',
    status: 409,
    retry: 'never',
    what: 'The wallet that holds this money releases all of it, or nothing.',
    fix: 'Leave the amount out, or refund the part that is to go back first.',
  },
  hold_disputed: {
    type: 'conflict',
    status: 409,
    retry: 'after_query',
    what: 'A dispute about this payment is open.',
    fix: 'Resolve the dispute.',
  },
  seller_short: {
    type: 'conflict',
    status: 409,
    retry: 'never',
    what: 'The seller has not enough left for this refund, and may not owe so much.',
    fix: 'Refund less, wait for the seller’s next payments, or raise its `owed_limit`.',
  },
  splits_not_possible: {
    type: 'invalid_request',
    status: 422,
    retry: 'never',
    what: 'No wallet of this merchant can hold or share this payment as asked.',
    fix: 'The message names each wallet with its reason: change the splits, the days or the wallets.',
  },
  payout_not_possible: {
    type: 'conflict',
    status: 409,
    retry: 'never',
    what: 'This merchant cannot be paid out through this wallet account now.',
    fix: 'Do what the message says.',
  },
  amount_exceeds_payable: {
    type: 'conflict',
    status: 422,
    retry: 'never',
    what: 'The payout is more than what is settled and neither paid out nor needed for refunds.',
    fix: 'Pay out at most the amount in the message.',
  },
  reference_taken: {
    type: 'conflict',
    status: 409,
    retry: 'never',
    what: 'This reference was already used for another object of this kind.',
    fix: 'Use a new reference.',
  },
  return_url_not_registered: {
    type: 'invalid_request',
    status: 422,
    retry: 'never',
    what: 'A URL is not https on a host that the platform registered.',
    fix: 'Register the host, or use one that is registered.',
  },
  url_not_allowed: {
    type: 'invalid_request',
    status: 422,
    retry: 'never',
    what: 'This URL cannot be called by the hub.',
    fix: 'Use an https URL on a public host (http on loopback in sandbox mode).',
  },
  rate_limited: {
    type: 'rate_limited',
    status: 429,
    retry: 'same_key',
    what: 'Too many requests from this caller.',
    fix: 'Wait for Retry-After seconds.',
  },
  wallet_refused: {
    type: 'wallet_refused',
    status: 422,
    retry: 'never',
    what: 'The wallet refused the request.',
    fix: 'See `wallet.code` for its own reason.',
  },
  wallet_unavailable: {
    type: 'wallet_unavailable',
    status: 503,
    retry: 'same_key',
    what: 'The wallet cannot be reached now; nothing was begun there.',
    fix: 'Try again later, or choose another wallet.',
  },
  outcome_unknown: {
    type: 'outcome_unknown',
    status: 502,
    retry: 'after_query',
    what: 'The wallet did not say what became of the request.',
    fix: 'Query the object; the hub keeps asking until it knows.',
  },
  unavailable: {
    type: 'internal',
    status: 503,
    retry: 'same_key',
    what: 'The hub cannot reach its database.',
    fix: 'Wait for Retry-After seconds and send the same request again.',
  },
  internal: {
    type: 'internal',
    status: 500,
    retry: 'same_key',
    what: 'Something broke inside the hub.',
    fix: 'Send the same request again; report the request id if it stays.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export interface WalletErrorDetail {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly request_id?: string;
}

export interface RefusalDetail {
  readonly message?: string;
  readonly param?: string;
  readonly retry_after_s?: number;
  readonly wallet?: WalletErrorDetail;
  readonly cause?: unknown;
}

export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly detail: RefusalDetail;

  constructor(code: ErrorCode, detail: RefusalDetail = {}) {
    super(detail.message ?? `${ERRORS[code].what} ${ERRORS[code].fix}`, { cause: detail.cause });
    this.name = 'Refusal';
    this.code = code;
    this.detail = detail;
  }
}

export class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken';
}

/** Stops the work when something that can never be is; the caller sees a 500, the log pages someone. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantBroken(message);
}
