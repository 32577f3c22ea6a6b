import { shanghaiTime } from '../../../clock.ts';
import {
  fenNumber,
  type RefundMessage,
  type RefundNotice,
} from '../../../protocols/wechat-pay/messages.ts';
import type { OrderRecord, RefundRecord } from '../books.ts';
import { payerTotal, settlementTotal } from '../orders/amounts.ts';

/** A refund as answers and notifications show it. */
export function refundMessage(order: OrderRecord, refund: RefundRecord): RefundMessage {
  const { amount, payer_refund, settlement_refund, fee, from } = refund;
  return {
    refund_id: refund.refund_id,
    out_refund_no: refund.out_refund_no,
    transaction_id: refund.transaction_id,
    out_trade_no: refund.out_trade_no,
    channel: refund.channel,
    user_received_account: refund.user_received_account,
    ...successTime(refund),
    create_time: shanghaiTime(new Date(refund.created_at)),
    status: refund.status,
    funds_account: refund.funds_account,
    amount: {
      total: fenNumber(order.total),
      refund: fenNumber(amount),
      payer_total: fenNumber(payerTotal(order)),
      payer_refund: fenNumber(payer_refund),
      settlement_total: fenNumber(settlementTotal(order)),
      settlement_refund: fenNumber(settlement_refund),
      discount_refund: fenNumber(amount - payer_refund),
      currency: 'CNY',
      refund_fee: fenNumber(fee),
      ...(from.length === 0
        ? {}
        : { from: from.map((part) => ({ ...part, amount: fenNumber(part.amount) })) }),
    },
    ...promotions(order, refund),
  };
}

function promotions(
  { coupon }: OrderRecord,
  { amount, payer_refund }: RefundRecord,
): Pick<RefundMessage, 'promotion_detail'> {
  if (!coupon || amount === payer_refund) return {};
  return {
    promotion_detail: [
      {
        promotion_id: coupon.coupon_id,
        scope: 'GLOBAL',
        type: coupon.funded_by === 'merchant' ? 'NOCASH' : 'CASH',
        amount: fenNumber(coupon.amount),
        refund_amount: fenNumber(amount - payer_refund),
      },
    ],
  };
}

export function refundNotice(order: OrderRecord, refund: RefundRecord): RefundNotice {
  const { mchid, sub_mchid } = refund;
  return {
    ...(sub_mchid === null ? { mchid } : { sp_mchid: mchid, sub_mchid }),
    out_trade_no: refund.out_trade_no,
    transaction_id: refund.transaction_id,
    out_refund_no: refund.out_refund_no,
    refund_id: refund.refund_id,
    refund_status: refund.status,
    ...successTime(refund),
    user_received_account: refund.user_received_account,
    amount: {
      total: fenNumber(order.total),
      refund: fenNumber(refund.amount),
      payer_total: fenNumber(payerTotal(order)),
      payer_refund: fenNumber(refund.payer_refund),
    },
  };
}

function successTime({ succeeded_at }: RefundRecord): { success_time?: string } {
  return succeeded_at === null ? {} : { success_time: shanghaiTime(new Date(succeeded_at)) };
}
