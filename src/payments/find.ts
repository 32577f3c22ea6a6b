import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { type Caller, maySee } from '../http/caller.ts';
import { bookOf, isId } from '../ids.ts';
import type { Payment } from './payment.ts';
import { selectPayment } from './queries.ts';

/** The payment with this id, from its own book; undefined for anything that is not one. */
export async function findPayment(app: App, id: string): Promise<Payment | undefined> {
  return isId('pay', id) ? selectPayment(app.db, bookOf(id), id) : undefined;
}

/** The payment, if this caller may see it; what it may not see does not exist for it. */
export async function visiblePayment(app: App, caller: Caller, id: string): Promise<Payment> {
  const payment = await findPayment(app, id);
  if (!payment || !maySee(caller, payment)) throw new Refusal('not_found');
  // The other sellers' orders are in it.
  if (caller.role === 'merchant' && payment.parts.length > 0) throw new Refusal('not_found');
  return payment;
}
