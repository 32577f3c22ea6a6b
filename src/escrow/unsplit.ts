import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { NOTHING, recordCall } from '../payments/changes.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { Hold } from './hold.ts';

/** What the wallet says it still holds; undefined when it does not say. */
export async function unsplitAt(app: App, hold: Hold): Promise<bigint | undefined> {
  const { book, payment_id } = hold;
  const attempts = await findAttempts(app, { book, id: payment_id });
  const attempt = attempts.find(({ id }) => id === hold.attempt_id);
  const { splits } = app.wallets.connector(hold.wallet);
  if (!attempt?.wallet_transaction_id || !splits) return undefined;
  const account = await requireAccount(app.wallets, hold.wallet_account_id);
  const { wallet_reference, wallet_transaction_id } = attempt;
  const outcome = await splits.unsplitAmount(account, { wallet_reference, wallet_transaction_id });
  const row = recordCall(attempt, outcome.kind, outcome.trace);
  await app.ledger.submit({ book, ...NOTHING, rows: [row] });
  return outcome.kind === 'amount' ? outcome.amount : undefined;
}
