import { toYuan } from '../../../money.ts';
import type { Collection } from '../../store.ts';
import type { Alipay, Trade } from '../books.ts';

/**
 * Coupons: the order total stays, but the payer pays less, and what the merchant gives away itself
 * the merchant does not get. https://opendocs.alipay.com/open/82ea786a_alipay.trade.query
 */
export type Funder = 'wallet' | 'merchant' | 'other';

/** A coupon in somebody's wallet; gone once it is used. */
export interface Coupon {
  readonly id: string;
  readonly person: string;
  readonly name: string;
  readonly funder: Funder;
  readonly amount: bigint;
  /** Smallest order it is good for. */
  readonly min_amount: bigint;
  /** Good at this merchant only. */
  readonly seller_id: string | null;
}

/** What a coupon gave to one trade. */
export interface Voucher {
  readonly id: string;
  readonly name: string;
  readonly funder: Funder;
  readonly amount: bigint;
}

export type Coupons = Collection<Coupon>;

/** The coupons that this payment would use, oldest first; the payer pays at least one fen. */
export function couponsFor(alipay: Alipay, trade: Trade, person: string): Coupon[] {
  const chosen: Coupon[] = [];
  let rest = trade.amount;
  for (const coupon of alipay.coupons.values()) {
    if (coupon.person !== person || coupon.min_amount > trade.amount) continue;
    if (coupon.seller_id !== null && coupon.seller_id !== trade.seller_id) continue;
    if (coupon.amount >= rest) continue;
    chosen.push(coupon);
    rest -= coupon.amount;
  }
  return chosen;
}

/** Takes the coupons from the payer's wallet and notes on the trade what they gave. */
export function useCoupons(alipay: Alipay, trade: Trade, coupons: readonly Coupon[]): void {
  trade.vouchers = coupons.map(({ id, name, funder, amount }) => ({ id, name, funder, amount }));
  for (const { id } of coupons) alipay.coupons.delete(id);
}

function sum(amounts: readonly { readonly amount: bigint }[]): bigint {
  return amounts.reduce((total, { amount }) => total + amount, 0n);
}

export function fundedBy(trade: Trade, funder: Funder): bigint {
  return sum(trade.vouchers.filter((voucher) => voucher.funder === funder));
}

/** What left the payer's account. */
export function buyerPaid(trade: Trade): bigint {
  return trade.amount - sum(trade.vouchers);
}

/** What the merchant gets, before the fee. */
export function receiptOf(trade: Trade): bigint {
  return trade.amount - fundedBy(trade, 'merchant');
}

/** The part of `whole` that goes with a refund: cumulative, so that all refunds give it all. */
export function refundShare(trade: Trade, refund: bigint, whole: bigint): bigint {
  const before = (whole * trade.refunded) / trade.amount;
  return (whole * (trade.refunded + refund)) / trade.amount - before;
}

/** Amounts of a paid trade as query, notification and charge say them. */
export function amountsOf(trade: Trade): Record<string, string> {
  return {
    total_amount: toYuan(trade.amount),
    receipt_amount: toYuan(receiptOf(trade)),
    invoice_amount: toYuan(buyerPaid(trade)),
    buyer_pay_amount: toYuan(buyerPaid(trade)),
    point_amount: '0.00',
  };
}

const CHANNELS: Readonly<Record<Funder, string>> = {
  wallet: 'COUPON',
  merchant: 'MDISCOUNT',
  other: 'DISCOUNT',
};

export function fundBills(trade: Trade, key: 'fundChannel' | 'fund_channel') {
  const own = { amount: toYuan(buyerPaid(trade)), [key]: 'ALIPAYACCOUNT' };
  const others = trade.vouchers.map(({ funder, amount }) => ({
    amount: toYuan(amount),
    [key]: CHANNELS[funder],
  }));
  return [own, ...others];
}

/** Vouchers with their funders; notifications write the names in camel case. */
export function voucherDetails(trade: Trade, style: 'camel' | 'snake') {
  const merchant = style === 'camel' ? 'merchantContribute' : 'merchant_contribute';
  const other = style === 'camel' ? 'otherContribute' : 'other_contribute';
  return trade.vouchers.map(({ id, name, funder, amount }) => ({
    id,
    name,
    type: funder === 'merchant' ? 'ALIPAY_BIZ_VOUCHER' : 'ALIPAY_CASH_VOUCHER',
    amount: toYuan(amount),
    [merchant]: toYuan(funder === 'merchant' ? amount : 0n),
    [other]: toYuan(funder === 'other' ? amount : 0n),
  }));
}

/** Who gave how much, where anything was given. */
export function discountsOf(trade: Trade): Record<string, string> {
  if (trade.vouchers.length === 0) return {};
  return {
    mdiscount_amount: toYuan(fundedBy(trade, 'merchant')),
    discount_amount: toYuan(fundedBy(trade, 'wallet')),
  };
}
