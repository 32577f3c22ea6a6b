import type { RefusalCode } from '../../wallet.ts';

/** The wallet's own codes in the hub's words. */
const REFUSALS: Readonly<Record<string, RefusalCode>> = {
  'ACQ.TRADE_HAS_SUCCESS': 'already_paid',
  'ACQ.TRADE_HAS_CLOSE': 'already_closed',
  'ACQ.TRADE_NOT_EXIST': 'not_found',
  'ACQ.CONTEXT_INCONSISTENT': 'reference_reused',
  'ACQ.TRADE_BUYER_NOT_MATCH': 'reference_reused',
  'ACQ.DISCORDANT_REPEAT_REQUEST': 'reference_reused',
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': 'insufficient_funds',
  'ACQ.BUYER_BALANCE_NOT_ENOUGH': 'insufficient_funds',
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': 'over_refund',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': 'over_refund',
  'ACQ.TRADE_HAS_FINISHED': 'not_permitted',
  'ACQ.ACCESS_FORBIDDEN': 'not_permitted',
  'ACQ.FREQUENCY_LIMIT': 'rate_limited',
  'ACQ.INVALID_PARAMETER': 'invalid_request',
  INVALID_PARAMETER: 'invalid_request',
  'ACQ.PAYMENT_AUTH_CODE_INVALID': 'invalid_request',
  'ACQ.BUYER_SELLER_EQUAL': 'invalid_request',
  'ACQ.TRADE_CANCEL_TIME_OUT': 'not_permitted',
  'ACQ.ILLEGAL_SETTLE_STATE': 'not_permitted',
  'ACQ.ALLOC_AMOUNT_VALIDATE_ERROR': 'not_permitted',
  'ACQ.ROYALTY_RECEIVER_INVALID': 'not_permitted',
  'ACQ.USER_NOT_EXIST': 'invalid_request',
  'ACQ.INVALID_RECEIVER_TYPE': 'invalid_request',
  'ACQ.TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH': 'insufficient_funds',
  'ACQ.SECONDARY_MERCHANT_ID_INVALID': 'invalid_request',
  'ACQ.SECONDARY_MERCHANT_NOT_MATCH': 'not_permitted',
  'isv.invalid-signature': 'bad_credentials',
  'isv.invalid-app-id': 'bad_credentials',
  'isv.missing-signature-key': 'bad_credentials',
  'isv.missing-signature-config': 'bad_credentials',
  'isv.invalid-signature-type': 'bad_credentials',
  'isv.missing-app-cert-sn': 'bad_credentials',
  'isv.app-cert-not-exist': 'bad_credentials',
  'isv.app-cert-expired': 'bad_credentials',
  'isv.invalid-alipay-root-cert-sn': 'bad_credentials',
  'isv.missing-alipay-root-cert-sn': 'bad_credentials',
  'isv.decryption-error-unknown': 'bad_credentials',
  'isv.invalid-timestamp': 'bad_credentials',
  'aop.invalid-app-auth-token': 'bad_credentials',
  'aop.app-auth-token-time-out': 'bad_credentials',
};

const CLASSES: Readonly<Record<string, RefusalCode>> = {
  '20001': 'not_permitted',
  '40001': 'invalid_request',
  '40002': 'invalid_request',
  '40003': 'invalid_request',
  '40005': 'rate_limited',
  '40006': 'not_permitted',
};

/** The wallet could not say what became of the call. One of its pages misspells the prefix. */
const UNDECIDED: readonly string[] = [
  'ACQ.SYSTEM_ERROR',
  'AQC.SYSTEM_ERROR',
  'aop.ACQ.SYSTEM_ERROR',
  'isp.unknow-error',
  'aop.unknow-error',
];

export function refusalCode(answer: { code: string; sub_code: string }): RefusalCode {
  // What a wallet says must not name what every object has.
  if (Object.hasOwn(REFUSALS, answer.sub_code)) return REFUSALS[answer.sub_code] ?? 'wallet_error';
  const known = Object.hasOwn(CLASSES, answer.code) ? CLASSES[answer.code] : undefined;
  return known ?? 'wallet_error';
}

export function isUndecided(answer: { code: string; sub_code: string }): boolean {
  return answer.code === '20000' || UNDECIDED.includes(answer.sub_code);
}
