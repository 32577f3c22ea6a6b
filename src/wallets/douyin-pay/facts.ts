import {
  fenField,
  isWireObject,
  objectField,
  textField,
  timeField,
  type WireObject,
} from '../../protocols/wechat-pay/messages.ts';
import type { CouponAmounts, PaymentFact, RefundFact } from '../wallet.ts';

/** What Douyin Pay says of orders and refunds, in the hub's words. */
const PAYMENT_STATES: ReadonlyMap<string, PaymentFact['state']> = new Map([
  ['SUCCESS', 'paid'],
  ['REFUND', 'refunded'],
  ['NOTPAY', 'waiting'],
  ['CLOSED', 'closed'],
  ['PAYERROR', 'closed'],
]);

/** Undefined when a field that every order has is missing or of an unknown form. */
export function paymentFact(order: WireObject): PaymentFact | undefined {
  const wallet_reference = textField(order, 'out_trade_no');
  const wallet_merchant = textField(order, 'mchid');
  const state = PAYMENT_STATES.get(textField(order, 'trade_state') ?? '');
  if (!wallet_reference || !wallet_merchant || !state) return undefined;
  const amounts = objectField(order, 'amount');
  const amount = fenField(amounts, 'total');
  const fact = { wallet_reference, wallet_merchant, state };
  const known = amount === undefined ? {} : { amount, currency: currencyOf(amounts) };
  if (state === 'waiting' || state === 'closed') return { ...fact, ...known };
  const wallet_transaction_id = textField(order, 'transaction_id');
  if (amount === undefined || wallet_transaction_id === undefined) return undefined;
  const payer_paid = fenField(amounts, 'payer_total');
  const paid_at = timeField(order, 'success_time');
  const payer = textField(objectField(order, 'payer'), 'openid');
  const coupons = couponsOf(order.promotion_detail);
  return {
    ...fact,
    ...known,
    wallet_transaction_id,
    ...(payer_paid === undefined ? {} : { payer_paid }),
    ...(paid_at ? { paid_at } : {}),
    ...(payer === undefined ? {} : { payer }),
    ...(coupons ? { coupons } : {}),
  };
}

function currencyOf(amounts: WireObject): string {
  return textField(amounts, 'currency') ?? 'CNY';
}

function couponsOf(promotions: unknown): CouponAmounts | undefined {
  if (!Array.isArray(promotions) || promotions.length === 0) return undefined;
  const sum = { wallet_funded: 0n, merchant_funded: 0n, other_funded: 0n };
  for (const promotion of promotions.filter(isWireObject)) {
    sum.wallet_funded += fenField(promotion, 'douyinpay_contribute') ?? 0n;
    sum.merchant_funded += fenField(promotion, 'merchant_contribute') ?? 0n;
    sum.other_funded += fenField(promotion, 'other_contribute') ?? 0n;
  }
  return sum;
}

const REFUND_STATES: ReadonlyMap<string, RefundFact['state']> = new Map([
  ['PROCESSING', 'pending'],
  ['SUCCESS', 'succeeded'],
  ['CLOSED', 'refused'],
  ['ABNORMAL', 'needs_action'],
]);

/** Answers carry `status`, notifications `refund_status`. */
export function refundFact(refund: WireObject, wallet_merchant: string): RefundFact | undefined {
  const refund_reference = textField(refund, 'out_refund_no');
  const wallet_reference = textField(refund, 'out_trade_no');
  const status = textField(refund, 'status') ?? textField(refund, 'refund_status') ?? '';
  const state = REFUND_STATES.get(status);
  if (!refund_reference || !wallet_reference || !state) return undefined;
  const wallet_refund_id = textField(refund, 'refund_id');
  const amount = fenField(objectField(refund, 'amount'), 'refund');
  const refunded_at = timeField(refund, 'success_time');
  return {
    refund_reference,
    wallet_reference,
    wallet_merchant,
    state,
    ...(wallet_refund_id === undefined ? {} : { wallet_refund_id }),
    ...(amount === undefined ? {} : { amount }),
    ...(refunded_at ? { refunded_at } : {}),
  };
}
