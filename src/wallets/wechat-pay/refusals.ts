import { INTERNAL_CODE } from '../../protocols/wechat-pay/errors.ts';
import type { RefusalCode, Refused, Unknown, WalletTrace } from '../wallet.ts';
import type { NotAnswered, WalletError } from './client.ts';

/** WeChat Pay's codes in the hub's words; its own code and Request-ID stay in the trace. */
const CODES: Readonly<Record<string, RefusalCode>> = {
  ACCOUNT_ERROR: 'not_permitted',
  AUTH_CODE_ERROR: 'invalid_request',
  AUTH_CODE_EXPIRED: 'invalid_request',
  AUTH_CODE_INVALID: 'invalid_request',
  APPID_MCHID_NOT_MATCH: 'bad_credentials',
  FREQUENCY_LIMITED: 'rate_limited',
  INVALID_REQUEST: 'invalid_request',
  MCH_NOT_EXISTS: 'bad_credentials',
  NO_AUTH: 'not_permitted',
  NOT_ENOUGH: 'insufficient_funds',
  NOT_FOUND: 'not_found',
  ORDER_CLOSED: 'already_closed',
  ORDER_NOT_EXIST: 'not_found',
  ORDER_PAID: 'already_paid',
  ORDER_REVERSED: 'already_closed',
  OUT_TRADE_NO_USED: 'reference_reused',
  PARAM_ERROR: 'invalid_request',
  REQUEST_BLOCKED: 'not_permitted',
  RESOURCE_NOT_EXISTS: 'not_found',
  RULE_LIMIT: 'not_permitted',
  SIGN_ERROR: 'bad_credentials',
  TRADE_ERROR: 'not_permitted',
  USER_ACCOUNT_ABNORMAL: 'not_permitted',
};

/** Internal codes say more than INVALID_REQUEST alone. */
const INTERNAL: Readonly<Record<string, RefusalCode>> = {
  [INTERNAL_CODE.already_paid]: 'already_paid',
  [INTERNAL_CODE.reentry_paid]: 'already_paid',
  [INTERNAL_CODE.reentry_other_parameters]: 'reference_reused',
  [INTERNAL_CODE.order_expired]: 'already_closed',
  [INTERNAL_CODE.rate_limited]: 'rate_limited',
  [INTERNAL_CODE.merchant_disabled]: 'not_permitted',
};

export function refusalCode(error: WalletError): RefusalCode {
  const known = Object.hasOwn(CODES, error.code) ? CODES[error.code] : undefined;
  const code = known ?? 'wallet_error';
  if (code !== 'invalid_request' || error.internal === undefined) return code;
  return INTERNAL[error.internal] ?? code;
}

export type { NotAnswered } from './client.ts';

/** Every result but an answer, as an outcome. */
export function toOutcome(result: NotAnswered): Refused | Unknown {
  const { trace } = result;
  switch (result.kind) {
    case 'unknown':
      return { kind: 'unknown', cause: result.cause, trace };
    case 'unreachable':
      return { kind: 'refused', code: result.code, message: result.message, trace };
    case 'error':
      return { kind: 'refused', code: refusalCode(result), message: describe(result), trace };
    default:
      return result satisfies never;
  }
}

function describe(error: WalletError): string {
  return `${error.trace.wallet_code ?? error.code}: ${error.message}`.slice(0, 500);
}

/** A signed answer that does not say what it should: the wallet has acted, nobody knows how. */
export function unreadable(trace: WalletTrace, what: string): Unknown {
  return { kind: 'unknown', cause: `answer not understood: ${what}`, trace };
}

/** A request that this wallet can never take; nothing was sent. */
export function notSent(operation: string, message: string): Refused {
  const trace = { operation, duration_ms: 0, request: {} };
  return { kind: 'refused', code: 'invalid_request', message, trace };
}
