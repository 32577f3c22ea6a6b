import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { newId } from '../ids.ts';
import { eachBook, eachGuarded } from '../jobs/due-work.ts';
import type { PeriodicSpec } from '../jobs/jobs.ts';
import { holdAccount, merchantAccount } from '../ledger/accounts.ts';
import { NOTHING } from '../payments/changes.ts';
import type { Book } from '../ids.ts';
import { changeHold, holdEvent } from './changes.ts';
import { requireHold } from './find.ts';
import { leftOf, settledState, WARNING_DAYS } from './hold.ts';
import { selectDueHolds, selectEndingHolds } from './queries.ts';
import { releaseHold } from './release.ts';
import { unsplitAt } from './unsplit.ts';

const BATCH = 50;

/** Releases held money whose time has come. */
export const releaseDueHolds: PeriodicSpec = {
  name: 'holds.release',
  every_ms: 1_000,
  run: (app) =>
    eachBook(app, async (book) => {
      const due = await selectDueHolds(app.db, book, BATCH);
      await eachGuarded(app, 'release', due, ({ id }) => releaseDue(app, book, id));
    }),
};

async function releaseDue(app: App, book: Book, id: string): Promise<void> {
  const hold = await requireHold(app, book, id);
  const why = hold.capture === 'instant' ? 'sharing' : 'time';
  try {
    await releaseHold(app, { hold, why });
  } catch (error) {
    // Somebody was faster, or a refund has taken it: there is nothing to do any more.
    if (!(error instanceof Refusal)) throw error;
    app.log.debug({ err: error, hold: id }, 'a due hold was not released');
  }
}

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
    closed_at: hold.reserved === 0n ? app.clock.now() : null,
  };
  await app.ledger.submit({
    book,
    ...NOTHING,
    rows: [changeHold(hold, over)],
    postings: [
      {
        kind: 'posted',
        id: newId('pst', book),
        debit: holdAccount(hold.subject_id),
        credit: merchantAccount(hold.merchant_id),
        amount: left,
        currency: 'CNY',
        reason: 'wallet_limit',
        subject_id: hold.payment_id,
        business_at: app.clock.now(),
        fact: true,
      },
    ],
    events: [holdEvent(app, 'hold.released', { ...hold, ...over }, { why: 'wallet_limit' })],
  });
}
