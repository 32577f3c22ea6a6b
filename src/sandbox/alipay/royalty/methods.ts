import type { Method } from '../api/method.ts';
import { batchQuery, bind, rateQuery, unbind } from './relations.ts';
import { onsettleQuery, orderSettle, settleQuery } from './settle.ts';

/** Profit sharing: receivers, splits, what is left to split. */
const GROUP = 'Profit sharing';
const DOC = 'https://opendocs.alipay.com/open';
const V3 = '/v3/alipay/trade';

export const ROYALTY_METHODS: readonly Method[] = [
  {
    call: 'alipay.trade.royalty.relation.bind',
    v3: `POST ${V3}/royalty/relation/bind`,
    group: GROUP,
    doc: `${DOC}/c21931d6_alipay.trade.royalty.relation.bind`,
    differs: 'Receivers are the people and merchants of this sandbox.',
    run: bind,
  },
  {
    call: 'alipay.trade.royalty.relation.unbind',
    v3: `POST ${V3}/royalty/relation/unbind`,
    group: GROUP,
    doc: `${DOC}/3613f4e1_alipay.trade.royalty.relation.unbind`,
    run: unbind,
  },
  {
    call: 'alipay.trade.royalty.relation.batchquery',
    v3: `POST ${V3}/royalty/relation/batchquery`,
    group: GROUP,
    doc: `${DOC}/1860be54_alipay.trade.royalty.relation.batchquery`,
    run: batchQuery,
  },
  {
    call: 'alipay.trade.royalty.rate.query',
    v3: `POST ${V3}/royalty/rate/query`,
    group: GROUP,
    doc: `${DOC}/6f314ee9_alipay.trade.royalty.rate.query`,
    run: rateQuery,
  },
  {
    call: 'alipay.trade.order.settle',
    v3: `POST ${V3}/order/settle`,
    group: GROUP,
    doc: `${DOC}/c3b24498_alipay.trade.order.settle`,
    per_second: 30,
    differs: 'An asynchronous split is carried out one second of business time later.',
    run: orderSettle,
  },
  {
    call: 'alipay.trade.order.settle.query',
    v3: `GET ${V3}/order/settle/query`,
    group: GROUP,
    doc: `${DOC}/9ef980b7_alipay.trade.order.settle.query`,
    run: settleQuery,
  },
  {
    call: 'alipay.trade.order.onsettle.query',
    v3: `GET ${V3}/order/onsettle/query`,
    group: GROUP,
    doc: `${DOC}/d87dc009_alipay.trade.order.onsettle.query`,
    run: onsettleQuery,
  },
];
