import { shanghaiTime } from '../../clock.ts';

/** Numbers, times and kinds of trades on the wire. */
export const TXN = {
  query: '00',
  pay: '01',
  refund: '04',
  undo: '31',
  file: '76',
  reverse: '99',
} as const;

export const PAY = {
  /** Cashier pages, the app's SDK, and the unified order. */
  normal: '01',
  /** The shop scans the code on the payer's phone. */
  scanned: '06',
  /** The payer scans a code that was applied for. */
  code: '07',
} as const;

/** `bizType`: the gateway's pages and app, or codes and everything that is of no product. */
export const BIZ = { gateway: '000201', none: '000000' } as const;
export const CNY = '156';

/** (merId, orderId, txnTime) names one trade: 8 to 40 letters and digits. */
export const ORDER_ID = /^[0-9A-Za-z]{8,40}$/;
export const MER_ID = /^[0-9A-Z]{15}$/;
/** Code on a payer's phone, of UnionPay's own app and of the banks'. */
export const PAYER_CODE = /^62\d{17}$/;
/** Merchant codes: an institution's eight digits and a voucher. */
export const CODE_URL = 'https://qr.95516.com/';

/** `20261121093000`, Beijing time. */
export function stamp(date: Date): string {
  return shanghaiTime(date).slice(0, 19).replace(/\D/g, '');
}

/** Undefined for what is no such time, or no time at all (month 13). */
export function parseStamp(text: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`);
  return Number.isNaN(date.getTime()) || stamp(date) !== text ? undefined : date;
}

/** The clearing day ends at 23:00 Beijing time: `2026-11-21`. */
export function clearingDate(at: Date): string {
  return shanghaiTime(new Date(at.getTime() + 3_600_000)).slice(0, 10);
}

/** `1121` as messages name a clearing day. */
export function settleDateOf(date: string): string {
  return date.slice(5).replace('-', '');
}

const AMOUNT = /^(?:0|[1-9]\d{0,11})$/;

/** Fen, up to twelve digits, no sign, no point. */
export function parseAmount(text: string | undefined): bigint | undefined {
  return text !== undefined && AMOUNT.test(text) ? BigInt(text) : undefined;
}
