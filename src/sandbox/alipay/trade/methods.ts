import type { CoveredCall } from '../../coverage.ts';
import type { Method } from '../api/method.ts';
import type { Trade } from '../books.ts';
import { type Call, create, pagePay, precreate, wapPay } from './orders.ts';
import { cancel, close, query, refund, refundQuery } from './trades.ts';

/** Payments: codes, pages, query, close, cancel, refund. */
const GROUP = 'Payments';
const DOC = 'https://opendocs.alipay.com/open';
const V3 = '/v3/alipay/trade';

export const TRADE_METHODS: readonly Method[] = [
  {
    call: 'alipay.trade.precreate',
    v3: `POST ${V3}/precreate`,
    group: GROUP,
    doc: `${DOC}/8ad49e4a_alipay.trade.precreate`,
    run: precreate,
  },
  {
    call: 'alipay.trade.create',
    v3: `POST ${V3}/create`,
    group: GROUP,
    doc: `${DOC}/6f534d7f_alipay.trade.create`,
    run: create,
  },
  {
    call: 'alipay.trade.query',
    v3: `POST ${V3}/query`,
    group: GROUP,
    doc: `${DOC}/82ea786a_alipay.trade.query`,
    run: query,
  },
  {
    call: 'alipay.trade.close',
    v3: `POST ${V3}/close`,
    group: GROUP,
    doc: `${DOC}/ce0b4954_alipay.trade.close`,
    run: close,
  },
  {
    call: 'alipay.trade.cancel',
    v3: `POST ${V3}/cancel`,
    group: GROUP,
    doc: `${DOC}/13399511_alipay.trade.cancel`,
    run: cancel,
  },
  {
    call: 'alipay.trade.refund',
    v3: `POST ${V3}/refund`,
    group: GROUP,
    doc: `${DOC}/f60979b3_alipay.trade.refund`,
    run: refund,
  },
  {
    call: 'alipay.trade.fastpay.refund.query',
    v3: `POST ${V3}/fastpay/refund/query`,
    group: GROUP,
    doc: `${DOC}/8c776df6_alipay.trade.fastpay.refund.query`,
    run: refundQuery,
  },
];

/** A method that a browser opens: a signed link or form, answered with a page. */
export interface PageMethod extends CoveredCall {
  readonly place: (call: Call) => Trade;
}

export const PAGE_METHODS: readonly PageMethod[] = [
  {
    call: 'alipay.trade.page.pay',
    group: GROUP,
    doc: `${DOC}/59da99d0_alipay.trade.page.pay`,
    place: pagePay,
  },
  {
    call: 'alipay.trade.wap.pay',
    group: GROUP,
    doc: `${DOC}/29ae8cb6_alipay.trade.wap.pay`,
    place: wapPay,
  },
];
