import type { CoveredCall } from '../../coverage.ts';
import type { Method } from '../api/method.ts';
import type { Trade } from '../books.ts';
import { mergePay, mergePrecreate, partsOf } from '../merge/merge.ts';
import { cancel, refund, refundApply, refundQuery } from '../refunds/refunds.ts';
import { appPay, type Call, create, pagePay, precreate, wapPay } from './orders.ts';
import { charge } from './pay.ts';
import { close, query } from './trades.ts';

/** Payments: codes, payer codes, pages, merged orders, query, close, cancel, refund. */
const GROUP = 'Payments';
const REFUNDS = 'Refunds';
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
    doc: 'https://opendocs.alipay.com/mini/6039ed0c_alipay.trade.create',
    run: create,
  },
  {
    call: 'alipay.trade.pay',
    v3: `POST ${V3}/pay`,
    group: GROUP,
    doc: `${DOC}/1f1fe18c_alipay.trade.pay`,
    differs: 'Ten charges a day and person take no password, up to 1,000 yuan each.',
    run: charge,
  },
  {
    call: 'alipay.trade.merge.precreate',
    v3: `POST ${V3}/merge/precreate`,
    group: GROUP,
    doc: `${DOC}/028xr9`,
    differs: 'All parts are of one application; at most ten; closing one closes all.',
    run: mergePrecreate,
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
    group: REFUNDS,
    doc: `${DOC}/f60979b3_alipay.trade.refund`,
    run: refund,
  },
  {
    call: 'alipay.trade.refund.apply',
    v3: `POST ${V3}/refund/apply`,
    group: REFUNDS,
    doc: `${DOC}/f60979b3_alipay.trade.refund`,
    differs: 'Arrives one second of business time later; the order’s notify_url is told.',
    run: refundApply,
  },
  {
    call: 'alipay.trade.fastpay.refund.query',
    v3: `POST ${V3}/fastpay/refund/query`,
    group: REFUNDS,
    doc: `${DOC}/8c776df6_alipay.trade.fastpay.refund.query`,
    run: refundQuery,
  },
];

/** What a browser or an app opened: where it goes, and what is to be paid there. */
export interface Placed {
  readonly location: string;
  readonly trades: readonly Trade[];
}

/** A method that a browser opens: a signed link or form, answered with a page. */
export interface PageMethod extends CoveredCall {
  readonly place: (call: Call) => Placed;
}

function cashier(place: (call: Call) => Trade): PageMethod['place'] {
  return (call) => {
    const trade = place(call);
    return { location: `/cashier/${trade.token}`, trades: [trade] };
  };
}

function mergedCashier(call: Call): Placed {
  const merge = mergePay(call);
  return { location: `/merge/${merge.token}`, trades: partsOf(call.alipay, merge) };
}

const APP_DIFFERS =
  'The phone takes the order string as it takes a code; a browser gets a cashier.';

export const PAGE_METHODS: readonly PageMethod[] = [
  {
    call: 'alipay.trade.page.pay',
    group: GROUP,
    doc: `${DOC}/59da99d0_alipay.trade.page.pay`,
    place: cashier(pagePay),
  },
  {
    call: 'alipay.trade.wap.pay',
    group: GROUP,
    doc: `${DOC}/29ae8cb6_alipay.trade.wap.pay`,
    place: cashier(wapPay),
  },
  {
    call: 'alipay.trade.app.pay',
    group: GROUP,
    doc: `${DOC}/cd12c885_alipay.trade.app.pay`,
    differs: APP_DIFFERS,
    place: cashier(appPay),
  },
  {
    call: 'alipay.trade.wap.merge.pay',
    group: GROUP,
    doc: `${DOC}/028xra`,
    place: mergedCashier,
  },
  {
    call: 'alipay.trade.app.merge.pay',
    group: GROUP,
    doc: `${DOC}/028py8`,
    differs: APP_DIFFERS,
    place: mergedCashier,
  },
];
