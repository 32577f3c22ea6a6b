import type { Route } from '../api/route.ts';
import { COMBINED_ROUTES } from '../combined/routes.ts';
import { codepay, reverse } from '../payer-codes/codepay.ts';
import type { Mode } from './fields.ts';
import { closeOrder, createOrder, queryOrder } from './orders.ts';
import { PREPARED_KINDS, type PreparedKind } from './records.ts';

/** Orders of every kind: direct, for sellers, by payer code, combined. */
const ROOT: Readonly<Record<Mode, string>> = {
  direct: '/v3/pay/transactions',
  partner: '/v3/pay/partner/transactions',
};
const GROUP: Readonly<Record<Mode, string>> = { direct: 'Orders', partner: 'Orders for sellers' };
const CODE_GROUP = 'Payer codes';

type Call = PreparedKind | 'query' | 'query_id' | 'close';

const M = 'https://pay.weixin.qq.com/doc/v3/merchant';
const P = 'https://pay.weixin.qq.com/doc/v3/partner';
const DOC: Readonly<Record<Mode, Readonly<Record<Call, string>>>> = {
  direct: {
    native: `${M}/4012791877`,
    h5: `${M}/4012791834`,
    jsapi: `${M}/4012791856`,
    app: `${M}/4013070347`,
    query: `${M}/4012791859`,
    query_id: `${M}/4012791858`,
    close: `${M}/4012791860`,
  },
  partner: {
    native: `${P}/4012738659`,
    h5: `${P}/4012738604`,
    jsapi: `${P}/4012738519`,
    app: `${P}/4013080231`,
    query: `${P}/4012739008`,
    query_id: `${P}/4012738964`,
    close: `${P}/4012739019`,
  },
};

const CODE_DOC = {
  direct: { pay: `${M}/4012382150`, reverse: `${M}/4012382161` },
  partner: { pay: `${P}/4012382179`, reverse: `${P}/4012382181` },
} as const;

const BALANCE_ONLY = 'People pay from their balance, so limit_pay is checked and has no effect.';
/** The wallet states a limit for JSAPI orders alone. */
const JSAPI_PER_SECOND = 500;
const CODEPAY_PER_SECOND = 33;

function creating(mode: Mode, kind: PreparedKind): Route {
  return {
    call: `POST ${ROOT[mode]}/${kind}`,
    group: GROUP[mode],
    doc: DOC[mode][kind],
    differs: BALANCE_ONLY,
    operation: `pay.${kind}`,
    ...(kind === 'jsapi' ? { per_second: JSAPI_PER_SECOND } : {}),
    run: (context, merchant, { body }) => createOrder(context, merchant, { mode, kind, body }),
  };
}

function asking(mode: Mode): Route[] {
  const shared = { group: GROUP[mode], operation: 'query' };
  return [
    {
      ...shared,
      call: `GET ${ROOT[mode]}/out-trade-no/{out_trade_no}`,
      doc: DOC[mode].query,
      run: (context, merchant, { parameters: { out_trade_no = '' }, query }) =>
        queryOrder(context, merchant, { mode, query, by: { out_trade_no } }),
    },
    {
      ...shared,
      call: `GET ${ROOT[mode]}/id/{transaction_id}`,
      doc: DOC[mode].query_id,
      run: (context, merchant, { parameters: { transaction_id = '' }, query }) =>
        queryOrder(context, merchant, { mode, query, by: { transaction_id } }),
    },
  ];
}

function ending(mode: Mode): Route {
  return {
    call: `POST ${ROOT[mode]}/out-trade-no/{out_trade_no}/close`,
    group: GROUP[mode],
    doc: DOC[mode].close,
    operation: 'close',
    run: (context, merchant, { parameters: { out_trade_no = '' }, body }) => {
      closeOrder(context, merchant, { mode, out_trade_no, body });
      return undefined;
    },
  };
}

function charging(mode: Mode): Route[] {
  return [
    {
      call: `POST ${ROOT[mode]}/codepay`,
      group: CODE_GROUP,
      doc: CODE_DOC[mode].pay,
      differs: 'No risk rules: a password is asked by amount, count of the day, or the fault dial.',
      operation: 'pay.codepay',
      per_second: CODEPAY_PER_SECOND,
      run: (context, merchant, { body }) => codepay(context, merchant, { mode, body }),
    },
    {
      call: `POST ${ROOT[mode]}/out-trade-no/{out_trade_no}/reverse`,
      group: CODE_GROUP,
      doc: CODE_DOC[mode].reverse,
      differs: 'The money is back at once, and no refund shows it.',
      operation: 'reverse',
      run: (context, merchant, { parameters: { out_trade_no = '' }, body }) =>
        reverse(context, merchant, { mode, out_trade_no, body }),
    },
  ];
}

function allOf(mode: Mode): Route[] {
  return [
    ...PREPARED_KINDS.map((kind) => creating(mode, kind)),
    ...asking(mode),
    ending(mode),
    ...charging(mode),
  ];
}

export const ORDER_ROUTES: readonly Route[] = [
  ...allOf('direct'),
  ...allOf('partner'),
  ...COMBINED_ROUTES,
];
