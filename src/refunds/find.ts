import type { App } from '../app.ts';
import type { Payment } from '../payments/payment.ts';
import { selectRefunds } from './queries.ts';
import type { Refund } from './refund.ts';

/** The refunds of a payment, oldest first. */
export function findRefunds(app: App, payment: Pick<Payment, 'book' | 'id'>): Promise<Refund[]> {
  return selectRefunds(app.db, payment.book, payment.id);
}
