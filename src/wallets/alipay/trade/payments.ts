import { performance } from 'node:perf_hooks';
import { encodeForm } from '../../../protocols/alipay/parameters.ts';
import type {
  CloseOutcome,
  CreateOrder,
  CreateOutcome,
  PresentationData,
  QueryOutcome,
} from '../../wallet.ts';
import type { AlipayAccount } from '../account.ts';
import { paymentFact } from '../facts.ts';
import {
  type Gateway,
  type GatewayCall,
  refusedBy,
  requestTrace,
  undecided,
  type Value,
} from '../gateway.ts';
import { orderContent } from './order-content.ts';

async function precreate(gateway: Gateway, account: AlipayAccount, order: CreateOrder) {
  return present(gateway, account, {
    call: {
      method: 'alipay.trade.precreate',
      notify_url: order.notify_url,
      biz_content: orderContent(order, 'FACE_TO_FACE_PAYMENT'),
    },
    order,
    read: (value) =>
      typeof value['qr_code'] === 'string' ? { kind: 'qr', qr: value['qr_code'] } : undefined,
  });
}

/**
 * In the wallet's own browser or in a mini program the trade exists at once and is bound to its
 * buyer; the page hands its number to `tradePay`.
 */
async function createInApp(
  gateway: Gateway,
  account: AlipayAccount,
  order: CreateOrder,
  kind: 'in_app' | 'mini_program',
): Promise<CreateOutcome> {
  const { payer } = order;
  const base = { method: 'alipay.trade.create', notify_url: order.notify_url } as const;
  if (payer === undefined || payer === '') {
    const trace = { operation: base.method, duration_ms: 0, request: requestTrace(base) };
    const message = 'in-app payment needs the payer: run the login round trip first';
    return { kind: 'refused', code: 'invalid_request', message, trace };
  }
  const buyer = /^2088\d{12}$/.test(payer) ? { buyer_id: payer } : { buyer_open_id: payer };
  const biz_content = {
    ...orderContent(order, 'JSAPI_PAY'),
    ...buyer,
    op_app_id: account.app_id,
  };
  return present(gateway, account, {
    call: { ...base, biz_content },
    order,
    read: (value) =>
      typeof value['trade_no'] === 'string'
        ? { kind, params: { tradeNO: value['trade_no'] } }
        : undefined,
  });
}

interface Presenting {
  readonly call: GatewayCall;
  readonly order: CreateOrder;
  readonly read: (value: Value) => PresentationData | undefined;
}

async function present(
  gateway: Gateway,
  account: AlipayAccount,
  { call, order, read }: Presenting,
): Promise<CreateOutcome> {
  const answer = await gateway.call(account, call);
  if (answer.kind === 'unknown') return answer;
  const { trace } = answer;
  if (answer.kind === 'unreachable') {
    return { kind: 'refused', code: 'wallet_error', message: answer.message, trace };
  }
  if (answer.code !== '10000') return refusedBy(answer);
  const presentation = read(answer.value);
  if (!presentation || answer.value['out_trade_no'] !== order.wallet_reference) {
    return { kind: 'unknown', cause: 'the answer is about another order', trace };
  }
  return { kind: 'presented', presentation, trace };
}

/** No call is made: the browser carries the signed request to the wallet itself. */
async function pageLink(
  gateway: Gateway,
  account: AlipayAccount,
  order: CreateOrder,
  kind: 'page' | 'h5',
): Promise<CreateOutcome> {
  const started = performance.now();
  const page = kind === 'page';
  const biz_content = page
    ? orderContent(order, 'FAST_INSTANT_TRADE_PAY')
    : { ...orderContent(order, 'QUICK_WAP_WAY'), quit_url: order.return_url };
  const call: GatewayCall = {
    method: page ? 'alipay.trade.page.pay' : 'alipay.trade.wap.pay',
    notify_url: order.notify_url,
    return_url: order.return_url,
    biz_content,
  };
  const parameters = await gateway.parameters(account, call);
  const joint = account.gateway.includes('?') ? '&' : '?';
  const url = `${account.gateway}${joint}${encodeForm(parameters)}`;
  const trace = {
    operation: call.method,
    duration_ms: Math.round(performance.now() - started),
    request: requestTrace(call),
  };
  return { kind: 'presented', presentation: { kind, url }, trace };
}

/** The order string that the merchant's app hands to the wallet's SDK; no call is made here. */
async function appOrder(
  gateway: Gateway,
  account: AlipayAccount,
  order: CreateOrder,
): Promise<CreateOutcome> {
  const started = performance.now();
  const call: GatewayCall = {
    method: 'alipay.trade.app.pay',
    notify_url: order.notify_url,
    biz_content: orderContent(order, 'QUICK_MSECURITY_PAY'),
  };
  const order_string = encodeForm(await gateway.parameters(account, call));
  const trace = {
    operation: call.method,
    duration_ms: Math.round(performance.now() - started),
    request: requestTrace(call),
  };
  return { kind: 'presented', presentation: { kind: 'app', params: { order_string } }, trace };
}

export function createPayment(
  gateway: Gateway,
  account: AlipayAccount,
  order: CreateOrder,
): Promise<CreateOutcome> {
  switch (order.presentation) {
    case 'qr':
      return precreate(gateway, account, order);
    case 'page':
    case 'h5':
      return pageLink(gateway, account, order, order.presentation);
    case 'in_app':
    case 'mini_program':
      return createInApp(gateway, account, order, order.presentation);
    case 'app':
      return appOrder(gateway, account, order);
    default:
      return order.presentation satisfies never;
  }
}

/** https://opendocs.alipay.com/open/82ea786a_alipay.trade.query */
export async function queryPayment(
  gateway: Gateway,
  account: AlipayAccount,
  wallet_reference: string,
): Promise<QueryOutcome> {
  const answer = await gateway.call(account, {
    method: 'alipay.trade.query',
    biz_content: {
      out_trade_no: wallet_reference,
      query_options: ['fund_bill_list', 'voucher_detail_list'],
    },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace } = answer;
  if (answer.sub_code === 'ACQ.TRADE_NOT_EXIST') return { kind: 'not_found', trace };
  if (answer.code !== '10000') return refusedBy(answer);
  const fact = paymentFact(answer.value, account.seller_id);
  if (fact?.wallet_reference !== wallet_reference) {
    return { kind: 'unknown', cause: 'the answer is malformed or about another order', trace };
  }
  return { kind: 'fact', fact, trace };
}

/** Refusals of a close that leave open whether the trade is paid or closed already. */
const NOT_WAITING: readonly string[] = [
  'ACQ.TRADE_STATUS_ERROR',
  'ACQ.REASON_TRADE_STATUS_INVALID',
  'ACQ.TRADE_HAS_SUCCESS',
  'ACQ.TRADE_HAS_FINISHED',
  'ACQ.TRADE_HAS_CLOSE',
];

/** https://opendocs.alipay.com/open/ce0b4954_alipay.trade.close */
export async function closePayment(
  gateway: Gateway,
  account: AlipayAccount,
  wallet_reference: string,
): Promise<CloseOutcome> {
  const answer = await gateway.call(account, {
    method: 'alipay.trade.close',
    biz_content: { out_trade_no: wallet_reference },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace } = answer;
  if (answer.code === '10000') {
    const about = answer.value['out_trade_no'] ?? wallet_reference;
    if (about === wallet_reference) return { kind: 'closed', trace };
    return { kind: 'unknown', cause: 'the answer is about another order', trace };
  }
  if (answer.sub_code === 'ACQ.TRADE_NOT_EXIST') return { kind: 'not_found', trace };
  if (!NOT_WAITING.includes(answer.sub_code)) return refusedBy(answer);
  const now = await queryPayment(gateway, account, wallet_reference);
  if (now.kind !== 'fact') return now;
  switch (now.fact.state) {
    case 'closed':
      return { kind: 'closed', trace: now.trace };
    case 'paid':
    case 'refunded':
      return { kind: 'already_paid', trace: now.trace };
    case 'waiting':
      return { kind: 'unknown', cause: 'the wallet refused to close a waiting trade', trace };
    default:
      return now.fact.state satisfies never;
  }
}
