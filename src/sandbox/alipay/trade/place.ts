import { shanghaiStamp } from '../../../clock.ts';
import { charsetNamed, type Parameters } from '../../../protocols/alipay/parameters.ts';
import { PRODUCT_CODES, parseStamp, parseTimeout } from '../../../protocols/alipay/trade.ts';
import {
  type Biz,
  GatewayRefusal,
  optionalText,
  requiredAmount,
  requiredNumber,
  requiredText,
} from '../api/biz.ts';
import { type Alipay, isStale, orderOf, type Product, saveTrade, type Trade } from '../books.ts';
import { custodyOf } from '../direct/custody.ts';
import { newToken, newTradeNo } from '../numbers.ts';
import type { Call } from './orders.ts';

/** How an order comes into the books, whichever method brings it. */
const CODE_LIFE_MS = 2 * 3_600_000;
const TRADE_LIFE_MS = 15 * 86_400_000;

/** Absolute `time_expire` wins over the durations; without any, a code lives 2 h, a trade 15 d. */
export function expiry(biz: Biz, product: Product, now: Date): number {
  const absolute = optionalText(biz, 'time_expire', { max: 32 });
  if (absolute !== undefined) {
    const at = parseStamp(absolute)?.getTime();
    if (at === undefined || at <= now.getTime() || at > now.getTime() + TRADE_LIFE_MS + 60_000) {
      const hint = `time_expire must lie between now (${shanghaiStamp(now)}, Beijing time) and 15 days`;
      throw new GatewayRefusal('ACQ.INVALID_PARAMETER', `参数无效：time_expire (${hint})`);
    }
    return at;
  }
  for (const name of ['qr_code_timeout_express', 'timeout_express']) {
    const text = optionalText(biz, name, { max: 6 });
    if (text === undefined) continue;
    const length = parseTimeout(text, now);
    if (length === undefined) {
      throw new GatewayRefusal('ACQ.INVALID_PARAMETER', `参数无效：${name} (1m–15d, or 1c)`);
    }
    return now.getTime() + length;
  }
  return now.getTime() + (product === 'precreate' ? CODE_LIFE_MS : TRADE_LIFE_MS);
}

export function urlParameter(parameters: Parameters, name: string): string | null {
  const value = parameters.get(name) ?? '';
  if (value === '') return null;
  if (value.length > 256 || !/^https?:\/\//.test(value) || !URL.canParse(value)) {
    throw new GatewayRefusal('isv.invalid-parameter', `${name} 须为不超过256个字符的http(s)地址`);
  }
  return value;
}

/** Same number again: the same order when nothing differs, else the reason why not. */
function reenter(alipay: Alipay, trade: Trade, wanted: Trade): Trade | undefined {
  if (trade.status === 'TRADE_SUCCESS' || trade.status === 'TRADE_FINISHED') {
    throw new GatewayRefusal('ACQ.TRADE_HAS_SUCCESS');
  }
  if (trade.status === 'TRADE_CLOSED') throw new GatewayRefusal('ACQ.TRADE_HAS_CLOSE');
  if (trade.buyer !== null && wanted.buyer !== null && trade.buyer !== wanted.buyer) {
    throw new GatewayRefusal('ACQ.TRADE_BUYER_NOT_MATCH');
  }
  const same =
    trade.amount === wanted.amount &&
    trade.subject === wanted.subject &&
    trade.product === wanted.product &&
    trade.app_id === wanted.app_id &&
    trade.sub_merchant === wanted.sub_merchant &&
    trade.merge === wanted.merge;
  if (!same) throw new GatewayRefusal('ACQ.CONTEXT_INCONSISTENT');
  return isStale(alipay, trade) ? undefined : trade;
}

export function checkProductCode(
  biz: Biz,
  method: keyof typeof PRODUCT_CODES,
  required: boolean,
): void {
  const allowed: readonly string[] = PRODUCT_CODES[method];
  const rule = { max: 64 };
  const given = required
    ? requiredText(biz, 'product_code', rule)
    : optionalText(biz, 'product_code', rule);
  if (given !== undefined && !allowed.includes(given)) {
    const message = `参数无效：product_code (${method} takes ${allowed.join(', ')})`;
    throw new GatewayRefusal('ACQ.INVALID_PARAMETER', message);
  }
}

export interface Placing {
  readonly product: Product;
  readonly buyer: string | null;
  /** Part of a merged order: its number, and when the whole expires. */
  readonly merge?: { readonly pre_order_no: string; readonly expires_at: number };
}

/** The order that these parameters ask for; nothing is stored yet. */
export function readOrder(call: Call, biz: Biz, placing: Placing): Trade {
  const { alipay, app, parameters } = call;
  const now = alipay.options.clock.now();
  const seller = optionalText(biz, 'seller_id', { max: 28 });
  if (seller !== undefined && seller !== app.seller_id) {
    throw new GatewayRefusal('ACQ.INVALID_PARAMETER', '参数无效：seller_id 与应用不匹配');
  }
  const amount = requiredAmount(biz, 'total_amount');
  return {
    app_id: app.app_id,
    seller_id: app.seller_id,
    out_trade_no: requiredNumber(biz, 'out_trade_no'),
    product: placing.product,
    amount,
    subject: requiredText(biz, 'subject', { max: 256 }),
    body: optionalText(biz, 'body', { max: 128 }) ?? null,
    passback_params: optionalText(biz, 'passback_params', { max: 512 }) ?? null,
    notify_url: urlParameter(parameters, 'notify_url'),
    return_url: urlParameter(parameters, 'return_url'),
    quit_url: optionalText(biz, 'quit_url', { max: 400, pattern: /^https?:\/\// }) ?? null,
    ...custodyOf(alipay, app, biz, amount),
    merge: placing.merge?.pre_order_no ?? null,
    charset: charsetNamed(parameters.get('charset') ?? '') ?? 'utf-8',
    token: newToken(alipay.options.random),
    placed_at: now.getTime(),
    expires_at: placing.merge?.expires_at ?? expiry(biz, placing.product, now),
    status: 'NOT_CREATED',
    trade_no: null,
    buyer: placing.buyer,
    created_at: null,
    paid_at: null,
    closed_at: null,
    fee: 0n,
    fee_returned: 0n,
    refunded: 0n,
    refunds: [],
    failed_refunds: [],
    vouchers: [],
    prompting: false,
    confirm: null,
    release_at: null,
  };
}

export function place(call: Call, biz: Biz, placing: Placing): Trade {
  const { alipay, app } = call;
  const wanted = readOrder(call, biz, placing);
  const existing = orderOf(alipay, app, wanted.out_trade_no);
  const same = existing && reenter(alipay, existing, wanted);
  if (same) return same;
  if (existing) alipay.by_token.delete(existing.token);
  saveTrade(alipay, wanted);
  return wanted;
}

/** The buyer takes the order up: from here on the wallet knows a trade. */
export function createTrade(alipay: Alipay, trade: Trade, buyer: string): void {
  if (trade.status !== 'NOT_CREATED') return;
  const { clock, random } = alipay.options;
  const now = clock.now();
  let trade_no = newTradeNo(random, now);
  while (alipay.by_trade_no.has(trade_no)) trade_no = newTradeNo(random, now);
  trade.status = 'WAIT_BUYER_PAY';
  trade.trade_no = trade_no;
  trade.buyer = buyer;
  trade.created_at = now.getTime();
  saveTrade(alipay, trade);
}
