import { shanghaiTime } from '../../../clock.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  fenField,
  fenNumber,
  objectField,
  type RefundMessage,
  type RefundNotice,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { checkFields } from '../api/fields.ts';
import {
  invalidRequest,
  otherParameters,
  parameterError,
  WechatPayRefusal,
} from '../api/refusal.ts';
import { REFUND_FIELDS } from '../api/schemas.ts';
import type { OrderRecord, RefundRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { canRefund, debitRefund } from '../money.ts';
import { newRefundId } from '../numbers.ts';
import { payerRefund, settlementRefund } from '../orders/amounts.ts';
import { digest } from '../orders/fingerprint.ts';

/**
 * Refunds: one year, at most 50 per order, never above the order's total; the same number with the
 * same data answers with the refund as it stands. Accepted first, arrived a moment later.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791865
 */
const MAX_REFUNDS = 50;
const REFUND_WINDOW_MS = 365 * 86_400_000;

/** POST /v3/refund/domestic/refunds */
export function createRefund(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): RefundMessage {
  checkFields(REFUND_FIELDS, body);
  const order = orderOf(context, merchant, body);
  const out_refund_no = textField(body, 'out_refund_no') ?? '';
  const fingerprint = digest(body);
  const existing = context.books.refund(merchant.mchid, out_refund_no);
  if (existing) {
    if (existing.fingerprint !== fingerprint) {
      throw otherParameters('商户退款单号重复：请求参数与首次申请退款的参数不一致');
    }
    settleWhenDue(context, existing);
    return refundMessage(order, existing);
  }
  const amounts = objectField(body, 'amount');
  const amount = fenField(amounts, 'refund') ?? 0n;
  checkRefundable(context, order, { amount, total: fenField(amounts, 'total') ?? 0n });
  const now = context.clock.now();
  const refund: RefundRecord = {
    refund_id: newRefundId(now),
    mchid: merchant.mchid,
    out_refund_no,
    out_trade_no: order.out_trade_no,
    transaction_id: order.transaction_id ?? '',
    fingerprint,
    amount,
    total: order.total,
    payer_refund: payerRefund(order, amount),
    settlement_refund: settlementRefund(order, amount),
    notify_url: textField(body, 'notify_url') ?? null,
    created_at: now.getTime(),
    due_at: now.getTime() + context.refund_delay_ms,
    status: 'PROCESSING',
    succeeded_at: null,
  };
  debitRefund(context, order, refund);
  context.books.addRefund(order, refund);
  scheduleSettlement(context, refund);
  return refundMessage(order, refund);
}

function orderOf(context: SandboxContext, merchant: Merchant, body: WireObject): OrderRecord {
  const transaction_id = textField(body, 'transaction_id');
  const out_trade_no = textField(body, 'out_trade_no');
  if (transaction_id === undefined && out_trade_no === undefined) {
    throw parameterError({
      field: '/transaction_id',
      issue: 'missing',
      location: 'body',
      message: '微信支付订单号和商户订单号必须二选一',
    });
  }
  const order =
    transaction_id === undefined
      ? context.books.order(merchant.mchid, out_trade_no ?? '')
      : context.books.orderOfTransaction(transaction_id);
  const matches = out_trade_no === undefined || order?.out_trade_no === out_trade_no;
  if (!order || order.mchid !== merchant.mchid || !matches) {
    const internal = INTERNAL_CODE.order_not_found;
    throw new WechatPayRefusal(404, 'RESOURCE_NOT_EXISTS', internal, '订单不存在');
  }
  return order;
}

function checkRefundable(
  context: SandboxContext,
  order: OrderRecord,
  refund: { amount: bigint; total: bigint },
): void {
  if (order.paid_at === null) {
    throw invalidRequest('订单未支付，不能退款', INTERNAL_CODE.order_not_found);
  }
  if (refund.total !== order.total) {
    throw invalidRequest('原订单金额与支付时的订单金额不一致', INTERNAL_CODE.bad_parameter);
  }
  if (context.clock.now().getTime() > order.paid_at + REFUND_WINDOW_MS) {
    throw invalidRequest('订单已超过可退款的期限（一年）', INTERNAL_CODE.order_expired);
  }
  if (order.refund_count >= MAX_REFUNDS) {
    throw invalidRequest('一笔订单最多支持50次部分退款', INTERNAL_CODE.out_of_range);
  }
  if (order.refunded + refund.amount > order.total) {
    throw invalidRequest('申请退款金额大于订单可退金额', INTERNAL_CODE.out_of_range);
  }
  if (!canRefund(context, order, refund.amount)) {
    const message = '基本账户余额不足，请充值后重新发起';
    throw new WechatPayRefusal(403, 'NOT_ENOUGH', INTERNAL_CODE.out_of_range, message);
  }
}

/** Arrives after the configured delay; a moved business clock is noticed at the next query. */
export function scheduleSettlement(context: SandboxContext, refund: RefundRecord): void {
  const wait = Math.max(0, refund.due_at - context.clock.now().getTime());
  context.later(() => settle(context, refund), wait);
}

function settleWhenDue(context: SandboxContext, refund: RefundRecord): void {
  if (context.refund_delay_ms > 0 && context.clock.now().getTime() >= refund.due_at) {
    settle(context, refund);
  }
}

function settle(context: SandboxContext, refund: RefundRecord): void {
  if (refund.status !== 'PROCESSING') return;
  context.books.finishRefund(refund, context.clock.now().getTime());
  if (refund.notify_url !== null) {
    context.notices.send({
      mchid: refund.mchid,
      url: refund.notify_url,
      event_type: 'REFUND.SUCCESS',
      content: refundNotice(refund),
    });
  }
}

/** GET /v3/refund/domestic/refunds/{out_refund_no} */
export function queryRefund(
  context: SandboxContext,
  merchant: Merchant,
  out_refund_no: string,
): RefundMessage {
  const refund = context.books.refund(merchant.mchid, out_refund_no);
  const order = refund && context.books.order(merchant.mchid, refund.out_trade_no);
  if (!refund || !order) {
    const internal = INTERNAL_CODE.order_not_found;
    throw new WechatPayRefusal(404, 'RESOURCE_NOT_EXISTS', internal, '退款单不存在');
  }
  settleWhenDue(context, refund);
  return refundMessage(order, refund);
}

const RECEIVED_BY = '支付用户零钱';

function refundMessage(order: OrderRecord, refund: RefundRecord): RefundMessage {
  const total = fenNumber(order.total);
  const amount = fenNumber(refund.amount);
  return {
    refund_id: refund.refund_id,
    out_refund_no: refund.out_refund_no,
    transaction_id: refund.transaction_id,
    out_trade_no: refund.out_trade_no,
    channel: 'ORIGINAL',
    user_received_account: RECEIVED_BY,
    ...(refund.succeeded_at === null
      ? {}
      : { success_time: shanghaiTime(new Date(refund.succeeded_at)) }),
    create_time: shanghaiTime(new Date(refund.created_at)),
    status: refund.status,
    funds_account: 'UNSETTLED',
    amount: {
      total,
      refund: amount,
      payer_total: total,
      payer_refund: amount,
      settlement_total: total,
      settlement_refund: amount,
      discount_refund: 0,
      currency: 'CNY',
    },
  };
}

function refundNotice(refund: RefundRecord): RefundNotice {
  const total = fenNumber(refund.total);
  const amount = fenNumber(refund.amount);
  return {
    mchid: refund.mchid,
    out_trade_no: refund.out_trade_no,
    transaction_id: refund.transaction_id,
    out_refund_no: refund.out_refund_no,
    refund_id: refund.refund_id,
    refund_status: refund.status,
    ...(refund.succeeded_at === null
      ? {}
      : { success_time: shanghaiTime(new Date(refund.succeeded_at)) }),
    user_received_account: RECEIVED_BY,
    amount: { total, refund: amount, payer_total: total, payer_refund: amount },
  };
}
