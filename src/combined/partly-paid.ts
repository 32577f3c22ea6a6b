import type { App } from '../app.ts';
import { changeAttempt } from '../payments/changes.ts';
import { type FactSource, mayBePaid, type Situation } from '../payments/decide.ts';
import { endNoticed, noticeBreak } from '../reconciliation/breaks/notice.ts';
import type { PaymentFact, WalletAccount } from '../wallets/wallet.ts';
import { isPaid } from './judge.ts';
import { selectAttemptParts } from './queries.ts';

/**
 * Some parts of a combined order are paid and others are not. For moments that is how facts
 * arrive; a wallet that says so for longer has money that is in nobody's books.
 */
const LONGEST_MS = 15 * 60_000;

export async function noticePartlyPaid(
  app: App,
  account: WalletAccount,
  { payment, attempt }: Situation,
  facts: readonly PaymentFact[],
  source: FactSource,
): Promise<void> {
  // Asked before the rest was paid, and heard after: the whole is in the books.
  if (attempt.state === 'succeeded' || attempt.returned > 0n) return;
  const paid = facts.filter(isPaid);
  const since = Math.min(...paid.map(({ paid_at }) => (paid_at ?? attempt.created_at).getTime()));
  const isYoung = app.clock.now().getTime() < since + LONGEST_MS;
  if (isYoung && mayBePaid(attempt)) return;
  const sum = paid.reduce((total, { amount = 0n }) => total + amount, 0n);
  await noticeBreak(app, account, payment, {
    kind: 'partly_paid',
    subject: attempt.wallet_reference,
    // Nothing is noticed any more once somebody has heard of the whole.
    while: changeAttempt(attempt, { state: attempt.state }),
    why: `${source}: ${paid.length} parts are paid, and not the others`,
    detail: {
      source,
      wallet_reference: attempt.wallet_reference,
      expected_amount: attempt.amount.toString(),
      paid_amount: sum.toString(),
      paid: paid.map(({ wallet_reference }) => wallet_reference),
    },
  });
}

/** The order is whole: what was open about it, from a fact or from a bill, is over. */
export async function endPartlyPaid(
  app: App,
  account: WalletAccount,
  { payment, attempt }: Situation,
): Promise<void> {
  const parts = await selectAttemptParts(app.db, payment.book, attempt.id);
  const subjects = [attempt, ...parts].map(({ wallet_reference }) => wallet_reference);
  const why = 'the wallet has told of all parts';
  await endNoticed(app, account, payment, { kind: 'partly_paid', subjects, why });
}
