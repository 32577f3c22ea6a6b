import type { App } from '../app.ts';
import type { Book } from '../ids.ts';
import { planQuestion } from '../jobs/due-work.ts';
import { changeAttempt, changePayment, NOTHING, step } from '../payments/changes.ts';
import { finishClose } from '../payments/close.ts';
import { mayBePaid } from '../payments/decide.ts';
import { findPayment } from '../payments/find.ts';
import { type Attempt, isLive, type Payment } from '../payments/payment.ts';
import { requireAccount } from '../wallets/registry.ts';
import { askWallet } from './ask-wallet.ts';
import { closeAttempt, isOver } from './close.ts';
import { selectAttempt, selectAttempts } from './queries.ts';

/**
 * Asking the wallet. An unknown outcome is a state with a next question; only the wallet's answer
 * ends it. Gaps grow from seconds to minutes and never end by themselves.
 */
const LONGEST_GAP_MS = 300_000;
const GAPS_MS = [5_000, 10_000, 30_000, 60_000, LONGEST_GAP_MS];

/** The due question of one attempt, and what follows when its time is over. */
export async function queryAttempt(app: App, book: Book, id: string): Promise<void> {
  const attempt = await selectAttempt(app.db, book, id);
  if (!attempt || !mayBePaid(attempt)) return;
  const outcome = await askWallet(
    app,
    attempt,
    await requireAccount(app.wallets, attempt.wallet_account_id),
  );
  const payment = await findPayment(app, attempt.payment_id);
  const now = await selectAttempt(app.db, book, id);
  if (payment && now && mayBePaid(now)) {
    if (isOver(app, now)) await closeAttempt(app, payment, now);
    else if (outcome.kind === 'not_found') await giveUpUnborn(app, payment, now);
    await planQuestion(app, 'attempts', now, GAPS_MS);
  }
  await finishClose(app, { book, id: attempt.payment_id });
}

/** The wallet never heard of an attempt whose call got no answer: another may begin. */
async function giveUpUnborn(app: App, payment: Payment, attempt: Attempt): Promise<void> {
  if (attempt.state !== 'created' && attempt.state !== 'unknown') return;
  const told = { attempt: attempt.id, wallet: attempt.wallet, why: 'not_found' };
  await app.ledger.submit({
    book: payment.book,
    ...NOTHING,
    rows: [
      changeAttempt(attempt, { state: 'abandoned' }),
      ...(payment.state === 'pending'
        ? [changePayment(payment, { state: 'requires_wallet' as const })]
        : []),
    ],
    events: [step(payment, 'attempt.abandoned', told)],
  });
}

const THROTTLE_MS = 2_000;
const MAX_REMEMBERED = 10_000;
const asked = new Map<string, number>();

/** For a person who waits: asks about the live attempt now, at most every two seconds. */
export async function lookAgain(app: App, payment: Payment): Promise<Payment> {
  const last = asked.get(payment.id) ?? 0;
  if (Date.now() - last < THROTTLE_MS * app.config.retry_pace) return payment;
  if (asked.size >= MAX_REMEMBERED) asked.clear();
  asked.set(payment.id, Date.now());
  const live = (await selectAttempts(app.db, payment.book, payment.id)).find(isLive);
  if (!live || live.state === 'created') return payment;
  await askWallet(app, live, await requireAccount(app.wallets, live.wallet_account_id));
  return (await findPayment(app, payment.id)) ?? payment;
}
