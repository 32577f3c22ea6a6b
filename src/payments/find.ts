import type { App } from '../app.ts';
import { bookOf, isId } from '../ids.ts';
import type { Attempt, Payment } from './payment.ts';
import { selectAttempts, selectPayment } from './queries.ts';

/** The payment with this id, from its own book; undefined for anything that is not one. */
export async function findPayment(app: App, id: string): Promise<Payment | undefined> {
  return isId('pay', id) ? selectPayment(app.db, bookOf(id), id) : undefined;
}

export function findAttempts(app: App, payment: Payment): Promise<Attempt[]> {
  return selectAttempts(app.db, payment.book, payment.id);
}
