import {
  type RefundMessage,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { checkFields } from '../api/fields.ts';
import { otherParameters } from '../api/refusal.ts';
import type { OrderRecord, RefundRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { debitRefund, feeBack, type RefundSource } from '../money.ts';
import { newRefundId } from '../numbers.ts';
import { payerRefund, settlementRefund } from '../orders/amounts.ts';
import { digest } from '../orders/fingerprint.ts';
import { REFUND_FIELDS } from './fields.ts';
import { refundMessage } from './messages.ts';
import { scheduleSettlement, settleWhenDue } from './progress.ts';
import {
  checkRefundable,
  noteRefund,
  orderOf,
  refundNotFound,
  sellerOf,
  type Wanted,
  wantedOf,
} from './refundable.ts';

/**
 * Refunds: one year, at most 50 per order, never above the order's total; the same number with the
 * same data answers with the refund as it stands. Accepted first, arrived a moment later.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791865
 */
const RECEIVED_BY = '支付用户零钱';

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
  const wanted = wantedOf(body);
  const source = checkRefundable(context, order, wanted);
  const notify_url = textField(body, 'notify_url') ?? null;
  const named = { out_refund_no, fingerprint, notify_url };
  const refund = recordOf(context, order, { wanted, source, named });
  debitRefund(context, order, refund, source);
  context.books.addRefund(order, refund);
  noteRefund(context, order);
  scheduleSettlement(context, refund);
  return refundMessage(order, refund);
}

function recordOf(
  context: SandboxContext,
  order: OrderRecord,
  request: {
    wanted: Wanted;
    source: RefundSource;
    named: Pick<RefundRecord, 'out_refund_no' | 'fingerprint' | 'notify_url'>;
  },
): RefundRecord {
  const { wanted, named } = request;
  const { amount, funds_account, from } = wanted;
  const { faults, clock, refund_delay_ms } = context;
  const now = clock.now();
  const occasion = { operation: 'refund', amount };
  const delay = faults.strikes('refund_delayed', occasion);
  return {
    ...named,
    refund_id: newRefundId(context.random, now),
    mchid: order.mchid,
    sub_mchid: order.sub_mchid,
    out_trade_no: order.out_trade_no,
    transaction_id: order.transaction_id ?? '',
    amount,
    total: order.total,
    payer_refund: payerRefund(order, amount),
    settlement_refund: settlementRefund(order, amount),
    fee: feeBack(order, amount),
    funds_account: from.length === 0 ? funds_account : accountOf(from),
    from,
    created_at: now.getTime(),
    due_at: now.getTime() + (delay ? (delay.delay_ms ?? DELAY_MS) : refund_delay_ms),
    stuck: faults.strikes('refund_stuck', occasion) !== undefined,
    channel: 'ORIGINAL',
    user_received_account: RECEIVED_BY,
    status: 'PROCESSING',
    succeeded_at: null,
  };
}

/** A card refund takes days: one, where the dial does not say how long. */
const DELAY_MS = 86_400_000;

function accountOf(from: Wanted['from']): RefundRecord['funds_account'] {
  return from.some(({ account }) => account === 'UNAVAILABLE') ? 'UNAVAILABLE' : 'AVAILABLE';
}

/** GET /v3/refund/domestic/refunds/{out_refund_no} */
export function queryRefund(
  context: SandboxContext,
  merchant: Merchant,
  out_refund_no: string,
): RefundMessage {
  const { order, refund } = findRefund(context, merchant, out_refund_no);
  settleWhenDue(context, refund);
  return refundMessage(order, refund);
}

export function findRefund(
  context: SandboxContext,
  merchant: Merchant,
  out_refund_no: string,
): { order: OrderRecord; refund: RefundRecord } {
  const refund = context.books.refund(merchant.mchid, out_refund_no);
  const order = refund && context.books.order(merchant.mchid, refund.out_trade_no);
  if (!refund || !order) throw refundNotFound('退款单不存在');
  return { order, refund };
}

/** The same for a call that has to name the seller. */
export function querySellerRefund(
  context: SandboxContext,
  merchant: Merchant,
  asked: { out_refund_no: string; sub_mchid: string | undefined },
): RefundMessage {
  const sub_mchid = sellerOf(context, merchant, asked.sub_mchid);
  const { refund } = findRefund(context, merchant, asked.out_refund_no);
  if (refund.sub_mchid !== sub_mchid) throw refundNotFound('退款单不存在');
  return queryRefund(context, merchant, asked.out_refund_no);
}
