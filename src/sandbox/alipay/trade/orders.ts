import { shanghaiStamp } from '../../../clock.ts';
import type { Parameters } from '../../../protocols/alipay/parameters.ts';
import { PRODUCT_CODES, parseStamp, parseTimeout } from '../../../protocols/alipay/trade.ts';
import {
  type Biz,
  GatewayRefusal,
  optionalText,
  requiredAmount,
  requiredNumber,
  requiredText,
} from '../api/biz.ts';
import type { Trade } from '../books.ts';
import {
  type Alipay,
  type App,
  buyerNamed,
  isStale,
  orderOf,
  type Product,
  saveTrade,
} from '../books.ts';
import { newToken, newTradeNo } from '../numbers.ts';

/** One verified call: who calls, with which parameters and which parsed `biz_content`. */
export interface Call {
  readonly alipay: Alipay;
  readonly app: App;
  readonly parameters: Parameters;
  readonly biz: Biz;
}

const CODE_LIFE_MS = 2 * 3_600_000;
const TRADE_LIFE_MS = 15 * 86_400_000;
const CODE_URL = 'https://qr.alipay.com/bax';

export function codeUrl(trade: Trade): string {
  return `${CODE_URL}${trade.token}`;
}

export function tokenOfCode(code: string): string | undefined {
  return code.startsWith(CODE_URL) ? code.slice(CODE_URL.length) : undefined;
}

/** Absolute `time_expire` wins over the durations; without any, a code lives 2 h, a trade 15 d. */
function expiry(biz: Biz, product: Product, now: Date): number {
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

function urlParameter(parameters: Parameters, name: string): string | null {
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
    trade.app_id === wanted.app_id;
  if (!same) throw new GatewayRefusal('ACQ.CONTEXT_INCONSISTENT');
  return isStale(alipay, trade) ? undefined : trade;
}

function checkProductCode(call: Call, method: keyof typeof PRODUCT_CODES, required: boolean): void {
  const allowed: readonly string[] = PRODUCT_CODES[method];
  const rule = { max: 64 };
  const given = required
    ? requiredText(call.biz, 'product_code', rule)
    : optionalText(call.biz, 'product_code', rule);
  if (given !== undefined && !allowed.includes(given)) {
    const message = `参数无效：product_code (${method} takes ${allowed.join(', ')})`;
    throw new GatewayRefusal('ACQ.INVALID_PARAMETER', message);
  }
}

function place(call: Call, product: Product, buyer: string | null): Trade {
  const { alipay, app, biz, parameters } = call;
  const now = alipay.options.clock.now();
  const seller = optionalText(biz, 'seller_id', { max: 28 });
  if (seller !== undefined && seller !== app.seller_id) {
    throw new GatewayRefusal('ACQ.INVALID_PARAMETER', '参数无效：seller_id 与应用不匹配');
  }
  const wanted: Trade = {
    app_id: app.app_id,
    seller_id: app.seller_id,
    out_trade_no: requiredNumber(biz, 'out_trade_no'),
    product,
    amount: requiredAmount(biz, 'total_amount'),
    subject: requiredText(biz, 'subject', { max: 256 }),
    body: optionalText(biz, 'body', { max: 128 }) ?? null,
    passback_params: optionalText(biz, 'passback_params', { max: 512 }) ?? null,
    notify_url: urlParameter(parameters, 'notify_url'),
    return_url: urlParameter(parameters, 'return_url'),
    quit_url: optionalText(biz, 'quit_url', { max: 400, pattern: /^https?:\/\// }) ?? null,
    sub_merchant: null,
    hold: false,
    token: newToken(),
    placed_at: now.getTime(),
    expires_at: expiry(biz, product, now),
    status: 'NOT_CREATED',
    trade_no: null,
    buyer,
    created_at: null,
    paid_at: null,
    closed_at: null,
    fee: 0n,
    fee_returned: 0n,
    refunded: 0n,
    refunds: [],
  };
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
  const now = alipay.options.clock.now();
  let trade_no = newTradeNo(now);
  while (alipay.by_trade_no.has(trade_no)) trade_no = newTradeNo(now);
  trade.status = 'WAIT_BUYER_PAY';
  trade.trade_no = trade_no;
  trade.buyer = buyer;
  trade.created_at = now.getTime();
  saveTrade(alipay, trade);
}

/** https://opendocs.alipay.com/open/8ad49e4a_alipay.trade.precreate */
export function precreate(call: Call): Record<string, unknown> {
  checkProductCode(call, 'alipay.trade.precreate', false);
  const trade = place(call, 'precreate', null);
  return { out_trade_no: trade.out_trade_no, qr_code: codeUrl(trade) };
}

/** https://opendocs.alipay.com/open/59da99d0_alipay.trade.page.pay */
export function pagePay(call: Call): Trade {
  checkProductCode(call, 'alipay.trade.page.pay', true);
  return place(call, 'page', null);
}

/** https://opendocs.alipay.com/open/29ae8cb6_alipay.trade.wap.pay */
export function wapPay(call: Call): Trade {
  checkProductCode(call, 'alipay.trade.wap.pay', true);
  return place(call, 'wap', null);
}

/** https://opendocs.alipay.com/open/6f534d7f_alipay.trade.create */
export function create(call: Call): Record<string, unknown> {
  const { alipay, app, biz } = call;
  checkProductCode(call, 'alipay.trade.create', false);
  const id =
    optionalText(biz, 'buyer_open_id', { max: 128 }) ?? requiredText(biz, 'buyer_id', { max: 28 });
  const buyer = buyerNamed(alipay, app, id);
  if (!buyer) throw new GatewayRefusal('ACQ.BUYER_NOT_EXIST');
  const trade = place(call, 'create', buyer.person.id);
  createTrade(alipay, trade, buyer.person.id);
  return { out_trade_no: trade.out_trade_no, trade_no: trade.trade_no };
}
