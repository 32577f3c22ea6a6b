import type { Event, Payment, Refund } from '../../src/client/objects.ts';
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
  const { object } = event.data;
  if (object.object === 'hold' || object.object === 'split') return;
  const reference =
    object.object === 'payment' ? object.order.reference : object.reference.replace(/-R\d+$/, '');
  const order = book.get(reference);
  if (!order || order.shop !== shop) return;
  const payment = object.object === 'payment' ? object.id : object.payment;
  if (order.payment !== payment) return;
  if (object.object === 'refund') hearRefund(order, object, event.sequence);
  else hearPayment(order, object, event.sequence);
  book.put(order.reference, order);
}

function hearPayment(order: ShopOrder, payment: Payment, sequence: number): void {
  if (sequence <= order.sequence) return;
  order.sequence = sequence;
  order.payment_state = payment.state;
  order.wallet = payment.wallet;
}

/** Money that the hub sent back by itself was never part of the order's own. */
function hearRefund(order: ShopOrder, refund: Refund, sequence: number): void {
  if (refund.origin !== 'requested') return;
  const known = order.refunds.find((entry) => entry.reference === refund.reference);
  if (known && known.sequence >= sequence) return;
  const { reference, amount, state } = refund;
  order.refunds = [
    ...order.refunds.filter((entry) => entry.reference !== reference),
    { reference, amount, state, sequence },
  ];
}
