import type { App } from '../app.ts';
import type { Book } from '../ids.ts';
import type { Attempt, Payment } from '../payments/payment.ts';
import { findPaymentIdByReference, selectAttempts } from './queries.ts';

/** The attempts of a payment, oldest first. */
export function findAttempts(app: App, payment: Pick<Payment, 'book' | 'id'>): Promise<Attempt[]> {
  return selectAttempts(app.db, payment.book, payment.id);
}

/** The payment whose attempt has this number at this wallet account, if any has. */
export function paymentIdOfReference(
  app: App,
  at: { readonly book: Book; readonly account_id: string; readonly wallet_reference: string },
): Promise<string | undefined> {
  return findPaymentIdByReference(app.db, at.book, at.account_id, at.wallet_reference);
}
