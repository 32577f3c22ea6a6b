import type { App } from '../app.ts';
import type { Book } from '../ids.ts';
import type { Attempt, Payment } from '../payments/payment.ts';
import { findPaymentIdByReference, selectAttempts } from './queries.ts';

/** The attempts of a payment, oldest first. */
export function findAttempts(app: App, payment: Pick<Payment, 'book' | 'id'>): Promise<Attempt[]> {
  return selectAttempts(app.db, payment.book, payment.id);
}

export interface ReferenceAt {
  readonly book: Book;
  readonly account_id: string;
  readonly wallet_reference: string;
}

/** References never move to another payment: what this process began it need not look up. */
const MAX_KNOWN = 20_000;
const known = new WeakMap<App, Map<string, string>>();

function nameOf({ book, account_id, wallet_reference }: ReferenceAt): string {
  return `${book} ${account_id} ${wallet_reference}`;
}

export function rememberReference(app: App, attempt: Attempt): void {
  const map = known.get(app) ?? new Map<string, string>();
  known.set(app, map);
  const [oldest] = map.size >= MAX_KNOWN ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
  map.set(nameOf({ ...attempt, account_id: attempt.wallet_account_id }), attempt.payment_id);
}

/** The payment whose attempt has this number at this wallet account, if any has. */
export async function paymentIdOfReference(app: App, at: ReferenceAt): Promise<string | undefined> {
  const remembered = known.get(app)?.get(nameOf(at));
  return (
    remembered ?? findPaymentIdByReference(app.db, at.book, at.account_id, at.wallet_reference)
  );
}
