import {
  fenField,
  isWireObject,
  objectField,
  textField,
  timeField,
  type WireObject,
} from '../../protocols/wechat-pay/messages.ts';
import type { CouponAmounts, PaymentFact, RefundFact } from '../wallet.ts';

/** What WeChat Pay says of orders and refunds, in the hub's words. */
const PAYMENT_STATES: ReadonlyMap<string, PaymentFact['state']> = new Map([
  ['SUCCESS', 'paid'],
  ['REFUND', 'refunded'],
  ['NOTPAY', 'waiting'],
  ['USERPAYING', 'waiting'],
  ['ACCEPT', 'waiting'],
  ['CLOSED', 'closed'],
  ['REVOKED', 'closed'],
  ['PAYERROR', 'closed'],
]);

/**
 * Undefined when a field that every order has is missing or of an unknown form. A partner's order
 * names the merchant `sp_mchid`, and both openids: the payer is the one at the partner's app id.
 */
export function paymentFact(order: WireObject): PaymentFact | undefined {
  const wallet_reference = textField(order, 'out_trade_no');
  const wallet_merchant = textField(order, 'mchid') ?? textField(order, 'sp_mchid');
  const state = PAYMENT_STATES.get(textField(order, 'trade_state') ?? '');
  if (!wallet_reference || !wallet_merchant || !state) return undefined;
  const amounts = objectField(order, 'amount');
  const amount = fenField(amounts, 'total') ?? fenField(amounts, 'total_amount');
  const was_paid = state === 'paid' || state === 'refunded';
  const wallet_transaction_id = textField(order, 'transaction_id');
  if (was_paid && (amount === undefined || wallet_transaction_id === undefined)) return undefined;
  const coupons = couponAmounts(order.promotion_detail);
  const payer = objectField(order, 'payer');
  return {
    wallet_reference,
    wallet_merchant,
    state,
    ...defined({
      wallet_transaction_id,
      amount,
      currency: amount === undefined ? undefined : (textField(amounts, 'currency') ?? 'CNY'),
      payer_paid: fenField(amounts, 'payer_total') ?? fenField(amounts, 'payer_amount'),
      coupons,
      paid_at: timeField(order, 'success_time'),
      payer: textField(payer, 'openid') ?? textField(payer, 'sp_openid'),
      sub_merchant: textField(order, 'sub_mchid'),
    }),
  };
}

/**
 * The parts of a combined order, which have the names of their own for the same things. Undefined
 * when there are none, or one of them cannot be read.
 */
export function combinedFacts(content: WireObject): readonly PaymentFact[] | undefined {
  const parts = Array.isArray(content.sub_orders) ? content.sub_orders : [];
  const payer = textField(objectField(content, 'combine_payer_info'), 'openid');
  const facts: PaymentFact[] = [];
  for (const part of parts) {
    const fact = isWireObject(part) ? paymentFact(part) : undefined;
    if (!fact) return undefined;
    facts.push(payer === undefined ? fact : { ...fact, payer });
  }
  return facts.length === 0 ? undefined : facts;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The object without its undefined members: absent and undefined differ in the contract. */
function defined<T extends object>(value: T): Present<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== undefined),
  ) as Present<T>;
}

/**
 * Coupons by who funds them. A coupon that does not say is counted by its type: NOCASH is a
 * discount the merchant grants, anything else stays unattributed.
 */
export function couponAmounts(promotions: unknown): CouponAmounts | undefined {
  if (!Array.isArray(promotions) || promotions.length === 0) return undefined;
  const sum = { wallet_funded: 0n, merchant_funded: 0n, other_funded: 0n };
  for (const promotion of promotions) {
    if (!isWireObject(promotion)) continue;
    const wallet = fenField(promotion, 'wechatpay_contribute') ?? 0n;
    const merchant = fenField(promotion, 'merchant_contribute') ?? 0n;
    const other = fenField(promotion, 'other_contribute') ?? 0n;
    const rest = (fenField(promotion, 'amount') ?? 0n) - wallet - merchant - other;
    const unsaid = rest > 0n ? rest : 0n;
    const by_merchant = promotion.type === 'NOCASH';
    sum.wallet_funded += wallet;
    sum.merchant_funded += merchant + (by_merchant ? unsaid : 0n);
    sum.other_funded += other + (by_merchant ? 0n : unsaid);
  }
  return sum;
}

const REFUND_STATES: ReadonlyMap<string, RefundFact['state']> = new Map([
  ['PROCESSING', 'pending'],
  ['SUCCESS', 'succeeded'],
  ['CLOSED', 'refused'],
  ['ABNORMAL', 'needs_action'],
]);

/** Answers carry `status` and no merchant; notifications carry `refund_status` and `mchid`. */
export function refundFact(refund: WireObject, wallet_merchant: string): RefundFact | undefined {
  const refund_reference = textField(refund, 'out_refund_no');
  const wallet_reference = textField(refund, 'out_trade_no');
  const status = textField(refund, 'status') ?? textField(refund, 'refund_status') ?? '';
  const state = REFUND_STATES.get(status);
  const amount = objectField(refund, 'amount');
  if (!refund_reference || !wallet_reference || !state) return undefined;
  return {
    refund_reference,
    wallet_reference,
    wallet_merchant,
    state,
    ...defined({
      wallet_refund_id: textField(refund, 'refund_id'),
      amount: fenField(amount, 'refund'),
      advanced: fenField(amount, 'advance'),
      refunded_at: timeField(refund, 'success_time'),
    }),
  };
}
