import {
  fenNumber,
  isWireObject,
  parseWireObject,
  textField,
} from '../../../protocols/wechat-pay/messages.ts';
import { PhoneRefusal } from '../../sandbox.ts';
import { orderOfBridgeCall } from '../orders/client-calls.ts';
import { bridgeScript } from './bridge-script.ts';
import {
  isLoopbackName,
  json,
  type PageAnswer,
  type PageRequest,
  type Pages,
  plain,
} from './page.ts';

/**
 * What WeChat's own browser has built in and others lack: a script that defines
 * `WeixinJSBridge`, and the two calls the script makes. The merchant's page is another origin, so
 * they answer to pages on loopback only.
 */
export async function answerBridge(pages: Pages, page: PageRequest): Promise<PageAnswer> {
  const { pathname } = page.url;
  if (page.method === 'GET' && pathname === '/bridge.js') {
    const headers = {
      'Content-Type': 'text/javascript; charset=utf-8',
      'Cache-Control': 'no-store',
      'Cross-Origin-Resource-Policy': 'cross-origin',
      'X-Content-Type-Options': 'nosniff',
    };
    return { status: 200, headers, body: bridgeScript(pages.context.url()) };
  }
  const allowed = allowedOrigin(pages, page);
  if (!allowed) return plain(403, 'the bridge answers to pages on loopback only');
  const answer = await performCall(pages, page);
  return { ...answer, headers: { ...answer.headers, ...allowed } };
}

/** Headers that let the merchant's page read the answer; undefined for a foreign page. */
function allowedOrigin(pages: Pages, page: PageRequest): Record<string, string> | undefined {
  if (page.origin === undefined) return {};
  if (!URL.canParse(page.origin)) return undefined;
  const { hostname } = new URL(page.origin);
  if (!isLoopbackName(hostname) && hostname !== pages.context.listen_host) return undefined;
  return {
    'Access-Control-Allow-Origin': page.origin,
    'Access-Control-Allow-Methods': 'POST',
    'Access-Control-Allow-Headers': 'content-type',
    'Access-Control-Allow-Private-Network': 'true',
    Vary: 'Origin',
  };
}

async function performCall(pages: Pages, page: PageRequest): Promise<PageAnswer> {
  if (page.method === 'OPTIONS') return plain(204, '');
  if (page.method !== 'POST') return plain(405, 'POST only');
  const body = parseWireObject(page.body);
  if (!body) return json(400, { error: 'not_json' });
  try {
    if (page.url.pathname === '/bridge/open') return open(pages, body);
    if (page.url.pathname === '/bridge/confirm') {
      const outcome = body.outcome === 'pay' ? 'pay' : 'cancel';
      return json(200, await pages.payer.confirm(textField(body, 'scan') ?? '', outcome));
    }
    return plain(404, 'no such call');
  } catch (error) {
    if (!(error instanceof PhoneRefusal)) throw error;
    return json(200, { error: error.code });
  }
}

/** Checks `paySign` with the merchant's key, as the wallet does, then shows what is to be paid. */
function open(pages: Pages, body: unknown): PageAnswer {
  const order = isWireObject(body) ? orderOfBridgeCall(pages.context, body) : undefined;
  if (!order?.payer_openid) return json(200, { error: 'bad_pay_sign' });
  const owner = pages.context.personOf(order.payer_openid);
  const { id, payee, amount, description } = pages.payer.open(owner?.person ?? '', order);
  return json(200, { scan: id, payee, amount: fenNumber(amount), description });
}
