import { shanghaiTime } from '../../../clock.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import type { RefundStatus, WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { V2Parameters } from '../../../protocols/wechat-pay/v2.ts';
import { WechatPayRefusal } from '../api/refusal.ts';
import type { OrderRecord, RefundRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { payerTotal, settlementTotal } from '../orders/amounts.ts';
import { settleWhenDue } from '../refunds/progress.ts';
import { createRefund, findRefund } from '../refunds/refunds.ts';
import { V2Refusal } from './call.ts';
import { orderIn, sellerIn, wrong } from './order-in.ts';

/**
 * Refunds in the second version: those of the third under other names, in the same books.
 * https://pay.weixin.qq.com/doc/v2/partner/4011984092
 */
const MAX_FEE = 10_000_000_000;

/** POST /secapi/pay/refund */
export function refundOrder(
  context: SandboxContext,
  merchant: Merchant,
  parameters: V2Parameters,
): V2Parameters {
  if ((parameters.refund_fee_type ?? 'CNY') !== 'CNY') throw wrong('refund_fee_type');
  const order = orderIn(context, merchant, parameters);
  const body = ordinaryBody(order, parameters);
  const { out_refund_no } = mapped(() => createRefund(context, merchant, body));
  const { refund } = findRefund(context, merchant, out_refund_no);
  return {
    ...orderFields(order),
    out_refund_no,
    refund_id: refund.refund_id,
    refund_fee: refund.amount.toString(),
    settlement_refund_fee: refund.settlement_refund.toString(),
    cash_refund_fee: refund.payer_refund.toString(),
    ...couponFields(order, refund, ''),
  };
}

function ordinaryBody(order: OrderRecord, parameters: V2Parameters): WireObject {
  const { out_refund_no = '', refund_desc, sub_mch_id } = parameters;
  return {
    ...(sub_mch_id === undefined ? {} : { sub_mchid: sub_mch_id }),
    transaction_id: order.transaction_id ?? '',
    out_refund_no,
    ...(refund_desc === undefined ? {} : { reason: refund_desc }),
    ...fundsAccount(parameters),
    amount: {
      refund: feeOf(parameters, 'refund_fee'),
      total: feeOf(parameters, 'total_fee'),
      currency: 'CNY',
    },
  };
}

function fundsAccount({ refund_account }: V2Parameters): { funds_account?: string } {
  switch (refund_account) {
    case undefined:
      return {};
    case 'REFUND_SOURCE_UNSETTLED_FUNDS':
      return { funds_account: 'UNSETTLED' };
    case 'REFUND_SOURCE_RECHARGE_FUNDS':
      return { funds_account: 'AVAILABLE' };
    default:
      throw wrong('refund_account');
  }
}

function feeOf(parameters: V2Parameters, name: 'refund_fee' | 'total_fee'): number {
  const text = parameters[name] ?? '';
  const fee = /^[1-9]\d{0,10}$/.test(text) ? Number.parseInt(text, 10) : 0;
  if (fee === 0 || fee > MAX_FEE) throw wrong(name);
  return fee;
}

/** What this version calls otherwise than the third. */
function mapped<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof WechatPayRefusal)) throw error;
    if (error.internal === INTERNAL_CODE.reentry_other_parameters) {
      throw new V2Refusal('REFUND_FEE_MISMATCH', '订单金额或退款金额与之前请求不一致');
    }
    if (error.internal === INTERNAL_CODE.order_expired) {
      throw new V2Refusal('TRADE_OVERDUE', error.message);
    }
    throw error;
  }
}

const PAGE = 10;

/** POST /pay/refundquery: one refund by either number, or ten of an order's from `offset` on. */
export function refundQuery(
  context: SandboxContext,
  merchant: Merchant,
  parameters: V2Parameters,
): V2Parameters {
  const { order, refunds, total } = asked(context, merchant, parameters);
  const fields: Record<string, string> = {};
  for (const [index, refund] of refunds.entries()) {
    settleWhenDue(context, refund);
    Object.assign(fields, refundFields(order, refund, `_${index}`));
  }
  return {
    ...orderFields(order),
    total_refund_count: total.toString(),
    refund_count: refunds.length.toString(),
    ...fields,
  };
}

interface Found {
  readonly order: OrderRecord;
  readonly refunds: readonly RefundRecord[];
  readonly total: number;
}

function asked(context: SandboxContext, merchant: Merchant, parameters: V2Parameters): Found {
  const { refund_id, out_refund_no, offset = '0' } = parameters;
  const { books } = context;
  if (refund_id === undefined && out_refund_no === undefined) {
    const order = orderIn(context, merchant, parameters);
    const all = books.refundsOf(order.transaction_id ?? '');
    const from = /^\d{1,4}$/.test(offset) ? Number.parseInt(offset, 10) : -1;
    if (from < 0 || (from > 0 && from >= all.length)) throw wrong('offset');
    if (all.length === 0) throw notFound();
    return { order, refunds: all.slice(from, from + PAGE), total: all.length };
  }
  const refund =
    refund_id === undefined
      ? books.refund(merchant.mchid, out_refund_no ?? '')
      : books.refundOfId(refund_id);
  const seller = sellerIn(context, merchant, parameters);
  const own = refund?.mchid === merchant.mchid && refund.sub_mchid === seller;
  const order = own ? books.orderOfTransaction(refund.transaction_id) : undefined;
  if (!own || !order) throw notFound();
  return { order, refunds: [refund], total: books.refundsOf(refund.transaction_id).length };
}

function notFound(): V2Refusal {
  return new V2Refusal('REFUNDNOTEXIST', '退款订单查询失败');
}

function orderFields(order: OrderRecord): V2Parameters {
  return {
    transaction_id: order.transaction_id ?? '',
    out_trade_no: order.out_trade_no,
    total_fee: order.total.toString(),
    settlement_total_fee: settlementTotal(order).toString(),
    fee_type: 'CNY',
    cash_fee: payerTotal(order).toString(),
    cash_fee_type: 'CNY',
  };
}

const STATUS: Readonly<Record<RefundStatus, string>> = {
  PROCESSING: 'PROCESSING',
  SUCCESS: 'SUCCESS',
  CLOSED: 'REFUNDCLOSE',
  ABNORMAL: 'CHANGE',
};

/** Every name with the place of the refund in the answer; one of them is misspelt for good. */
function refundFields(order: OrderRecord, refund: RefundRecord, at: string): V2Parameters {
  const own_money = refund.funds_account === 'AVAILABLE';
  return {
    [`out_refund_no${at}`]: refund.out_refund_no,
    [`refund_id${at}`]: refund.refund_id,
    [`refund_channel${at}`]: refund.channel,
    [`refund_fee${at}`]: refund.amount.toString(),
    [`settlement_refund_fee${at}`]: refund.settlement_refund.toString(),
    [`refund_status${at}`]: STATUS[refund.status],
    [`refund_account${at}`]: `REFUND_SOURCE_${own_money ? 'RECHARGE' : 'UNSETTLED'}_FUNDS`,
    [`refund_recv_accout${at}`]: refund.user_received_account,
    [`refund_success_time${at}`]: plainTime(refund.succeeded_at),
    ...couponFields(order, refund, at),
  };
}

/** The one coupon of an order, where a part of the refund is the coupon's. */
function couponFields({ coupon }: OrderRecord, refund: RefundRecord, at: string): V2Parameters {
  const of_coupon = refund.amount - refund.payer_refund;
  if (!coupon || of_coupon === 0n) return {};
  return {
    [`coupon_refund_fee${at}`]: of_coupon.toString(),
    [`coupon_refund_count${at}`]: '1',
    [`coupon_type${at}_0`]: coupon.funded_by === 'merchant' ? 'NO_CASH' : 'CASH',
    [`coupon_refund_id${at}_0`]: coupon.coupon_id,
    [`coupon_refund_fee${at}_0`]: of_coupon.toString(),
  };
}

/** `2026-11-21 12:34:56` in Asia/Shanghai. */
function plainTime(at: number | null): string {
  return at === null ? '' : shanghaiTime(new Date(at)).slice(0, 19).replace('T', ' ');
}
