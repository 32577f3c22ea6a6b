import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  fenField,
  isWireObject,
  objectField,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { invalidRequest, parameterError, WechatPayRefusal } from '../api/refusal.ts';
import type { OrderRecord, RefundRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { type RefundSource, refundSource } from '../money.ts';
import { checkSubMchid } from '../orders/party.ts';

/** What stands against a refund: whose order it is, its limits, and the seller's money. */
const MAX_REFUNDS = 50;
const REFUND_WINDOW_MS = 365 * 86_400_000;
const PAUSE_MS = 60_000;

/** The paid order that the body means, which must be this merchant's and this seller's. */
export function orderOf(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): OrderRecord {
  const sub_mchid = sellerOf(context, merchant, textField(body, 'sub_mchid'));
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
  if (!order || order.mchid !== merchant.mchid || !matches) throw refundNotFound('订单不存在');
  if (order.sub_mchid !== sub_mchid) {
    throw invalidRequest('子商户号与订单不匹配', INTERNAL_CODE.sub_merchant_mismatch);
  }
  return order;
}

/** Null for a direct merchant, which has no sellers. */
export function sellerOf(
  context: SandboxContext,
  merchant: Merchant,
  sub_mchid: string | undefined,
): string | null {
  if (merchant.role !== 'direct') {
    checkSubMchid(context, merchant, sub_mchid);
    return sub_mchid;
  }
  if (sub_mchid === undefined) return null;
  throw invalidRequest('服务商与子商户没有受理关系', INTERNAL_CODE.no_partner_relation);
}

export function refundNotFound(message: string): WechatPayRefusal {
  const internal = INTERNAL_CODE.order_not_found;
  return new WechatPayRefusal(404, 'RESOURCE_NOT_EXISTS', internal, message);
}

export interface Wanted {
  readonly amount: bigint;
  readonly total: bigint;
  readonly funds_account: RefundRecord['funds_account'];
  readonly from: RefundRecord['from'];
}

export function wantedOf(body: WireObject): Wanted {
  const amounts = objectField(body, 'amount');
  const list: unknown = amounts.from;
  const from = (Array.isArray(list) ? list : []).filter(isWireObject).map((entry) => ({
    account: textField(entry, 'account') ?? '',
    amount: fenField(entry, 'amount') ?? 0n,
  }));
  const asked = textField(body, 'funds_account');
  return {
    amount: fenField(amounts, 'refund') ?? 0n,
    total: fenField(amounts, 'total') ?? 0n,
    funds_account: asked === 'AVAILABLE' ? 'AVAILABLE' : 'UNSETTLED',
    from,
  };
}

/** Throws unless the order can bear this refund; gives where its money comes from. */
export function checkRefundable(
  context: SandboxContext,
  order: OrderRecord,
  refund: Wanted,
): RefundSource {
  if (order.paid_at === null || order.state === 'REVOKED') {
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
  checkFrom(order, refund);
  checkPause(context, order);
  return source(context, order, refund);
}

/** Only of an order whose money is held may a refund say which part it is taken from. */
function checkFrom(order: OrderRecord, { amount, from }: Wanted): void {
  if (from.length === 0) return;
  const sum = from.reduce((all, part) => all + part.amount, 0n);
  const distinct = new Set(from.map(({ account }) => account)).size === from.length;
  if (sum === amount && distinct && order.profit_sharing) return;
  const message = order.profit_sharing
    ? '出资账户类型不能重复，且出资金额之和须等于退款金额'
    : '非分账订单不能指定出资账户';
  throw invalidRequest(message, INTERNAL_CODE.bad_parameter);
}

const lastRefund = new WeakMap<OrderRecord, number>();

/** Real time, and only where the sandbox holds merchants to rates at all. */
function checkPause(context: SandboxContext, order: OrderRecord): void {
  if (!context.rate_limits) return;
  const now = context.clock.real().getTime();
  if (now < (lastRefund.get(order) ?? 0) + PAUSE_MS) {
    const message = '同一笔订单的多次退款请求需间隔1分钟';
    throw new WechatPayRefusal(429, 'FREQUENCY_LIMITED', INTERNAL_CODE.rate_limited, message);
  }
}

/** From now the minute counts in which the order takes no other refund. */
export function noteRefund(context: SandboxContext, order: OrderRecord): void {
  lastRefund.set(order, context.clock.real().getTime());
}

function source(context: SandboxContext, order: OrderRecord, refund: Wanted): RefundSource {
  const { amount, funds_account, from } = refund;
  const held = from.find(({ account }) => account === 'UNAVAILABLE')?.amount;
  const short = context.faults.strikes('merchant_short', { operation: 'refund', amount });
  const found = short
    ? undefined
    : refundSource(context, order, {
        amount,
        funds_account,
        ...(from.length === 0 ? {} : { unavailable: held ?? 0n }),
      });
  if (found) return found;
  const message = '基本账户余额不足，请充值后重新发起';
  throw new WechatPayRefusal(403, 'NOT_ENOUGH', INTERNAL_CODE.out_of_range, message);
}
