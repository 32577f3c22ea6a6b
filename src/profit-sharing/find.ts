import type { App } from '../app.ts';
import type { Payment } from '../payments/payment.ts';
import { selectSplitByReference, selectSplitOrders } from './queries.ts';
import type { SplitOrder } from './split-order.ts';

/** Every request to the wallet about a payment's held money, oldest first. */
export function findSplitOrders(
  app: App,
  payment: Pick<Payment, 'book' | 'id'>,
): Promise<SplitOrder[]> {
  return selectSplitOrders(app.db, payment.book, payment.id);
}

/** The request with this number at the wallet. */
export function findSplitNamed(
  app: App,
  { book, split_reference }: Pick<SplitOrder, 'book' | 'split_reference'>,
): Promise<SplitOrder | undefined> {
  return selectSplitByReference(app.db, book, split_reference);
}
