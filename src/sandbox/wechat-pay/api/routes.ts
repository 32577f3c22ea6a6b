import type { WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../keys.ts';
import { checkMchid, closeOrder, createOrder, queryOrder } from '../orders.ts';
import { createRefund, queryRefund } from '../refunds.ts';

/** One call of the API after authentication; an absent answer is a 204. */
export interface Route {
  /** Name for the fault dial. */
  readonly operation: string;
  readonly run: (
    context: SandboxContext,
    merchant: Merchant,
    call: RouteCall,
  ) => object | undefined;
}

export interface RouteCall {
  /** The decoded last variable part of the path; empty when the path has none. */
  readonly parameter: string;
  readonly query: URLSearchParams;
  /** Empty for GET. */
  readonly body: WireObject;
}

const ORDERS = '/v3/pay/transactions';
const REFUNDS = '/v3/refund/domestic/refunds';

const FIXED: Readonly<Record<string, Route>> = {
  [`POST ${ORDERS}/native`]: {
    operation: 'pay.native',
    run: (context, merchant, { body }) => createOrder(context, merchant, { kind: 'native', body }),
  },
  [`POST ${ORDERS}/h5`]: {
    operation: 'pay.h5',
    run: (context, merchant, { body }) => createOrder(context, merchant, { kind: 'h5', body }),
  },
  [`POST ${ORDERS}/jsapi`]: {
    operation: 'pay.jsapi',
    run: (context, merchant, { body }) => createOrder(context, merchant, { kind: 'jsapi', body }),
  },
  [`POST ${REFUNDS}`]: {
    operation: 'refund',
    run: (context, merchant, { body }) => createRefund(context, merchant, body),
  },
};

interface Pattern extends Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
}

const PATTERNS: readonly Pattern[] = [
  {
    method: 'GET',
    path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]{1,128})$/,
    operation: 'query',
    run: (context, merchant, { parameter, query }) => {
      checkQueryMchid(merchant, query);
      return queryOrder(context, merchant, { out_trade_no: parameter });
    },
  },
  {
    method: 'GET',
    path: /^\/v3\/pay\/transactions\/id\/([^/]{1,128})$/,
    operation: 'query',
    run: (context, merchant, { parameter, query }) => {
      checkQueryMchid(merchant, query);
      return queryOrder(context, merchant, { transaction_id: parameter });
    },
  },
  {
    method: 'POST',
    path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]{1,128})\/close$/,
    operation: 'close',
    run: (context, merchant, { parameter, body }) => {
      closeOrder(context, merchant, { out_trade_no: parameter, body });
      return undefined;
    },
  },
  {
    method: 'GET',
    path: /^\/v3\/refund\/domestic\/refunds\/([^/]{1,256})$/,
    operation: 'refund.query',
    run: (context, merchant, { parameter }) => queryRefund(context, merchant, parameter),
  },
];

function checkQueryMchid(merchant: Merchant, query: URLSearchParams): void {
  const place = { field: '/mchid', location: 'query' } as const;
  checkMchid(merchant, query.get('mchid') ?? undefined, place);
}

/** Undefined when the API has no such call. */
export function findRoute(
  method: string,
  path: string,
): { route: Route; parameter: string } | undefined {
  const fixed = FIXED[`${method} ${path}`];
  if (fixed) return { route: fixed, parameter: '' };
  for (const pattern of PATTERNS) {
    if (pattern.method !== method) continue;
    const raw = pattern.path.exec(path)?.[1];
    const parameter = raw === undefined ? undefined : decoded(raw);
    if (parameter !== undefined) return { route: pattern, parameter };
  }
  return undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
