import { performance } from 'node:perf_hooks';
import { shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import { encodeForm } from '../../../protocols/alipay/parameters.ts';
import type {
  CombinedOrder,
  CombinedOrders,
  CombinedPart,
  CombinedQueryOutcome,
} from '../../products/combined.ts';
import type { CloseOutcome, CreateOutcome, PaymentFact, Refused } from '../../wallet.ts';
import { type AlipayAccount, openAccount } from '../account.ts';
import { type Gateway, type GatewayCall, refusedBy, requestTrace, type Value } from '../gateway.ts';
import { refusalCode } from '../trust/refusals.ts';
import { custodyContent, subjectOf } from './order-content.ts';
import { closePayment, queryPayment } from './payments.ts';

/**
 * Several orders in one payment: announced to the wallet first, then opened by the payer's browser
 * or app. Afterwards each part is a trade of its own. https://opendocs.alipay.com/open/028xr9
 */
const MAX_PARTS = 10;
const PRODUCTS = { h5: 'QUICK_WAP_WAY', app: 'QUICK_MSECURITY_PAY' } as const;
type Kind = keyof typeof PRODUCTS;

function partContent(account: AlipayAccount, part: CombinedPart, kind: Kind) {
  return {
    app_id: account.app_id,
    seller_id: account.seller_id,
    out_trade_no: part.wallet_reference,
    total_amount: toYuan(part.amount),
    subject: subjectOf(part.description),
    product_code: PRODUCTS[kind],
    ...custodyContent(part),
  };
}

function kindOf({ presentation }: CombinedOrder): Kind | undefined {
  return presentation === 'h5' || presentation === 'app' ? presentation : undefined;
}

/** The first part that the wallet found wrong; it names only the code. */
function wrongPart(value: Value, trace: Refused['trace']): Refused | undefined {
  const list = value['order_detail_results'];
  for (const part of Array.isArray(list) ? list : []) {
    if (typeof part !== 'object' || part === null || part.success !== false) continue;
    const sub_code = String(part.result_code ?? '');
    const code = refusalCode({ code: '40004', sub_code });
    const message = `${sub_code} (${String(part.out_trade_no)})`;
    return { kind: 'refused', code, message, trace };
  }
  return undefined;
}

async function create(
  gateway: Gateway,
  account: AlipayAccount,
  order: CombinedOrder,
): Promise<CreateOutcome> {
  const call: GatewayCall = {
    method: 'alipay.trade.merge.precreate',
    notify_url: order.notify_url,
    return_url: order.return_url,
  };
  const kind = kindOf(order);
  if (kind === undefined) {
    const message = 'merged orders are opened by a phone browser or an app only';
    const trace = { operation: call.method, duration_ms: 0, request: requestTrace(call) };
    return { kind: 'refused', code: 'invalid_request', message, trace };
  }
  const answer = await gateway.call(account, {
    ...call,
    biz_content: {
      out_merge_no: order.wallet_reference,
      time_expire: shanghaiStamp(order.expires_at),
      order_details: order.parts.map((part) => partContent(account, part, kind)),
    },
  });
  if (answer.kind === 'unknown') return answer;
  const { trace } = answer;
  if (answer.kind === 'unreachable') {
    return { kind: 'refused', code: answer.code, message: answer.message, trace };
  }
  if (answer.code !== '10000') return refusedBy(answer);
  const wrong = wrongPart(answer.value, trace);
  if (wrong) return wrong;
  const { pre_order_no, out_merge_no } = answer.value;
  if (typeof pre_order_no !== 'string' || out_merge_no !== order.wallet_reference) {
    return { kind: 'unknown', cause: 'the answer is about another order', trace };
  }
  return open(gateway, account, { order, kind, pre_order_no });
}

/** No call is made: the payer's side carries the signed request to the wallet itself. */
async function open(
  gateway: Gateway,
  account: AlipayAccount,
  { order, kind, pre_order_no }: { order: CombinedOrder; kind: Kind; pre_order_no: string },
): Promise<CreateOutcome> {
  const started = performance.now();
  const h5 = kind === 'h5';
  const call: GatewayCall = {
    method: h5 ? 'alipay.trade.wap.merge.pay' : 'alipay.trade.app.merge.pay',
    notify_url: order.notify_url,
    ...(h5 && { return_url: order.return_url }),
    biz_content: { pre_order_no, ...(h5 && { quit_url: order.return_url }) },
  };
  const text = encodeForm(await gateway.parameters(account, call));
  const trace = {
    operation: call.method,
    duration_ms: Math.round(performance.now() - started),
    request: requestTrace(call),
  };
  if (!h5) {
    const params = { order_string: text };
    return { kind: 'presented', presentation: { kind: 'app', params }, trace };
  }
  const joint = account.gateway.includes('?') ? '&' : '?';
  const url = `${account.gateway}${joint}${text}`;
  return { kind: 'presented', presentation: { kind: 'h5', url }, trace };
}

/** Part by part: the wallet knows no merged order once it is paid. */
async function query(
  gateway: Gateway,
  account: AlipayAccount,
  order: CombinedOrder,
): Promise<CombinedQueryOutcome> {
  const parts: PaymentFact[] = [];
  for (const { wallet_reference } of order.parts) {
    const outcome = await queryPayment(gateway, account, wallet_reference);
    if (outcome.kind !== 'fact') return outcome;
    parts.push(outcome.fact);
    if (parts.length === order.parts.length) {
      return { kind: 'facts', parts, trace: outcome.trace };
    }
  }
  throw new Error('a combined order has parts');
}

/** Each part is closed; one that was paid says that the payer was faster. */
async function close(
  gateway: Gateway,
  account: AlipayAccount,
  order: CombinedOrder,
): Promise<CloseOutcome> {
  let last: CloseOutcome | undefined;
  for (const { wallet_reference } of order.parts) {
    last = await closePayment(gateway, account, wallet_reference);
    if (last.kind !== 'closed') return last;
  }
  if (!last) throw new Error('a combined order has parts');
  return last;
}

export function combined(gateway: Gateway): CombinedOrders {
  return {
    max_parts: MAX_PARTS,
    presentations: ['h5', 'app'],
    create: (account, order) => create(gateway, openAccount(account), order),
    query: (account, order) => query(gateway, openAccount(account), order),
    close: (account, order) => close(gateway, openAccount(account), order),
  };
}
