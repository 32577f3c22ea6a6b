/**
 * What the hub refused, by class; `code` says exactly what, and `doc_url` what to do. Branch on the
 * class or the code, never on the message.
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

export interface ErrorDetail {
  readonly type: ErrorType;
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  readonly doc_url: string | null;
  readonly request_id: string | null;
  readonly retry: 'never' | 'same_key' | 'after_query';
  readonly wallet: {
    readonly name: string;
    readonly code: string;
    readonly message: string;
    readonly request_id?: string;
  } | null;
}

export class HutongError extends Error {
  /** HTTP status. */
  readonly status: number;
  readonly type: ErrorType;
  readonly code: string;
  readonly param: string | null;
  readonly doc_url: string | null;
  readonly request_id: string | null;
  readonly retry: ErrorDetail['retry'];
  /** What the wallet itself said, where one was asked. */
  readonly wallet: ErrorDetail['wallet'];

  constructor(status: number, detail: ErrorDetail) {
    super(detail.message);
    this.name = new.target.name;
    this.status = status;
    this.type = detail.type;
    this.code = detail.code;
    this.param = detail.param;
    this.doc_url = detail.doc_url;
    this.request_id = detail.request_id;
    this.retry = detail.retry;
    this.wallet = detail.wallet;
  }
}

export class InvalidRequestError extends HutongError {}
export class AuthenticationError extends HutongError {}
export class PermissionError extends HutongError {}
export class NotFoundError extends HutongError {}
export class ConflictError extends HutongError {}
export class RateLimitedError extends HutongError {}
export class WalletRefusedError extends HutongError {}
export class WalletUnavailableError extends HutongError {}
/** Neither done nor failed: read the object, and never ask for the same under another key. */
export class OutcomeUnknownError extends HutongError {}
export class InternalError extends HutongError {}

/** The hub was not reached, or broke off, in every try. What was asked may have happened. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

const CLASSES = {
  invalid_request: InvalidRequestError,
  authentication: AuthenticationError,
  permission: PermissionError,
  not_found: NotFoundError,
  conflict: ConflictError,
  rate_limited: RateLimitedError,
  wallet_refused: WalletRefusedError,
  wallet_unavailable: WalletUnavailableError,
  outcome_unknown: OutcomeUnknownError,
  internal: InternalError,
} as const satisfies Record<ErrorType, typeof HutongError>;

function isErrorType(value: unknown): value is ErrorType {
  return typeof value === 'string' && Object.hasOwn(CLASSES, value);
}

/** The error an answer stands for; one that is not the hub's own (a proxy's) becomes `internal`. */
export function errorFrom(status: number, body: unknown, request_id: string | null): HutongError {
  const error = memberOf(body, 'error');
  const type = memberOf(error, 'type');
  if (!isErrorType(type)) {
    const message = `the hub answered ${status} without an error object`;
    const fields = { message, param: null, doc_url: null, request_id, wallet: null };
    const retry = status >= 500 || status === 429 ? 'same_key' : 'never';
    return new InternalError(status, { type: 'internal', code: 'internal', retry, ...fields });
  }
  const retry = memberOf(error, 'retry');
  return new CLASSES[type](status, {
    type,
    code: textOf(error, 'code') ?? type,
    message: textOf(error, 'message') ?? `the hub answered ${status}`,
    param: textOf(error, 'param'),
    doc_url: textOf(error, 'doc_url'),
    request_id: textOf(error, 'request_id') ?? request_id,
    retry: retry === 'same_key' || retry === 'after_query' ? retry : 'never',
    wallet: walletOf(memberOf(error, 'wallet')),
  });
}

function walletOf(value: unknown): ErrorDetail['wallet'] {
  const name = textOf(value, 'name');
  if (name === null) return null;
  const request_id = textOf(value, 'request_id');
  return {
    name,
    code: textOf(value, 'code') ?? '',
    message: textOf(value, 'message') ?? '',
    ...(request_id === null ? {} : { request_id }),
  };
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function textOf(value: unknown, name: string): string | null {
  const member = memberOf(value, name);
  return typeof member === 'string' ? member : null;
}
