import type { App } from '../app.ts';
import { orderAtWallet } from '../combined/attempt-part.ts';
import { Refusal } from '../errors.ts';
import { NOTHING } from '../payments/changes.ts';
import type { RefundTarget } from '../wallets/products/stuck-refunds.ts';
import { advanceRefund } from './advance.ts';
import { changeRefund } from './changes.ts';
import { selectRefund } from './queries.ts';
import type { Refund } from './refund.ts';
import { record, seller, subjectOf } from './send.ts';

/**
 * A refund that cannot reach the payer the way the payment came: somebody names another way. The
 * card goes to the wallet, encrypted, and nowhere else. The same wish may be sent again.
 */
export async function resolveRefund(
  app: App,
  { book, id }: Refund,
  target: RefundTarget,
): Promise<Refund> {
  const { refund, payment, attempt, account } = await subjectOf(app, book, id);
  const { stuckRefunds } = app.wallets.connector(account.wallet);
  if (refund.state !== 'needs_action' || refund.wallet_refund_id === null) {
    throw new Refusal('state_conflict', {
      message: `the refund is ${refund.state}: only one that needs_action can be resolved`,
    });
  }
  if (!stuckRefunds) {
    throw new Refusal('state_conflict', {
      message: `${account.wallet} has no call for this: resolve it in its console`,
    });
  }
  const { refund_reference, wallet_refund_id } = refund;
  const order = await orderAtWallet(app, attempt, refund.part_id);
  const { wallet_reference } = order;
  const stuck = { refund_reference, wallet_reference, wallet_refund_id, ...seller(order) };
  const outcome = await stuckRefunds.resolve(account, stuck, target);
  await record(app, payment, attempt, outcome);
  switch (outcome.kind) {
    case 'fact':
      if (outcome.fact.state === 'pending') await underWay(app, refund);
      else await advanceRefund(app, account, outcome.fact, 'answer');
      break;
    case 'refused':
      throw new Refusal('wallet_refused', {
        message: outcome.message,
        wallet: { name: account.wallet, code: outcome.code, message: outcome.message },
      });
    case 'not_found':
    case 'unknown':
      throw new Refusal('outcome_unknown', {
        message: 'the wallet did not say what became of it; send the same wish again',
      });
    default:
      outcome satisfies never;
  }
  return (await subjectOf(app, book, id)).refund;
}

const FIRST_QUERY_MS = 2_000;
const MAX_ROUNDS = 20;

/** The wallet has taken it up again; a faster word of its end stands. */
async function underWay(app: App, { book, id }: Refund): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const refund = await selectRefund(app.db, book, id);
    if (refund?.state !== 'needs_action') return;
    const next_query_at = new Date(
      app.clock.real().getTime() + FIRST_QUERY_MS * app.config.retry_pace,
    );
    const rows = [changeRefund(refund, { state: 'pending', next_query_at })];
    if ((await app.ledger.submit({ book, ...NOTHING, rows })).kind === 'committed') return;
  }
  throw new Error(`refund ${id} keeps colliding`);
}
