import type { App } from '../app.ts';
import { closeParts } from '../combined/calls.ts';
import { assert } from '../errors.ts';
import {
  changeAttempt,
  changePayment,
  joinParts,
  type MoveParts,
  NOTHING,
  recordCall,
  step,
} from '../payments/changes.ts';
import { end } from '../payments/consequences.ts';
import { isOpen, mayBePaid } from '../payments/decide.ts';
import { findPayment } from '../payments/find.ts';
import { type Attempt, isLive, type Payment } from '../payments/payment.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { CloseOutcome, WalletAccount } from '../wallets/wallet.ts';
import { askWallet } from './ask-wallet.ts';
import { findAttempts } from './find.ts';
import { orderName } from './order-name.ts';

const MAX_ROUNDS = 8;
const ABANDONED_QUERY_MS = 10_000;
/** A wallet may take money that was confirmed at the last second. */
const GRACE_MS = 30_000;

/**
 * Closes one attempt at its wallet. Confirmed: it is closed. Already paid: the wallet is asked and
 * the fact takes its way. Unconfirmed (timeout, or a wallet that knows no trade while its code
 * lives): it is abandoned, and queried until its end.
 */
export async function closeAttempt(app: App, payment: Payment, attempt: Attempt): Promise<void> {
  const account = await requireAccount(app.wallets, attempt.wallet_account_id);
  const connector = app.wallets.connector(attempt.wallet);
  const outcome = attempt.combined
    ? await closeParts(app, attempt, account)
    : await connector.closePayment(account, ...orderName(attempt));
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
    const payment = await findPayment(app, id);
    assert(payment, `payment ${id} is gone`);
    const attempts = await findAttempts(app, payment);
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
        next_query_at: new Date(Date.now() + ABANDONED_QUERY_MS * app.config.retry_pace),
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

export function isOver(app: Pick<App, 'clock'>, attempt: Attempt): boolean {
  return app.clock.now().getTime() > attempt.expires_at.getTime() + GRACE_MS;
}
