import type { Parameters } from '../../../protocols/alipay/parameters.ts';
import { type Biz, GatewayRefusal, optionalText, requiredText } from '../api/biz.ts';
import { type Alipay, type App, buyerNamed, type Trade } from '../books.ts';
import { checkProductCode, createTrade, place } from './place.ts';

/** One verified call: who calls, with which parameters and which parsed `biz_content`. */
export interface Call {
  readonly alipay: Alipay;
  readonly app: App;
  readonly parameters: Parameters;
  readonly biz: Biz;
  /** Files of a multipart call; absent for all others. */
  readonly files?: readonly { readonly name: string; readonly bytes: Buffer }[];
}

const CODE_URL = 'https://qr.alipay.com/bax';

export function codeUrl(trade: Trade): string {
  return `${CODE_URL}${trade.token}`;
}

export function tokenOfCode(code: string): string | undefined {
  return code.startsWith(CODE_URL) ? code.slice(CODE_URL.length) : undefined;
}

/** https://opendocs.alipay.com/open/8ad49e4a_alipay.trade.precreate */
export function precreate(call: Call): Record<string, unknown> {
  checkProductCode(call.biz, 'alipay.trade.precreate', false);
  const trade = place(call, call.biz, { product: 'precreate', buyer: null });
  return { out_trade_no: trade.out_trade_no, qr_code: codeUrl(trade) };
}

/** https://opendocs.alipay.com/open/59da99d0_alipay.trade.page.pay */
export function pagePay(call: Call): Trade {
  checkProductCode(call.biz, 'alipay.trade.page.pay', true);
  return place(call, call.biz, { product: 'page', buyer: null });
}

/** https://opendocs.alipay.com/open/29ae8cb6_alipay.trade.wap.pay */
export function wapPay(call: Call): Trade {
  checkProductCode(call.biz, 'alipay.trade.wap.pay', true);
  return place(call, call.biz, { product: 'wap', buyer: null });
}

/** https://opendocs.alipay.com/open/cd12c885_alipay.trade.app.pay */
export function appPay(call: Call): Trade {
  checkProductCode(call.biz, 'alipay.trade.app.pay', false);
  return place(call, call.biz, { product: 'app', buyer: null });
}

/** https://opendocs.alipay.com/mini/6039ed0c_alipay.trade.create */
export function create(call: Call): Record<string, unknown> {
  const { alipay, app, biz } = call;
  checkProductCode(biz, 'alipay.trade.create', false);
  const id =
    optionalText(biz, 'buyer_open_id', { max: 128 }) ?? requiredText(biz, 'buyer_id', { max: 28 });
  if (id === app.seller_id) throw new GatewayRefusal('ACQ.BUYER_SELLER_EQUAL');
  const buyer = buyerNamed(alipay, app, id);
  if (!buyer) throw new GatewayRefusal('ACQ.BUYER_NOT_EXIST');
  const trade = place(call, biz, { product: 'create', buyer: buyer.person.id });
  createTrade(alipay, trade, buyer.person.id);
  return { out_trade_no: trade.out_trade_no, trade_no: trade.trade_no };
}
