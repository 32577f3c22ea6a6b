import type { Route } from '../api/route.ts';
import type { Merchant } from '../merchants/keys.ts';
import { checkMchid, closeOrder, createOrder, queryOrder } from './orders.ts';

/** Orders and their query and close. */
const GROUP = 'Orders';
const ORDERS = '/v3/pay/transactions';
const DOC = 'https://pay.weixin.qq.com/doc/v3/merchant';

export const ORDER_ROUTES: readonly Route[] = [
  {
    call: `POST ${ORDERS}/native`,
    group: GROUP,
    doc: `${DOC}/4012791877`,
    operation: 'pay.native',
    run: (context, merchant, { body }) => createOrder(context, merchant, { kind: 'native', body }),
  },
  {
    call: `POST ${ORDERS}/h5`,
    group: GROUP,
    doc: `${DOC}/4012791834`,
    operation: 'pay.h5',
    run: (context, merchant, { body }) => createOrder(context, merchant, { kind: 'h5', body }),
  },
  {
    call: `POST ${ORDERS}/jsapi`,
    group: GROUP,
    doc: `${DOC}/4012791856`,
    operation: 'pay.jsapi',
    run: (context, merchant, { body }) => createOrder(context, merchant, { kind: 'jsapi', body }),
  },
  {
    call: `GET ${ORDERS}/out-trade-no/{out_trade_no}`,
    group: GROUP,
    doc: `${DOC}/4012791859`,
    operation: 'query',
    run: (context, merchant, { parameters, query }) => {
      checkQueryMchid(merchant, query);
      return queryOrder(context, merchant, { out_trade_no: parameters.out_trade_no ?? '' });
    },
  },
  {
    call: `GET ${ORDERS}/id/{transaction_id}`,
    group: GROUP,
    doc: `${DOC}/4012791858`,
    operation: 'query',
    run: (context, merchant, { parameters, query }) => {
      checkQueryMchid(merchant, query);
      return queryOrder(context, merchant, { transaction_id: parameters.transaction_id ?? '' });
    },
  },
  {
    call: `POST ${ORDERS}/out-trade-no/{out_trade_no}/close`,
    group: GROUP,
    doc: `${DOC}/4012791860`,
    operation: 'close',
    run: (context, merchant, { parameters, body }) => {
      closeOrder(context, merchant, { out_trade_no: parameters.out_trade_no ?? '', body });
      return undefined;
    },
  },
];

function checkQueryMchid(merchant: Merchant, query: URLSearchParams): void {
  const place = { field: '/mchid', location: 'query' } as const;
  checkMchid(merchant, query.get('mchid') ?? undefined, place);
}
