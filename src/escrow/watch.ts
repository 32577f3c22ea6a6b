import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import type { Book } from '../ids.ts';
import { eachBook, eachGuarded } from '../jobs/due-work.ts';
import type { PeriodicSpec } from '../jobs/jobs.ts';
import { NOTHING, recordCall } from '../payments/changes.ts';
import { requireAccount } from '../wallets/registry.ts';
import { changeHold, holdEvent, releasedByWallet } from './changes.ts';
import { requireHold } from './find.ts';
import { type Hold, leftOf, settledState, WARNING_DAYS } from './hold.ts';
import { putOffQuestion, selectEndingHolds } from './queries.ts';

const BATCH = 50;
const ASKED_AGAIN_MS = 300_000;

/** Warns of disputes that the wallet's own limit would decide, and books what it has released. */
export const watchHolds: PeriodicSpec = {
  name: 'holds.watch',
  every_ms: 1_000,
  run: (app) =>
    eachBook(app, async (book) => {
      const due = await selectEndingHolds(app.db, book, {
        warning_days: WARNING_DAYS,
        limit: BATCH,
      });
      await eachGuarded(app, 'hold watch', due, ({ id }) => watch(app, book, id));
    }),
};

async function watch(app: App, book: Book, id: string): Promise<void> {
  const hold = await requireHold(app, book, id);
  if (hold.state !== 'held') return;
  const now = app.clock.now();
  if (now < hold.wallet_limit_at) {
    if (hold.disputed_at === null || hold.warned_at !== null) return;
    const warned = { warned_at: now, sequence: hold.sequence + 1 };
    await app.ledger.submit({
      book,
      ...NOTHING,
      rows: [changeHold(hold, warned)],
      events: [holdEvent(app, 'hold.limit_near', { ...hold, ...warned })],
    });
    return;
  }
  await putOffQuestion(app.db, hold, ASKED_AGAIN_MS * app.config.retry_pace);
  if ((await unsplitAt(app, hold)) === 0n) await lapse(app, book, id);
}

/** The wallet has given to the merchant what nobody had decided on in time. */
async function lapse(app: App, book: Book, id: string): Promise<void> {
  const hold = await requireHold(app, book, id);
  const left = leftOf(hold);
  if (hold.state !== 'held' || left === 0n) return;
  const amounts = { ...hold, released: hold.released + left };
  const over = {
    released: amounts.released,
    state: settledState(hold, amounts),
    sequence: hold.sequence + 1,
    disputed_at: null,
    dispute_reason: null,
    closed_at: hold.reserved === 0n ? app.clock.now() : null,
  };
  await app.ledger.submit({
    book,
    ...NOTHING,
    rows: [changeHold(hold, over)],
    postings: [releasedByWallet(app, hold, left)],
    events: [holdEvent(app, 'hold.released', { ...hold, ...over }, { why: 'wallet_limit' })],
  });
}

/** What the wallet says it still holds; undefined when it does not say. */
async function unsplitAt(app: App, hold: Hold): Promise<bigint | undefined> {
  const { book, payment_id } = hold;
  const attempts = await findAttempts(app, { book, id: payment_id });
  const attempt = attempts.find(({ id }) => id === hold.attempt_id);
  const { splits } = app.wallets.connector(hold.wallet);
  if (!attempt?.wallet_transaction_id || !splits) return undefined;
  const account = await requireAccount(app.wallets, hold.wallet_account_id);
  const { wallet_reference, wallet_transaction_id, sub_merchant } = attempt;
  const outcome = await splits.unsplitAmount(account, {
    wallet_reference,
    wallet_transaction_id,
    ...(sub_merchant === null ? {} : { sub_merchant }),
  });
  const row = recordCall(attempt, outcome.kind, outcome.trace);
  await app.ledger.submit({ book, ...NOTHING, rows: [row] });
  return outcome.kind === 'amount' ? outcome.amount : undefined;
}
