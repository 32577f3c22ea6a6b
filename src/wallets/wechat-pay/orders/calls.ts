import type { WalletCall } from '../../calls.ts';

/** Orders of every kind, payer codes, combined orders. */
const M = 'https://pay.weixin.qq.com/doc/v3/merchant';
const P = 'https://pay.weixin.qq.com/doc/v3/partner';
const V2 = 'https://pay.weixin.qq.com/doc/v2/merchant';
/** The wallet's limit for JSAPI orders of one merchant; it states none for the others. */
const JSAPI_PER_SECOND = 500;
const CODES_PER_SECOND = 33;
/** A payer waits at the counter: longer than a query, and never sent twice. */
const CHARGE_MS = 15_000;

interface Docs {
  readonly native: string;
  readonly h5: string;
  readonly jsapi: string;
  readonly app: string;
  readonly query: string;
  readonly close: string;
}

/** The same bytes again give the same order, with a fresh code: they may go to a second host. */
function ordering(root: string, group: string, docs: Docs): WalletCall[] {
  const shared = { group, repeatable: true };
  return [
    { ...shared, operation: `POST ${root}/native`, doc: docs.native },
    { ...shared, operation: `POST ${root}/h5`, doc: docs.h5 },
    {
      ...shared,
      operation: `POST ${root}/jsapi`,
      doc: docs.jsapi,
      per_second: JSAPI_PER_SECOND,
    },
    { ...shared, operation: `POST ${root}/app`, doc: docs.app },
  ];
}

function asking(path: string, group: string, docs: Docs): WalletCall[] {
  return [
    { group, repeatable: true, operation: `GET ${path}`, doc: docs.query },
    { group, repeatable: true, operation: `POST ${path}/close`, doc: docs.close },
  ];
}

function charging(root: string, docs: { pay: string; reverse: string }): WalletCall[] {
  const group = 'Payer codes';
  return [
    {
      group,
      operation: `POST ${root}/codepay`,
      doc: docs.pay,
      per_second: CODES_PER_SECOND,
      timeout_ms: CHARGE_MS,
      repeatable: false,
    },
    {
      group,
      operation: `POST ${root}/out-trade-no/{out_trade_no}/reverse`,
      doc: docs.reverse,
      repeatable: true,
    },
  ];
}

const DIRECT: Docs = {
  native: `${M}/4012791877`,
  h5: `${M}/4012791834`,
  jsapi: `${M}/4012791856`,
  app: `${M}/4013070347`,
  query: `${M}/4012791859`,
  close: `${M}/4012791860`,
};
const PARTNER: Docs = {
  native: `${P}/4012738659`,
  h5: `${P}/4012738604`,
  jsapi: `${P}/4012738519`,
  app: `${P}/4013080231`,
  query: `${P}/4012739008`,
  close: `${P}/4012739019`,
};
const COMBINED: Docs = {
  native: `${P}/4012758240`,
  h5: `${P}/4012758208`,
  jsapi: `${P}/4012757938`,
  app: `${P}/4012758021`,
  query: `${P}/4013462164`,
  close: `${P}/4013462171`,
};

export const ORDER_CALLS: readonly WalletCall[] = [
  ...ordering('/v3/pay/transactions', 'Orders', DIRECT),
  ...asking('/v3/pay/transactions/out-trade-no/{out_trade_no}', 'Orders', DIRECT),
  ...ordering('/v3/pay/partner/transactions', 'Orders for sellers', PARTNER),
  ...asking(
    '/v3/pay/partner/transactions/out-trade-no/{out_trade_no}',
    'Orders for sellers',
    PARTNER,
  ),
  ...ordering('/v3/combine-transactions', 'Combined orders', COMBINED),
  ...asking(
    '/v3/combine-transactions/out-trade-no/{combine_out_trade_no}',
    'Combined orders',
    COMBINED,
  ),
  ...charging('/v3/pay/transactions', {
    pay: `${M}/4012382150`,
    reverse: `${M}/4012382161`,
  }),
  ...charging('/v3/pay/partner/transactions', {
    pay: `${P}/4012382179`,
    reverse: `${P}/4012382181`,
  }),
  {
    group: 'Payer codes',
    operation: 'POST /pay/micropay',
    doc: `${V2}/4011937125`,
    per_second: CODES_PER_SECOND,
    timeout_ms: CHARGE_MS,
    repeatable: false,
  },
  {
    group: 'Payer codes',
    operation: 'POST /secapi/pay/reverse',
    doc: `${V2}/4011937361`,
    repeatable: false,
  },
];
