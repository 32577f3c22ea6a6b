import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { type OrderAtWallet, orderAtWallet } from '../combined/attempt-part.ts';
import { assert } from '../errors.ts';
import { planQuestion } from '../jobs/due-work.ts';
import { NOTHING, recordCall, step } from '../payments/changes.ts';
import { findPayment } from '../payments/find.ts';
import type { Attempt, Payment } from '../payments/payment.ts';
import { PASSING, type RefusalCode } from '../wallets/outcome.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { RefundOutcome, WalletAccount } from '../wallets/wallet.ts';
import { advanceRefund, refuseRefund } from './advance.ts';
import { changeRefund } from './changes.ts';
import { prepareReturns } from './holds.ts';
import { selectRefund, selectRefunds } from './queries.ts';
import { isFinal, isUndecided, isUnfunded, type Refund } from './refund.ts';
import { fundWaiting } from './sources/fund-waiting.ts';

/**
 * Sending a refund to its wallet, one at a time per order there, always under the same number. What
 * the wallet says takes the same way as a notification; what it does not say is asked again.
 */
export type SendResult = 'answered' | 'waits' | 'try_again';

/** Refusals that are about the moment, not about the refund: the same number is sent again. */
const SENT_AGAIN: ReadonlySet<RefusalCode> = new Set([
  ...PASSING,
  'insufficient_funds',
  // The number is ours alone, so money may have left under it.
  'reference_reused',
]);

interface Subject {
  readonly refund: Refund;
  readonly payment: Payment;
  readonly attempt: Attempt;
  readonly account: WalletAccount;
}

export async function sendRefund(app: App, { book, id }: Refund): Promise<SendResult> {
  const subject = await subjectOf(app, book, id);
  const { refund, payment, attempt, account } = subject;
  if (isFinal(refund) || refund.state === 'pending') return 'answered';
  if (await mustWait(app, refund)) return 'waits';
  if (isUnfunded(refund)) {
    const now = await fundWaiting(app, subject);
    return now === 'funded' ? sendRefund(app, refund) : now;
  }
  const connector = app.wallets.connector(attempt.wallet);
  const by_request = connector.splits?.returnSplit !== undefined;
  const ready = await prepareReturns(app, refund, { by_request });
  if (ready.kind === 'waits') return 'waits';
  const { split_returns = [] } = ready;
  const order = await orderAtWallet(app, attempt, refund.part_id);
  const outcome = await connector.refund(account, {
    wallet_reference: order.wallet_reference,
    ...(order.wallet_transaction_id === null
      ? {}
      : { wallet_transaction_id: order.wallet_transaction_id }),
    refund_reference: refund.refund_reference,
    amount: refund.amount,
    payment_amount: order.amount,
    currency: 'CNY',
    reason: refund.reason,
    notify_url: `${app.public_url}/notify/${attempt.wallet}/${account.id}`,
    ...(split_returns.length === 0 ? {} : { split_returns }),
    ...seller(order),
  });
  await record(app, payment, attempt, outcome);
  return apply(app, subject, outcome);
}

/** The seller under a platform's account: the wallet finds the order by both. */
export function seller({ sub_merchant }: OrderAtWallet): { readonly sub_merchant?: string } {
  return sub_merchant === null ? {} : { sub_merchant };
}

/** An earlier refund of the same order at the wallet has no definite answer yet. */
async function mustWait(app: App, refund: Refund): Promise<boolean> {
  const refunds = await selectRefunds(app.db, refund.book, refund.payment_id);
  return refunds.some(
    (other) => other.id < refund.id && isSameOrder(other, refund) && isUndecided(other),
  );
}

/**
 * What a wallet keeps for refunds (a pause between two, returns of shares, what is left) it keeps
 * for each order. Another try, or the part of another seller, may wait for money that never comes.
 */
function isSameOrder(one: Refund, other: Refund): boolean {
  return one.attempt_id === other.attempt_id && one.part_id === other.part_id;
}

/** A refund with all that a call about it needs. */
export async function subjectOf(app: App, book: number, id: string): Promise<Subject> {
  const refund = await selectRefund(app.db, book, id);
  assert(refund, `refund ${id} is gone`);
  const payment = await findPayment(app, refund.payment_id);
  assert(payment, `payment ${refund.payment_id} is gone`);
  const attempts = await findAttempts(app, payment);
  const attempt = attempts.find((entry) => entry.id === refund.attempt_id);
  assert(attempt, `attempt ${refund.attempt_id} is gone`);
  const account = await requireAccount(app.wallets, attempt.wallet_account_id);
  return { refund, payment, attempt, account };
}

export async function record(
  app: App,
  payment: Payment,
  attempt: Attempt,
  outcome: RefundOutcome,
): Promise<void> {
  const word = outcome.kind === 'fact' ? outcome.fact.state : outcome.kind;
  const row = recordCall(attempt, word, outcome.trace);
  await app.ledger.submit({ book: payment.book, ...NOTHING, rows: [row] });
}

async function apply(
  app: App,
  { refund, payment, account }: Subject,
  outcome: RefundOutcome,
): Promise<SendResult> {
  switch (outcome.kind) {
    case 'fact': {
      const { outcome: heard } = await advanceRefund(app, account, outcome.fact, 'answer');
      // About another merchant or amount: a break tells it, and the refund still needs its answer.
      return heard === 'refuse' || heard === 'unknown_refund' ? 'try_again' : 'answered';
    }
    case 'refused':
      if (SENT_AGAIN.has(outcome.code)) return 'try_again';
      await refuseRefund(app, refund, { code: outcome.code, message: outcome.message });
      return 'answered';
    case 'not_found':
    case 'unknown': {
      const cause = outcome.kind === 'unknown' ? outcome.cause : 'not_found';
      await app.ledger.submit({
        book: refund.book,
        ...NOTHING,
        rows: refund.state === 'created' ? [changeRefund(refund, { state: 'unknown' })] : [],
        events: [step(payment, 'fact.ignored', { refund: refund.id, why: 'unknown', cause })],
      });
      return 'try_again';
    }
    default:
      return outcome satisfies never;
  }
}

const QUERY_GAPS_MS = [5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000];

/** The due question about a refund that the wallet accepted but has not finished. */
export async function queryRefund(app: App, book: number, id: string): Promise<void> {
  const { refund, payment, attempt, account } = await subjectOf(app, book, id);
  if (isFinal(refund)) return;
  const order = await orderAtWallet(app, attempt, refund.part_id);
  const outcome = await app.wallets.connector(attempt.wallet).queryRefund(account, {
    refund_reference: refund.refund_reference,
    wallet_reference: order.wallet_reference,
    ...seller(order),
  });
  await record(app, payment, attempt, outcome);
  if (outcome.kind === 'fact') await advanceRefund(app, account, outcome.fact, 'query');
  await planQuestion(app, 'refunds', refund, QUERY_GAPS_MS);
}
