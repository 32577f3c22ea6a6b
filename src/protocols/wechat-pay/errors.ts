/**
 * Error answers `{code, message, detail?}`. Callers branch on HTTP status and code, never on the
 * message. Two spellings of many codes are live at once; the shorter old one is folded into the
 * newer. https://pay.weixin.qq.com/doc/v3/merchant/4012081670
 */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly detail?: unknown;
}

const NEWER_SPELLING: Readonly<Record<string, string>> = {
  ACCOUNTERROR: 'ACCOUNT_ERROR',
  AUTHCODEEXPIRE: 'AUTH_CODE_EXPIRED',
  BANKERROR: 'BANK_ERROR',
  FREQUENCY_LIMIT_EXCEED: 'FREQUENCY_LIMITED',
  INVALIDREQUEST: 'INVALID_REQUEST',
  NOAUTH: 'NO_AUTH',
  NOTENOUGH: 'NOT_ENOUGH',
  ORDERCLOSED: 'ORDER_CLOSED',
  ORDERNOTEXIST: 'ORDER_NOT_EXIST',
  ORDERPAID: 'ORDER_PAID',
  ORDERREVERSED: 'ORDER_REVERSED',
  OUTTRADENOUSED: 'OUT_TRADE_NO_USED',
  PARAMERROR: 'PARAM_ERROR',
  RATELIMIT_EXCEED: 'FREQUENCY_LIMITED',
  RATELIMIT_EXCEEDED: 'FREQUENCY_LIMITED',
  RULELIMIT: 'RULE_LIMIT',
  SIGNERROR: 'SIGN_ERROR',
  SYSTEMERROR: 'SYSTEM_ERROR',
};

/** `ORDERPAID` and `ORDER_PAID` → `ORDER_PAID`; unknown codes stay as they are. */
export function canonicalCode(code: string): string {
  return NEWER_SPELLING[code] ?? code;
}

const OLDER_SPELLING: ReadonlyMap<string, string> = new Map(
  // Where several old spellings fold into one, the first one stands for them.
  Object.entries(NEWER_SPELLING)
    .reverse()
    .map(([older, newer]) => [newer, older]),
);

/** `ORDER_PAID` → `ORDERPAID`; codes that have but one spelling stay as they are. */
export function olderCode(code: string): string {
  return OLDER_SPELLING.get(code) ?? code;
}

/** The internal result code, the digits after the last dash of Request-ID; `0` is success. */
export const INTERNAL_CODE = {
  success: '0',
  bad_parameter: '268435461',
  out_of_range: '268435464',
  merchant_disabled: '268443715',
  signature: '268443699',
  sub_mchid_missing: '268443704',
  own_sub_mchid: '268443705',
  no_partner_relation: '268443701',
  sub_merchant_mismatch: '268447845',
  must_reverse: '268449641',
  appid_not_bound: '268445527',
  rate_limited: '268447840',
  merchant_mismatch: '268447843',
  order_expired: '268447914',
  already_paid: '268449538',
  reentry_other_parameters: '268498688',
  reentry_paid: '268498689',
  openid_required: '268501013',
  order_not_found: '268512771',
  extra_parameters: '270924358',
  system_error: '268435466',
} as const;

/** `"08F2…-268512771"` → `"268512771"`; undefined when there is none. */
export function internalCode(requestId: string | undefined): string | undefined {
  return /-(\d{1,12})$/.exec(requestId ?? '')?.[1];
}

/** Undefined when the text is not an error body of the documented form. */
export function parseWireError(body: string): WireError | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || !('code' in value)) return undefined;
    const { code } = value;
    const message = 'message' in value && typeof value.message === 'string' ? value.message : '';
    if (typeof code !== 'string' || code === '') return undefined;
    return { code, message, ...('detail' in value ? { detail: value.detail } : {}) };
  } catch {
    return undefined;
  }
}
