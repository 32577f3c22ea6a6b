import { fromYuan } from '../../money.ts';

/**
 * Words of a trade. (none) → WAIT_BUYER_PAY → TRADE_SUCCESS → TRADE_FINISHED;
 * WAIT_BUYER_PAY → TRADE_CLOSED by timeout, close or cancel; TRADE_SUCCESS → TRADE_CLOSED by full
 * refund; a partial refund leaves TRADE_SUCCESS. https://opendocs.alipay.com/open/59da99d0_alipay.trade.page.pay
 */
export const TRADE_STATUSES = [
  'WAIT_BUYER_PAY',
  'TRADE_SUCCESS',
  'TRADE_FINISHED',
  'TRADE_CLOSED',
] as const;
export type TradeStatus = (typeof TRADE_STATUSES)[number];

export function isTradeStatus(text: unknown): text is TradeStatus {
  return TRADE_STATUSES.some((status) => status === text);
}

export const PRODUCT_CODES = {
  'alipay.trade.precreate': ['FACE_TO_FACE_PAYMENT', 'QR_CODE_OFFLINE', 'OFFLINE_PAYMENT'],
  'alipay.trade.page.pay': ['FAST_INSTANT_TRADE_PAY'],
  'alipay.trade.wap.pay': ['QUICK_WAP_WAY'],
  'alipay.trade.app.pay': ['QUICK_MSECURITY_PAY'],
  'alipay.trade.pay': ['FACE_TO_FACE_PAYMENT', 'OFFLINE_PAYMENT'],
  'alipay.trade.create': ['JSAPI_PAY', 'FACE_TO_FACE_PAYMENT', 'GENERAL_WITHHOLDING'],
} as const;

/** What the client gets from `tradePay` in the wallet's own browser. */
export const PAY_RESULTS = {
  paid: '9000',
  pending: '8000',
  failed: '4000',
  cancelled: '6001',
} as const;

const STAMP = /^(\d{4})-(\d{2})-(\d{2})[ +](\d{2}):(\d{2})(?::(\d{2}))?(?:\.\d{1,3})?$/;

/** `2026-11-21 12:00:00` (Beijing time, seconds optional) → Date; undefined for anything else. */
export function parseStamp(text: string): Date | undefined {
  const match = STAMP.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second = '00'] = match;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MAX_TIMEOUT_MS = 15 * 86_400_000;

/**
 * `timeout_express`: `1m` to `15d`, or `1c` for the end of the Beijing day. Answers milliseconds
 * from `now`; undefined when it is no such duration.
 */
export function parseTimeout(text: string, now: Date): number | undefined {
  if (text === '1c') {
    const shifted = now.getTime() + 8 * 3_600_000;
    return 86_400_000 - (shifted % 86_400_000);
  }
  const match = /^(\d{1,5})([mhd])$/.exec(text);
  if (!match) return undefined;
  const milliseconds = Number(match[1]) * (UNITS[match[2] ?? ''] ?? 0);
  return milliseconds >= 60_000 && milliseconds <= MAX_TIMEOUT_MS ? milliseconds : undefined;
}

const PAYER_CODE = /^(?:2[5-9]|30)\d{14,22}$/;

/**
 * Could this be the number on a payer's phone: 16 to 24 digits that begin with 25 to 30? Wallets of
 * other countries that pay through this one have the same range.
 * https://opendocs.alipay.com/open/1f1fe18c_alipay.trade.pay
 */
export function isPayerCode(text: string): boolean {
  return PAYER_CODE.test(text);
}

/** An amount of the wire, in fen; undefined for what is none, and for a negative one. */
export function fenOf(yuan: string): bigint | undefined {
  const amount = fromYuan(yuan);
  return amount === undefined || amount < 0n ? undefined : amount;
}
