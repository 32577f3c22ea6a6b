import type { Event } from '../../src/client/events.ts';
import type { Payment, Refund } from '../../src/client/objects.ts';
import type { ShopSlug } from './shops.ts';

/** The shop's own book of orders; what was paid it knows from verified webhooks only. */
export type OrderState = 'unpaid' | 'paid' | 'closed' | 'partially_refunded' | 'refunded';

export interface ShopRefund {
  readonly reference: string;
  /** Fen. */
  readonly amount: number;
  readonly state: Refund['state'];
  readonly sequence: number;
}

export interface ShopOrder {
  readonly reference: string;
  readonly shop: ShopSlug;
  readonly product: string;
  /** What was bought, in the buyer's language; the wallet shows it. */
  readonly title: string;
  /** Fen. */
  readonly amount: number;
  readonly created_at: string;
  /** Absent until the hub answered. */
  payment?: string;
  checkout_url?: string;
  payment_state: Payment['state'];
  wallet: string | null;
  /** Of the newest payment event that was heard. */
  sequence: number;
  refunds: readonly ShopRefund[];
}

/** What the shop keeps between starts; a sandbox store's collection fits. */
export interface OrderBook {
  get(reference: string): ShopOrder | undefined;
  put(reference: string, order: ShopOrder): void;
  values(): Iterable<ShopOrder>;
}

export function refundedAmount(order: ShopOrder): number {
  return order.refunds
    .filter((refund) => refund.state === 'succeeded')
    .reduce((sum, refund) => sum + refund.amount, 0);
}

/** Still to be had back: neither refunded nor on its way. */
export function refundableAmount(order: ShopOrder): number {
  if (order.payment_state !== 'succeeded') return 0;
  const gone = order.refunds
    .filter((refund) => refund.state !== 'refused')
    .reduce((sum, refund) => sum + refund.amount, 0);
  return Math.max(0, order.amount - gone);
}

export function stateOf(order: ShopOrder): OrderState {
  if (order.payment_state === 'closed') return 'closed';
  if (order.payment_state !== 'succeeded') return 'unpaid';
  const refunded = refundedAmount(order);
  if (refunded === 0) return 'paid';
  return refunded >= order.amount ? 'refunded' : 'partially_refunded';
}

/** A refund's own number begins with its order's. */
export function refundReference(order: ShopOrder): string {
  return `${order.reference}-R${order.refunds.length + 1}`;
}

/** Webhooks come at least once and in any order: an older one than the last heard is old news. */
export function hear(book: OrderBook, shop: ShopSlug, event: Event): void {
  const { sequence } = event;
  const { object } = event.data;
  switch (object.object) {
    case 'payment': {
      const order = orderOf(book, shop, object.order.reference, object.id);
      if (order) book.put(order.reference, hearPayment(order, object, sequence));
      return;
    }
    case 'refund': {
      const order = orderOf(book, shop, object.reference.replace(/-R\d+$/, ''), object.payment);
      if (order) book.put(order.reference, hearRefund(order, object, sequence));
      return;
    }
    // Held money, sellers' payouts and closes of days are no business of an order page.
    default:
  }
}

function orderOf(
  book: OrderBook,
  shop: ShopSlug,
  reference: string,
  payment: string,
): ShopOrder | undefined {
  const order = book.get(reference);
  return order?.shop === shop && order.payment === payment ? order : undefined;
}

function hearPayment(order: ShopOrder, payment: Payment, sequence: number): ShopOrder {
  if (sequence <= order.sequence) return order;
  order.sequence = sequence;
  order.payment_state = payment.state;
  order.wallet = payment.wallet;
  return order;
}

/** Money that the hub sent back by itself was never part of the order's own. */
function hearRefund(order: ShopOrder, refund: Refund, sequence: number): ShopOrder {
  if (refund.origin !== 'requested') return order;
  const known = order.refunds.find((entry) => entry.reference === refund.reference);
  if (known && known.sequence >= sequence) return order;
  const { reference, amount, state } = refund;
  order.refunds = [
    ...order.refunds.filter((entry) => entry.reference !== reference),
    { reference, amount, state, sequence },
  ];
  return order;
}
