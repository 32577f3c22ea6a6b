import type { App } from '../app.ts';
import { advanceCombined } from '../combined/advance.ts';
import { queryParts } from '../combined/calls.ts';
import { advance } from '../payments/advance.ts';
import { NOTHING, recordCall } from '../payments/changes.ts';
import type { Attempt } from '../payments/payment.ts';
import type { QueryOutcome, WalletAccount } from '../wallets/wallet.ts';
import { orderName } from './order-name.ts';

/** Asks once and applies the answer; the answer is returned for the caller's own decision. */
export async function askWallet(
  app: App,
  attempt: Attempt,
  account: WalletAccount,
): Promise<QueryOutcome> {
  if (attempt.combined) return askForParts(app, attempt, account);
  const connector = app.wallets.connector(attempt.wallet);
  const outcome = await connector.queryPayment(account, ...orderName(attempt));
  const call = recordCall(attempt, outcomeWord(outcome), outcome.trace);
  await app.ledger.submit({ book: attempt.book, ...NOTHING, rows: [call] });
  if (outcome.kind === 'fact') await advance(app, account, outcome.fact, 'query');
  return outcome;
}

async function askForParts(
  app: App,
  attempt: Attempt,
  account: WalletAccount,
): Promise<QueryOutcome> {
  const outcome = await queryParts(app, attempt, account);
  const call = recordCall(attempt, outcome.kind, outcome.trace);
  await app.ledger.submit({ book: attempt.book, ...NOTHING, rows: [call] });
  if (outcome.kind !== 'facts') return outcome;
  const { wallet_reference } = attempt;
  const { parts: facts, trace } = outcome;
  await advanceCombined(app, account, { wallet_reference, facts }, 'query');
  const [fact] = facts;
  return fact ? { kind: 'fact', fact, trace } : { kind: 'unknown', cause: 'no parts', trace };
}

function outcomeWord(outcome: QueryOutcome): string {
  return outcome.kind === 'fact' ? outcome.fact.state : outcome.kind;
}
