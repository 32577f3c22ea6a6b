import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  fenField,
  objectField,
  type TransactionMessage,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { checkFields } from '../api/fields.ts';
import {
  invalidRequest,
  orderNotFound,
  otherParameters,
  WechatPayRefusal,
} from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { closeFields, type Mode, orderFields } from './fields.ts';
import { digest } from './fingerprint.ts';
import { endOfLife, expire, freshIds, handedOut } from './lives.ts';
import { checkMchid, checkMode, checkSubMchid, partyOf, payerOpenid } from './party.ts';
import type { OrderRecord, Payable, PreparedKind } from './records.ts';
import { transactionMessage } from './transaction-message.ts';

/**
 * Orders, direct and for sellers. The same number with the same parameters gives a fresh code and
 * voids the old one; with other parameters it is refused; paid and closed numbers stay taken for
 * ever. A number is unique for the receiving main merchant with all its sellers.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791877
 */
const MAX_ORDERS = 1_000_000;

/** POST /v3/pay/[partner/]transactions/{native,h5,jsapi,app} */
export function createOrder(
  context: SandboxContext,
  merchant: Merchant,
  request: { mode: Mode; kind: PreparedKind; body: WireObject },
): object {
  const { mode, kind, body } = request;
  checkFields(orderFields(mode, kind), body);
  const party = partyOf(context, merchant, request);
  const now = context.clock.now();
  const fingerprint = fingerprintOf(kind, body);
  const existing = context.books.order(merchant.mchid, textField(body, 'out_trade_no') ?? '');
  if (existing) {
    reenter(context, { payable: existing, fingerprint, now });
    return handedOut(context, { ...existing, kind });
  }
  checkRoom(context);
  const payer = objectField(body, 'payer');
  const openid = textField(payer, mode === 'direct' ? 'openid' : 'sp_openid');
  const sub_openid = textField(payer, 'sub_openid');
  const field = mode === 'direct' ? '/payer/openid' : '/payer';
  const ids = freshIds(context, now);
  const order = context.books.addOrder({
    ...blankOrder(),
    ...orderTexts(body),
    kind,
    mchid: merchant.mchid,
    appid: party.appid,
    sub_mchid: party.sub_mchid,
    sub_appid: party.sub_appid,
    notify_url: textField(body, 'notify_url') ?? '',
    fingerprint,
    created_at: now.getTime(),
    expires_at: endOfLife(merchant, body, now),
    payer_openid:
      kind === 'jsapi' ? payerOpenid(context, party, { openid, sub_openid, field }) : null,
    prepay_id: ids.prepay_id,
    token: ids.token,
    prepared_at: ids.now,
  });
  return handedOut(context, { ...order, kind });
}

/** What the body of any single order says about itself. */
export function orderTexts(body: WireObject) {
  const settle = objectField(body, 'settle_info');
  return {
    out_trade_no: textField(body, 'out_trade_no') ?? '',
    description: textField(body, 'description') ?? '',
    attach: textField(body, 'attach') ?? null,
    device_id: textField(objectField(body, 'scene_info'), 'device_id') ?? null,
    total: fenField(objectField(body, 'amount'), 'total') ?? 0n,
    profit_sharing: settle.profit_sharing === true,
    subsidy_amount: fenField(settle, 'subsidy_amount') ?? 0n,
  };
}

/** An order of which nothing is known but that nobody has paid it. */
export function blankOrder() {
  return {
    combine_out_trade_no: null,
    prepay_id: '',
    token: '',
    voided_token: null,
    voided_prepay_id: null,
    state: 'NOTPAY',
    person: null,
    openid: null,
    sub_openid: null,
    password_asked: false,
    coupon: null,
    transaction_id: null,
    paid_at: null,
    fee: 0n,
    fee_returned: 0n,
    refunded: 0n,
    refund_count: 0,
    revoked_at: null,
  } as const;
}

export function checkRoom(context: SandboxContext): void {
  if (context.books.orderCount < MAX_ORDERS) return;
  const message = '沙箱订单数已达上限，请清空沙箱数据';
  throw new WechatPayRefusal(429, 'FREQUENCY_LIMITED', INTERNAL_CODE.rate_limited, message);
}

/** The same number again: renews what it hands out, or says why not. */
export function reenter(
  context: SandboxContext,
  request: { payable: Payable; fingerprint: string; now: Date },
): void {
  const { payable, fingerprint, now } = request;
  expire(context, payable);
  if (payable.paid_at !== null) {
    throw new WechatPayRefusal(400, 'ORDERPAID', INTERNAL_CODE.reentry_paid, '该订单已支付');
  }
  if (payable.state === 'CLOSED') {
    throw new WechatPayRefusal(400, 'ORDER_CLOSED', INTERNAL_CODE.order_expired, '订单已关闭');
  }
  if (payable.fingerprint !== fingerprint) {
    throw otherParameters('商户订单号重复：请求参数与首次下单的参数不一致');
  }
  context.books.renew(payable, freshIds(context, now));
}

export interface OrderName {
  readonly mode: Mode;
  readonly query: URLSearchParams;
  readonly by: { readonly out_trade_no: string } | { readonly transaction_id: string };
}

/** GET /v3/pay/[partner/]transactions/out-trade-no/{out_trade_no} and …/id/{transaction_id} */
export function queryOrder(
  context: SandboxContext,
  merchant: Merchant,
  name: OrderName,
): TransactionMessage {
  const { mode, query, by } = name;
  checkMode(merchant, mode);
  const field = mode === 'direct' ? 'mchid' : 'sp_mchid';
  checkMchid(merchant, query.get(field) ?? undefined, { field: `/${field}`, location: 'query' });
  const order =
    'out_trade_no' in by
      ? context.books.order(merchant.mchid, by.out_trade_no)
      : context.books.orderOfTransaction(by.transaction_id);
  const sub_mchid = query.get('sub_mchid') ?? undefined;
  if (mode === 'partner') checkSubMchid(context, merchant, sub_mchid);
  const own = ownOrder(merchant, order, sub_mchid ?? null);
  expire(context, own);
  return transactionMessage(own);
}

/** Throws unless it is an order of its own, of this merchant and this seller. */
function ownOrder(
  merchant: Merchant,
  order: OrderRecord | undefined,
  sub_mchid: string | null,
): OrderRecord {
  if (!order || order.mchid !== merchant.mchid || order.combine_out_trade_no) {
    throw orderNotFound();
  }
  if (order.sub_mchid !== sub_mchid) {
    const internal = INTERNAL_CODE.sub_merchant_mismatch;
    throw invalidRequest('子商户号与下单时的子商户号不一致', internal);
  }
  return order;
}

/** The order that a close or a reversal names, with the seller that the body says. */
export function namedOrder(
  context: SandboxContext,
  merchant: Merchant,
  request: { mode: Mode; out_trade_no: string; body: WireObject },
): OrderRecord {
  const { mode, out_trade_no, body } = request;
  checkMode(merchant, mode);
  const field = mode === 'direct' ? 'mchid' : 'sp_mchid';
  checkMchid(merchant, textField(body, field), { field: `/${field}`, location: 'body' });
  const sub_mchid = textField(body, 'sub_mchid');
  if (mode === 'partner') checkSubMchid(context, merchant, sub_mchid);
  const order = context.books.order(merchant.mchid, out_trade_no);
  const own = ownOrder(merchant, order, sub_mchid ?? null);
  expire(context, own);
  return own;
}

/** POST /v3/pay/[partner/]transactions/out-trade-no/{out_trade_no}/close */
export function closeOrder(
  context: SandboxContext,
  merchant: Merchant,
  request: { mode: Mode; out_trade_no: string; body: WireObject },
): void {
  checkFields(closeFields(request.mode), request.body);
  const order = namedOrder(context, merchant, request);
  if (order.kind === 'codepay') {
    throw invalidRequest('付款码支付的订单不支持关单，请调用撤销接口', INTERNAL_CODE.must_reverse);
  }
  if (order.paid_at !== null) {
    throw new WechatPayRefusal(400, 'ORDERPAID', INTERNAL_CODE.already_paid, '该订单已支付');
  }
  if (order.state === 'CLOSED') return;
  order.state = 'CLOSED';
  context.books.putOrder(order);
}

/** The end of an order's life is set by the first request alone and no part of the comparison. */
export function fingerprintOf(kind: string, body: WireObject): string {
  const { time_expire: _end, time_start: _start, ...rest } = body;
  return digest({ kind, ...rest });
}
