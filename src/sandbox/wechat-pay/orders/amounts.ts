import type { OrderRecord } from './records.ts';

/**
 * The three amounts of an order: what it costs (`total`), what the payer pays (less the coupon),
 * and what the seller gets before fees (less a coupon the seller funds itself). Refunds divide the
 * last two pro rata and cumulatively, so that all parts together give all of it.
 */
type Amounts = Pick<OrderRecord, 'total' | 'coupon' | 'refunded'>;

export function payerTotal(order: Pick<OrderRecord, 'total' | 'coupon'>): bigint {
  return order.total - (order.coupon?.amount ?? 0n);
}

export function settlementTotal(order: Pick<OrderRecord, 'total' | 'coupon'>): bigint {
  const own = order.coupon?.funded_by === 'merchant' ? order.coupon.amount : 0n;
  return order.total - own;
}

/** What the payer gets of a refund of `amount` that comes after `order.refunded`. */
export function payerRefund(order: Amounts, amount: bigint): bigint {
  return share(order, payerTotal(order), amount);
}

/** What the seller gives for a refund of `amount` that comes after `order.refunded`. */
export function settlementRefund(order: Amounts, amount: bigint): bigint {
  return share(order, settlementTotal(order), amount);
}

function share(order: Amounts, whole: bigint, amount: bigint): bigint {
  const upTo = (refunded: bigint) =>
    refunded === order.total ? whole : (whole * refunded) / order.total;
  return upTo(order.refunded + amount) - upTo(order.refunded);
}
