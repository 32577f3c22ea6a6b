import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { shanghaiTime } from '../../clock.ts';
import { CERTIFICATES, ORDERS, REFUNDS } from '../../protocols/douyin-pay/messages.ts';
import { encryptResource } from '../../protocols/wechat-pay/resource.ts';
import type { CoveredCall } from '../coverage.ts';
import { closeOrder, createOrder, foreignMerchant, queryOrder } from './orders.ts';
import { createRefund, queryRefund } from './refunds.ts';
import type { DouyinPay } from './wallet.ts';

/** Every call of the API. An answer without content is a 204. */
export interface Route extends CoveredCall {
  /** Name for the fault dial. */
  readonly operation: string;
  readonly run: (douyin: DouyinPay, call: RouteCall) => object | undefined;
}

export interface RouteCall {
  /** The decoded variable part of the path; empty when the path has none. */
  readonly parameter: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

const DOC = 'https://pay.douyinpay.com/wiki';
const CODE_DIFFERS =
  'The code is a page of the sandbox; the wallet’s own app is the sandbox phone.';

function order(kind: 'native' | 'h5' | 'app', differs?: string): Route {
  return {
    call: `POST ${ORDERS}/${kind}`,
    group: 'Orders',
    doc: DOC,
    operation: `pay.${kind}`,
    ...(differs === undefined ? {} : { differs }),
    run: (douyin, { body }) => createOrder(douyin, kind, body),
  };
}

/** The merchant named in the query must be the one that signed. */
function checkMerchant({ keys }: DouyinPay, query: URLSearchParams): void {
  const { data } = z.string().safeParse(query.get('mchid'));
  if (data !== keys.mchid) throw foreignMerchant();
}

export const ROUTES: readonly Route[] = [
  order('native', CODE_DIFFERS),
  order('h5', 'The page asks who pays; the real one opens the app.'),
  order('app'),
  {
    call: `GET ${ORDERS}/out-trade-no/{out_trade_no}`,
    group: 'Orders',
    doc: DOC,
    operation: 'query',
    run: (douyin, { parameter, query }) => {
      checkMerchant(douyin, query);
      return queryOrder(douyin, douyin.books.orders.get(parameter));
    },
  },
  {
    call: `GET ${ORDERS}/id/{transaction_id}`,
    group: 'Orders',
    doc: DOC,
    operation: 'query',
    run: (douyin, { parameter, query }) => {
      checkMerchant(douyin, query);
      return queryOrder(douyin, douyin.books.byTransaction(parameter));
    },
  },
  {
    call: `POST ${ORDERS}/out-trade-no/{out_trade_no}/close`,
    group: 'Orders',
    doc: DOC,
    operation: 'close',
    run: (douyin, { parameter, body }) => closeOrder(douyin, parameter, body),
  },
  {
    call: `POST ${REFUNDS}`,
    group: 'Refunds',
    doc: DOC,
    operation: 'refund',
    differs: 'Refunds that name goods or accounts of origin are not taken.',
    run: (douyin, { body }) => createRefund(douyin, body),
  },
  {
    call: `GET ${REFUNDS}/{out_refund_no}`,
    group: 'Refunds',
    doc: DOC,
    operation: 'refund.query',
    run: (douyin, { parameter }) => queryRefund(douyin, parameter),
  },
  {
    call: `GET ${CERTIFICATES}`,
    group: 'Certificates',
    doc: DOC,
    operation: 'certificates',
    run: (douyin) => certificates(douyin),
  },
];

/**
 * All of the wallet's certificates, each encrypted under the merchant's key, without extra data.
 */
function certificates({ keys }: DouyinPay): object {
  return {
    certificates: keys.platform.map(({ serial, certificate }) => {
      const { validFrom, validTo } = new X509Certificate(certificate);
      const { algorithm, ciphertext, nonce } = encryptResource({
        key: keys.encrypt_key,
        plaintext: certificate,
        associated_data: '',
      });
      return {
        cert_no: serial,
        cert_type: 'RSA',
        effective_time: shanghaiTime(new Date(validFrom)),
        expire_time: shanghaiTime(new Date(validTo)),
        encrypt_certificate: { algorithm, nonce, ciphertext },
      };
    }),
  };
}

const PATTERNS = ROUTES.map((route) => {
  const [method = '', path = ''] = route.call.split(' ');
  const pattern = path.replace(/\{\w+\}/, '([^/]{1,256})');
  return { route, method, path: new RegExp(`^${pattern}$`) };
});

/** Undefined when the API has no such call. */
export function findRoute(
  method: string,
  path: string,
): { route: Route; parameter: string } | undefined {
  for (const pattern of PATTERNS) {
    const found = pattern.method === method ? pattern.path.exec(path) : null;
    const parameter = found ? decoded(found[1] ?? '') : undefined;
    if (parameter !== undefined) return { route: pattern.route, parameter };
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
