import type { App } from '../app.ts';
import { closeAttempt } from '../attempts/close.ts';
import { findAttempts } from '../attempts/find.ts';
import { Refusal } from '../errors.ts';
import { eachBook, eachGuarded } from '../jobs/due-work.ts';
import type { PeriodicSpec } from '../jobs/jobs.ts';
import { changePayment, NOTHING, step } from './changes.ts';
import { closed } from './consequences.ts';
import { isOpen, mayBePaid } from './decide.ts';
import type { CloseReason, Payment } from './payment.ts';
import { selectExpired, selectPayment, selectUnfinishedCloses } from './queries.ts';

/**
 * Ending a payment without money: expiry or cancellation. Every attempt that can still be paid is
 * closed at its wallet; only when none is left is the payment closed and said to be.
 */
const MAX_ROUNDS = 8;

/** Answers the payment as it is after asking; `closing` when a wallet has not confirmed yet. */
export async function requestClose(
  app: App,
  payment: Pick<Payment, 'book' | 'id'>,
  reason: CloseReason,
): Promise<Payment> {
  await markClosing(app, payment, reason);
  const attempts = await findAttempts(app, payment);
  for (const attempt of attempts.filter(mayBePaid)) {
    const current = await read(app, payment);
    if (!isOpen(current)) return current;
    await closeAttempt(app, current, attempt);
  }
  return finishClose(app, payment);
}

async function read(app: App, { book, id }: Pick<Payment, 'book' | 'id'>): Promise<Payment> {
  const payment = await selectPayment(app.db, book, id);
  if (!payment) throw new Refusal('not_found');
  return payment;
}

async function markClosing(
  app: App,
  { book, id }: Pick<Payment, 'book' | 'id'>,
  reason: CloseReason,
): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const payment = await read(app, { book, id });
    if (payment.state === 'succeeded') {
      throw new Refusal('state_conflict', { message: 'the payment is paid; refund it instead' });
    }
    if (payment.state === 'closed' || payment.closing) return;
    const result = await app.ledger.submit({
      book,
      ...NOTHING,
      rows: [changePayment(payment, { closing: true, close_reason: reason })],
      events: [step(payment, 'payment.close_requested', { reason })],
    });
    if (result.kind === 'committed') return;
  }
  throw new Refusal('concurrent_change');
}

/** Closes the payment when no attempt can be paid any more; says what it is now. */
export async function finishClose(
  app: App,
  { book, id }: Pick<Payment, 'book' | 'id'>,
): Promise<Payment> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const payment = await read(app, { book, id });
    if (!isOpen(payment) || !payment.closing) return payment;
    const attempts = await findAttempts(app, { book, id });
    if (attempts.some(mayBePaid)) return payment;
    const result = await app.ledger.submit({ book, ...closed(app, payment) });
    if (result.kind === 'committed') return read(app, { book, id });
  }
  throw new Refusal('concurrent_change');
}

const BATCH = 50;

/** Closes open payments whose business time is over, and ends the closes that others began. */
export const expirePayments: PeriodicSpec = {
  name: 'payments.expire',
  every_ms: 1_000,
  run: (app) =>
    eachBook(app, async (book) => {
      const due = await selectExpired(app.db, book, BATCH);
      await eachGuarded(app, 'expiry', due, async ({ id }) => {
        await requestClose(app, { book, id }, 'expired');
      });
      const left = await selectUnfinishedCloses(app.db, book, BATCH);
      await eachGuarded(app, 'close', left, async ({ id }) => {
        await finishClose(app, { book, id });
      });
    }),
};
