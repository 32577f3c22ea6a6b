import type { App } from '../app.ts';
import { assert } from '../errors.ts';
import type { Book } from '../ids.ts';
import type { Payment } from '../payments/payment.ts';
import { type Hold, holdIdOf } from './hold.ts';
import { selectHold } from './queries.ts';

/** The hold of a paid payment, if its money was ever held. */
export async function findHold(
  app: App,
  payment: Pick<Payment, 'book' | 'id' | 'terms'>,
): Promise<Hold | undefined> {
  if (payment.terms === null) return undefined;
  return selectHold(app.db, payment.book, holdIdOf(payment.id));
}

/** A hold that a row of ours names. */
export async function requireHold(app: App, book: Book, id: string): Promise<Hold> {
  const hold = await selectHold(app.db, book, id);
  assert(hold, `hold ${id} is gone`);
  return hold;
}
