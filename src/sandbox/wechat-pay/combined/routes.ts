import type { Route } from '../api/route.ts';
import { PREPARED_KINDS, type PreparedKind } from '../orders/records.ts';
import { closeCombined, createCombined, queryCombined } from './combined.ts';

const ROOT = '/v3/combine-transactions';
const GROUP = 'Combined orders';
const P = 'https://pay.weixin.qq.com/doc/v3/partner';

const DOC: Readonly<Record<PreparedKind, string>> = {
  native: `${P}/4012758240`,
  h5: `${P}/4012758208`,
  jsapi: `${P}/4012757938`,
  app: `${P}/4012758021`,
};

function creating(kind: PreparedKind): Route {
  return {
    call: `POST ${ROOT}/${kind}`,
    group: GROUP,
    doc: DOC[kind],
    differs: 'A direct merchant can combine only orders of its own.',
    operation: `combine.${kind}`,
    run: (context, merchant, { body }) => createCombined(context, merchant, { kind, body }),
  };
}

export const COMBINED_ROUTES: readonly Route[] = [
  ...PREPARED_KINDS.map(creating),
  {
    call: `GET ${ROOT}/out-trade-no/{combine_out_trade_no}`,
    group: GROUP,
    doc: `${P}/4013462164`,
    operation: 'combine.query',
    run: (context, merchant, { parameters: { combine_out_trade_no = '' } }) =>
      queryCombined(context, merchant, { combine_out_trade_no }),
  },
  {
    call: `GET ${ROOT}/id/{combine_transaction_id}`,
    group: GROUP,
    doc: `${P}/4012602242`,
    operation: 'combine.query',
    run: (context, merchant, { parameters: { combine_transaction_id = '' } }) =>
      queryCombined(context, merchant, { combine_transaction_id }),
  },
  {
    call: `POST ${ROOT}/out-trade-no/{combine_out_trade_no}/close`,
    group: GROUP,
    doc: `${P}/4013462171`,
    operation: 'combine.close',
    run: (context, merchant, { parameters: { combine_out_trade_no = '' }, body }) => {
      closeCombined(context, merchant, { combine_out_trade_no, body });
      return undefined;
    },
  },
];
