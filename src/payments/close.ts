import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { askWallet } from '../attempts/look-again.ts';
import { assert, Refusal } from '../errors.ts';
import { eachBook, eachGuarded } from '../jobs/due-work.ts';
import type { PeriodicSpec } from '../jobs/jobs.ts';
import type { CloseOutcome, WalletAccount } from '../wallets/wallet.ts';
import {
  changeAttempt,
  changePayment,
  joinParts,
  type MoveParts,
  NOTHING,
  recordCall,
  step,
} from './changes.ts';
import { closed, end } from './consequences.ts';
import { isOpen, mayBePaid } from './decide.ts';
import { type Attempt, type CloseReason, isLive, type Payment } from './payment.ts';
import { selectExpired, selectPayment } from './queries.ts';

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

/**
 * Closes one attempt at its wallet. Confirmed: it is closed. Already paid: the wallet is asked and
 * the fact takes its way. Unconfirmed (timeout, or a wallet that knows no trade while its code
 * lives): it is abandoned, and queried until its end.
 */
export async function closeAttempt(app: App, payment: Payment, attempt: Attempt): Promise<void> {
  const account = await app.wallets.account(attempt.wallet_account_id);
  assert(account, `wallet account ${attempt.wallet_account_id} is gone`);
  const connector = app.wallets.connector(attempt.wallet);
  const outcome = await connector.closePayment(account, attempt.wallet_reference);
  if (outcome.kind === 'already_paid') {
    const call = recordCall(attempt, outcome.kind, outcome.trace);
    await app.ledger.submit({ book: payment.book, ...NOTHING, rows: [call] });
    await askWallet(app, attempt, account);
    return;
  }
  await recordClose(app, payment, attempt, outcome, account);
}

async function recordClose(
  app: App,
  { book, id }: Payment,
  { id: attemptId }: Attempt,
  outcome: Exclude<CloseOutcome, { kind: 'already_paid' }>,
  account: WalletAccount,
): Promise<void> {
  let recorded = false;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const payment = await read(app, { book, id });
    const attempts = await findAttempts(app, { book, id });
    const attempt = attempts.find((entry) => entry.id === attemptId);
    assert(attempt, `attempt ${attemptId} is gone`);
    const call = recorded ? [] : [recordCall(attempt, outcome.kind, outcome.trace)];
    const parts = mayBePaid(attempt)
      ? consequences(app, payment, attempt, attempts, outcome)
      : NOTHING;
    const rows = [...parts.rows, ...call];
    if (rows.length === 0) return;
    const result = await app.ledger.submit({ book, ...parts, rows });
    if (result.kind === 'committed') return;
    if (!recorded) {
      await app.ledger.submit({ book, ...NOTHING, rows: call });
      recorded = true;
    }
  }
  app.log.warn({ attempt: attemptId, account: account.id }, 'a close keeps colliding');
}

function consequences(
  app: App,
  payment: Payment,
  attempt: Attempt,
  attempts: readonly Attempt[],
  outcome: Exclude<CloseOutcome, { kind: 'already_paid' }>,
): MoveParts {
  const confirmed =
    outcome.kind === 'closed' ||
    (outcome.kind === 'refused' && outcome.code === 'already_closed') ||
    // The wallet knows no trade and the code's own time is over: nobody can pay it any more.
    (outcome.kind === 'not_found' && isOver(app, attempt));
  if (confirmed) {
    const others = attempts.some((other) => other.id !== attempt.id && mayBePaid(other));
    return end(app, { payment, attempt, attempts }, payment.closing && !others && isOpen(payment));
  }
  if (attempt.state === 'abandoned') return NOTHING;
  const abandoned: MoveParts = {
    ...NOTHING,
    rows: [
      changeAttempt(attempt, {
        state: 'abandoned',
        next_query_at: new Date(Date.now() + ABANDONED_QUERY_MS),
      }),
    ],
    events: [
      step(payment, 'attempt.abandoned', {
        attempt: attempt.id,
        wallet: attempt.wallet,
        why: outcome.kind,
      }),
    ],
  };
  if (payment.state !== 'pending' || !isLive(attempt)) return abandoned;
  const freed = changePayment(payment, { state: 'requires_wallet' });
  return joinParts(abandoned, { ...NOTHING, rows: [freed] });
}

const ABANDONED_QUERY_MS = 10_000;
/** A wallet may take money that was confirmed at the last second. */
const GRACE_MS = 30_000;

export function isOver(app: Pick<App, 'clock'>, attempt: Attempt): boolean {
  return app.clock.now().getTime() > attempt.expires_at.getTime() + GRACE_MS;
}

const BATCH = 50;

/** Closes open payments whose business time is over. */
export const expirePayments: PeriodicSpec = {
  name: 'payments.expire',
  every_ms: 1_000,
  run: (app) =>
    eachBook(app, async (book) => {
      const due = await selectExpired(app.db, book, BATCH);
      await eachGuarded(app, 'expiry', due, async ({ id }) => {
        await requestClose(app, { book, id }, 'expired');
      });
    }),
};
