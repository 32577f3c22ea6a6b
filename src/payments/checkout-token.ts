import type { App } from '../app.ts';
import { type Book, bookCode, bookOf, sha256 } from '../ids.ts';
import type { Payment } from './payment.ts';
import { selectPaymentByToken } from './queries.ts';

/**
 * The checkout URL carries its own 128-bit token, never the payment id (decision 0002). The token
 * is derived from the master key, so every copy of one create answers the same URL and nothing
 * secret is stored; the database holds its hash.
 */
const BOOK_LENGTH = 2;
const TOKEN = /^[0-9A-HJKMNP-TV-Z]{2}[\w-]{22}$/;

export function checkoutToken(app: Pick<App, 'vault'>, book: Book, paymentId: string): string {
  return bookCode(book) + app.vault.token('checkout', paymentId);
}

export function checkoutUrl(
  app: Pick<App, 'vault' | 'public_url'>,
  payment: Pick<Payment, 'book' | 'id'>,
): string {
  return `${app.public_url}/c/${checkoutToken(app, payment.book, payment.id)}`;
}

export async function paymentByCheckoutToken(
  app: App,
  token: string,
): Promise<Payment | undefined> {
  if (!TOKEN.test(token)) return undefined;
  // Only the book's two characters: the rest may hold the underscore that ends an id's prefix.
  return selectPaymentByToken(app.db, bookOf(token.slice(0, BOOK_LENGTH)), sha256(token));
}
