import { z } from 'zod';
import { shanghaiTime } from '../../clock.ts';
import type { RefundMessage } from '../../protocols/douyin-pay/messages.ts';
import { fenNumber } from '../../protocols/wechat-pay/messages.ts';
import { InsufficientFunds } from '../funds.ts';
import type { Order, Refund } from './books.ts';
import { digest, foreignMerchant, newTransactionId, noticeUrl, orderNumber } from './orders.ts';
import { type DouyinPay, DouyinRefusal } from './wallet.ts';

/**
 * Refunds: one year, at most 50 of an order, never above its total; the same number with the same
 * data answers with the refund as it stands. Accepted first, arrived a moment later.
 */
const MAX_REFUNDS = 50;
const WINDOW_MS = 365 * 86_400_000;
const MAX_FEN = 100_000_000_00;
const text = (max: number) => z.string().min(1).max(max);

const refundBody = z.strictObject({
  mchid: text(32).optional(),
  appid: text(32).optional(),
  transaction_id: text(64).optional(),
  out_trade_no: orderNumber.optional(),
  out_refund_no: text(64).regex(/^[0-9A-Za-z_\-|*@]+$/),
  reason: text(80).optional(),
  notify_url: noticeUrl.optional(),
  funds_account: z.literal('AVAILABLE').optional(),
  amount: z.strictObject({
    refund: z.int().min(1).max(MAX_FEN),
    total: z.int().min(1).max(MAX_FEN),
    currency: z.literal('CNY'),
  }),
});
type RefundBody = z.infer<typeof refundBody>;

export function createRefund(douyin: DouyinPay, body: unknown): RefundMessage {
  const input = refundBody.parse(body);
  if (input.mchid !== undefined && input.mchid !== douyin.keys.mchid) throw foreignMerchant();
  const order = orderOf(douyin, input);
  const fingerprint = digest(input);
  const existing = douyin.books.refunds.get(input.out_refund_no);
  if (existing) {
    if (existing.fingerprint !== fingerprint) {
      throw new DouyinRefusal(400, 'INVALID_REQUEST', '商户退款单号重复：请求参数不一致');
    }
    return refundMessage(order, settleWhenDue(douyin, existing));
  }
  const refund = openRefund(douyin, order, { input, fingerprint });
  return refundMessage(order, refund);
}

function orderOf({ books }: DouyinPay, input: RefundBody): Order {
  const order =
    input.transaction_id === undefined
      ? books.orders.get(input.out_trade_no ?? '')
      : books.byTransaction(input.transaction_id);
  const named = input.out_trade_no === undefined || order?.out_trade_no === input.out_trade_no;
  if (!order || !named) throw new DouyinRefusal(404, 'RESOURCE_NOT_EXISTS', '订单不存在');
  return order;
}

function openRefund(
  douyin: DouyinPay,
  order: Order,
  request: { input: RefundBody; fingerprint: string },
): Refund {
  const { input, fingerprint } = request;
  const { books, options } = douyin;
  const amount = BigInt(input.amount.refund);
  const now = options.clock.now().getTime();
  checkRefundable(order, { amount, total: BigInt(input.amount.total), now });
  const occasion = { operation: 'refund', amount };
  const delay = options.faults.strikes('refund_delayed', occasion)?.delay_ms ?? 0;
  const stuck = options.faults.strikes('refund_stuck', occasion) !== undefined;
  const refund: Refund = {
    refund_id: newTransactionId(douyin, '22000'),
    out_refund_no: input.out_refund_no,
    out_trade_no: order.out_trade_no,
    transaction_id: order.transaction_id ?? '',
    fingerprint,
    amount,
    fee: books.feeBack(order, amount),
    notify_url: input.notify_url ?? null,
    created_at: now,
    due_at: now + delay,
    status: stuck ? 'ABNORMAL' : 'PROCESSING',
    succeeded_at: null,
  };
  if (options.faults.strikes('merchant_short', occasion)) throw short();
  try {
    books.acceptRefund(order, refund);
  } catch (error) {
    if (error instanceof InsufficientFunds) throw short();
    throw error;
  }
  if (stuck) tell(douyin, order, refund, 'REFUND.ABNORMAL');
  else douyin.later(() => settleWhenDue(douyin, refund), delay);
  return refund;
}

function short(): DouyinRefusal {
  return new DouyinRefusal(403, 'NOT_ENOUGH', '商户账户余额不足，请充值后重新发起');
}

function checkRefundable(
  order: Order,
  refund: { amount: bigint; total: bigint; now: number },
): void {
  const bad = (code: string, message: string) => new DouyinRefusal(400, code, message);
  if (order.paid_at === null) throw bad('INVALID_REQUEST', '订单未支付，不能退款');
  if (refund.total !== order.total) throw bad('INVALID_REQUEST', '原订单金额与支付金额不一致');
  if (refund.now > order.paid_at + WINDOW_MS) throw bad('INVALID_REQUEST', '订单已超过退款期限');
  if (order.refund_count >= MAX_REFUNDS) throw bad('INVALID_REQUEST', '退款次数已达上限');
  if (order.refunded + refund.amount > order.total) {
    throw bad('REFUND_AMOUNT_EXCEED', '申请退款金额大于订单可退金额');
  }
}

/** A moved business clock is noticed at the next look; a stuck refund stays until somebody acts. */
export function settleWhenDue(douyin: DouyinPay, refund: Refund): Refund {
  const now = douyin.options.clock.now().getTime();
  if (refund.status !== 'PROCESSING' || now < refund.due_at) return refund;
  douyin.books.arrive(refund, now);
  const order = douyin.books.orders.get(refund.out_trade_no);
  if (order) tell(douyin, order, refund, 'REFUND.SUCCESS');
  return refund;
}

export function queryRefund(douyin: DouyinPay, out_refund_no: string): RefundMessage {
  const refund = douyin.books.refunds.get(out_refund_no);
  const order = refund && douyin.books.orders.get(refund.out_trade_no);
  if (!refund || !order) throw new DouyinRefusal(404, 'RESOURCE_NOT_EXISTS', '退款单不存在');
  return refundMessage(order, settleWhenDue(douyin, refund));
}

function tell(
  douyin: DouyinPay,
  order: Order,
  refund: Refund,
  event_type: 'REFUND.SUCCESS' | 'REFUND.ABNORMAL',
): void {
  if (refund.notify_url === null) return;
  const { status, ...message } = refundMessage(order, refund);
  const content = { ...message, mchid: douyin.keys.mchid, refund_status: status };
  douyin.notices.send({ url: refund.notify_url, event_type, content, amount: refund.amount });
}

function refundMessage(order: Order, refund: Refund): RefundMessage {
  const total = fenNumber(order.total);
  const amount = fenNumber(refund.amount);
  return {
    refund_id: refund.refund_id,
    out_refund_no: refund.out_refund_no,
    transaction_id: refund.transaction_id,
    out_trade_no: refund.out_trade_no,
    channel: 'ORIGINAL',
    user_received_account: '支付用户零钱',
    ...(refund.succeeded_at === null
      ? {}
      : { success_time: shanghaiTime(new Date(refund.succeeded_at)) }),
    create_time: shanghaiTime(new Date(refund.created_at)),
    status: refund.status,
    funds_account: 'AVAILABLE',
    amount: {
      total,
      refund: amount,
      payer_total: total,
      payer_refund: amount,
      discount_refund: 0,
      currency: 'CNY',
      refund_fee: fenNumber(refund.fee),
    },
  };
}
