import { RESP_CODES, type RespCode } from '../../../protocols/union-pay/codes.ts';
import type { Message } from '../../../protocols/union-pay/message.ts';
import {
  CNY,
  ORDER_ID,
  parseAmount,
  parseStamp,
} from '../../../protocols/union-pay/transactions.ts';
import type { Merchant, TradeName, UnionPay } from '../books.ts';

/** One verified call: who calls, with which fields. */
export interface Call {
  readonly union: UnionPay;
  readonly merchant: Merchant;
  readonly message: Message;
}

/** A no of the gateway, signed and sent like any other answer. */
export class WireRefusal extends Error {
  readonly code: RespCode;
  readonly hint: string;
  constructor(code: RespCode, hint = '') {
    super(`${RESP_CODES[code]}[61${code}000]`);
    this.code = code;
    this.hint = hint;
  }

  /** For `respMsg`; nothing that would confuse a reader of raw answers. */
  get text(): string {
    const hint = this.hint.replace(/[&{}[\]=\r\n]/g, ' ').trim();
    return hint === '' ? this.message : `${this.message} ${hint}`;
  }
}

export function required(call: Pick<Call, 'message'>, name: string): string {
  const value = call.message.get(name) ?? '';
  if (value === '') throw new WireRefusal('13', `${name} is missing`);
  return value;
}

export function matching(call: Call, name: string, pattern: RegExp): string {
  const value = required(call, name);
  if (!pattern.test(value)) throw new WireRefusal('10', `${name} has the wrong form`);
  return value;
}

export function optional(call: Call, name: string, max: number): string | null {
  const value = call.message.get(name) ?? '';
  if (value.length > max) throw new WireRefusal('10', `${name} is longer than ${max}`);
  return value === '' ? null : value;
}

export function oneOf(call: Call, name: string, allowed: readonly string[]): string {
  const value = required(call, name);
  if (!allowed.includes(value)) {
    throw new WireRefusal('10', `${name} must be ${allowed.join(' or ')}`);
  }
  return value;
}

export function amountOf(call: Call): bigint {
  const amount = parseAmount(required(call, 'txnAmt'));
  if (amount === undefined || amount === 0n) {
    throw new WireRefusal('10', 'txnAmt is fen, 1 to 12 digits, above 0');
  }
  return amount;
}

export function currencyOf(call: Call): void {
  if (required(call, 'currencyCode') !== CNY) throw new WireRefusal('10', 'currencyCode is 156');
}

export function addressOf(call: Call, name: string): string {
  const value = required(call, name);
  if (value.length > 256 || !/^https?:\/\//.test(value) || !URL.canParse(value)) {
    throw new WireRefusal('10', `${name} must be an http or https address`);
  }
  return value;
}

const MAX_AGE_MS = 86_400_000;
const MAX_AHEAD_MS = 10 * 60_000;

/** The time of an order is the time it is sent, so a new trade must be of now: real time. */
export function newTradeName(call: Call): TradeName {
  const name = tradeName(call);
  const at = parseStamp(name.txn_time)?.getTime() ?? 0;
  const age = call.union.options.clock.real().getTime() - at;
  if (age > MAX_AGE_MS || age < -MAX_AHEAD_MS) {
    throw new WireRefusal('10', 'txnTime must be the present time in Beijing');
  }
  return name;
}

/** Of a trade that a query or reversal names. */
export function tradeName(call: Call): TradeName {
  const order_id = matching(call, 'orderId', ORDER_ID);
  const txn_time = required(call, 'txnTime');
  if (!parseStamp(txn_time)) throw new WireRefusal('10', 'txnTime is YYYYMMDDhhmmss');
  return { mer_id: call.merchant.mer_id, order_id, txn_time };
}
