import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  fenField,
  objectField,
  type TransactionMessage,
  textField,
  timeField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { checkFields } from '../api/fields.ts';
import {
  orderNotFound,
  otherParameters,
  parameterError,
  WechatPayRefusal,
} from '../api/refusal.ts';
import { CLOSE_FIELDS, ORDER_FIELDS, type OrderKind } from '../api/schemas.ts';
import type { OrderRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { newNativeToken, newPrepayId } from '../numbers.ts';
import { digest } from './fingerprint.ts';
import { transactionMessage } from './transaction-message.ts';

/**
 * Orders in direct mode. The same number with the same parameters gives a fresh code and voids the
 * old one; with other parameters it is refused; paid and closed numbers stay taken for ever.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791877
 */
export const CODE_LIFE_MS = 2 * 3_600_000;
export const H5_LIFE_MS = 5 * 60_000;
const ORDER_LIFE_MS = 7 * 86_400_000;
const MIN_LIFE_MS = 60_000;
const MAX_LIFE_MS = 90 * 86_400_000;
const MAX_ORDERS = 1_000_000;

/** POST /v3/pay/transactions/{native,h5,jsapi} */
export function createOrder(
  context: SandboxContext,
  merchant: Merchant,
  request: { kind: OrderKind; body: WireObject },
): object {
  const { kind, body } = request;
  checkFields(ORDER_FIELDS[kind], body);
  checkOwner(merchant, body);
  const now = context.clock.now();
  const fingerprint = fingerprintOf(kind, body);
  const existing = context.books.order(merchant.mchid, textField(body, 'out_trade_no') ?? '');
  if (existing) {
    reenter(context, { order: existing, fingerprint, now });
    return prepared(context, existing);
  }
  return prepared(context, openOrder(context, merchant, { kind, body, fingerprint, now }));
}

function openOrder(
  context: SandboxContext,
  merchant: Merchant,
  request: { kind: OrderKind; body: WireObject; fingerprint: string; now: Date },
): OrderRecord {
  const { kind, body, fingerprint, now } = request;
  if (context.books.orderCount >= MAX_ORDERS) {
    const message = '沙箱订单数已达上限，请清空沙箱数据';
    throw new WechatPayRefusal(429, 'FREQUENCY_LIMITED', INTERNAL_CODE.rate_limited, message);
  }
  const payer_openid = textField(objectField(body, 'payer'), 'openid') ?? null;
  if (payer_openid !== null && context.personOf(payer_openid)?.appid !== merchant.appid) {
    throw parameterError({
      field: '/payer/openid',
      value: payer_openid,
      issue: 'openid does not belong to appid',
      location: 'body',
      message: '无效的openid，请确认该openid属于请求中的appid',
      internal: INTERNAL_CODE.openid_required,
    });
  }
  return context.books.addOrder({
    kind,
    mchid: merchant.mchid,
    appid: merchant.appid,
    sub_mchid: null,
    sub_appid: null,
    out_trade_no: textField(body, 'out_trade_no') ?? '',
    description: textField(body, 'description') ?? '',
    attach: textField(body, 'attach') ?? null,
    notify_url: textField(body, 'notify_url') ?? '',
    total: fenField(objectField(body, 'amount'), 'total') ?? 0n,
    fingerprint,
    created_at: now.getTime(),
    expires_at: expiry(body, now),
    payer_openid,
    profit_sharing: objectField(body, 'settle_info')?.profit_sharing === true,
    prepay_id: newPrepayId(now),
    token: newNativeToken(),
    prepared_at: now.getTime(),
    voided_token: null,
    voided_prepay_id: null,
    state: 'NOTPAY',
    person: null,
    openid: null,
    transaction_id: null,
    paid_at: null,
    fee: 0n,
    fee_returned: 0n,
    refunded: 0n,
    refund_count: 0,
  });
}

function checkOwner(merchant: Merchant, body: WireObject): void {
  checkMchid(merchant, textField(body, 'mchid'), { field: '/mchid', location: 'body' });
  if (body.appid !== merchant.appid) {
    throw new WechatPayRefusal(
      400,
      'APPID_MCHID_NOT_MATCH',
      INTERNAL_CODE.appid_not_bound,
      'appid和mch_id不匹配，请检查后再试',
    );
  }
}

/** The merchant named in body or query must be the one that signed. */
export function checkMchid(
  merchant: Merchant,
  mchid: string | undefined,
  place: { field: string; location: 'body' | 'query' },
): void {
  if (mchid === merchant.mchid) return;
  throw parameterError({
    ...place,
    value: mchid?.slice(0, 32) ?? '',
    issue: 'mchid differs from the one that signed',
    message: '请求参数中的商户号与签名的商户号不一致',
    internal: INTERNAL_CODE.merchant_mismatch,
  });
}

function expiry(body: WireObject, now: Date): number {
  const wanted = timeField(body, 'time_expire')?.getTime();
  if (wanted === undefined) return now.getTime() + ORDER_LIFE_MS;
  if (wanted > now.getTime() + MAX_LIFE_MS) {
    throw parameterError({
      field: '/time_expire',
      value: body.time_expire,
      issue: 'too late',
      location: 'body',
      message: '支付结束时间不能晚于下单时间后90天',
      internal: INTERNAL_CODE.out_of_range,
    });
  }
  return Math.max(wanted, now.getTime() + MIN_LIFE_MS);
}

function reenter(
  context: SandboxContext,
  request: { order: OrderRecord; fingerprint: string; now: Date },
): void {
  const { order, fingerprint, now } = request;
  expire(context, order);
  switch (order.state) {
    case 'SUCCESS':
    case 'REFUND':
      throw new WechatPayRefusal(400, 'ORDERPAID', INTERNAL_CODE.reentry_paid, '该订单已支付');
    case 'CLOSED':
      throw new WechatPayRefusal(400, 'ORDER_CLOSED', INTERNAL_CODE.order_expired, '订单已关闭');
    case 'NOTPAY':
      break;
    default:
      order.state satisfies never;
  }
  if (order.fingerprint !== fingerprint) {
    throw otherParameters('商户订单号重复：请求参数与首次下单的参数不一致');
  }
  context.books.renew(order, {
    prepay_id: newPrepayId(now),
    token: newNativeToken(),
    now: now.getTime(),
  });
}

function prepared(context: SandboxContext, order: OrderRecord): object {
  switch (order.kind) {
    case 'native':
      return { code_url: `weixin://wxpay/bizpayurl?pr=${order.token}` };
    case 'jsapi':
      return { prepay_id: order.prepay_id };
    case 'h5': {
      const query = `prepay_id=${order.prepay_id}&package=${order.token}`;
      return { h5_url: `${context.url()}/cgi-bin/mmpayweb-bin/checkmweb?${query}` };
    }
    default:
      return order.kind satisfies never;
  }
}

/** Orders past their end are closed when somebody next looks. */
export function expire(context: SandboxContext, order: OrderRecord): void {
  if (order.state !== 'NOTPAY' || context.clock.now().getTime() < order.expires_at) return;
  order.state = 'CLOSED';
  context.books.putOrder(order);
}

/** GET /v3/pay/transactions/out-trade-no/{out_trade_no} and …/id/{transaction_id} */
export function queryOrder(
  context: SandboxContext,
  merchant: Merchant,
  by: { out_trade_no: string } | { transaction_id: string },
): TransactionMessage {
  const order =
    'out_trade_no' in by
      ? context.books.order(merchant.mchid, by.out_trade_no)
      : context.books.orderOfTransaction(by.transaction_id);
  if (!order || order.mchid !== merchant.mchid) throw orderNotFound();
  expire(context, order);
  return transactionMessage(order);
}

/** POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close */
export function closeOrder(
  context: SandboxContext,
  merchant: Merchant,
  request: { out_trade_no: string; body: WireObject },
): void {
  checkFields(CLOSE_FIELDS, request.body);
  checkMchid(merchant, textField(request.body, 'mchid'), { field: '/mchid', location: 'body' });
  const order = context.books.order(merchant.mchid, request.out_trade_no);
  if (!order) throw orderNotFound();
  expire(context, order);
  if (order.paid_at !== null) {
    throw new WechatPayRefusal(400, 'ORDERPAID', INTERNAL_CODE.already_paid, '该订单已支付');
  }
  if (order.state === 'CLOSED') return;
  order.state = 'CLOSED';
  context.books.putOrder(order);
}

/** The end of an order's life is set by the first request alone and no part of the comparison. */
function fingerprintOf(kind: OrderKind, body: WireObject): string {
  const { time_expire: _end, ...rest } = body;
  return digest({ kind, ...rest });
}
