import type { App } from '../app.ts';
import { assert, Refusal } from '../errors.ts';
import type { Book } from '../ids.ts';
import { waitLonger } from '../jobs/backoff.ts';
import { askWhenDue, eachBook, eachGuarded, planQuestion } from '../jobs/due-work.ts';
import type { JobSpec, PeriodicSpec } from '../jobs/jobs.ts';
import { lastFullDay } from '../settlement/settle.ts';
import { pursueCancellation } from './cancel.ts';
import { createPayout } from './create.ts';
import { isOpen } from './payout.ts';
import { selectDue, selectPayout } from './queries.ts';
import { askPayout, sendPayout } from './send.ts';

const BATCH = 50;
const AGAIN_MS = 3_000;
const LONGEST_MS = 3_600_000;

/** Asks and sends until the wallet answers. */
export const sendPayoutJob: JobSpec = {
  kind: 'payout.send',
  max_tries: 100,
  concurrency: 4,
  first_gap_ms: 1_000,
  max_gap_ms: 3_600_000,
  run: async (app, job) => {
    const payout = await selectPayout(app.db, job.book, job.key);
    assert(payout, `payout ${job.key} is gone`);
    const sent = await sendPayout(app, payout, { first: false });
    if (sent === 'answered') return { done: true };
    const { retry_pace } = app.config;
    const gaps = { first_ms: AGAIN_MS * retry_pace, max_ms: LONGEST_MS * retry_pace };
    return { again_in_ms: waitLonger(job.age_ms, gaps) };
  },
};

const QUERY_GAPS_MS = [5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000];

/** The due question about a payout that the wallet took but has not finished. */
export async function queryPayout(app: App, book: Book, id: string): Promise<void> {
  const payout = await selectPayout(app.db, book, id);
  assert(payout, `payout ${id} is gone`);
  if (!isOpen(payout)) return;
  await askPayout(app, payout);
  if (payout.cancel_requested_at !== null) await pursueCancellation(app, payout);
  await planQuestion(app, 'payouts', payout, QUERY_GAPS_MS);
}

/** Asks the wallets about payouts they took but have not finished. */
export const queryPayouts = askWhenDue({
  name: 'payouts.query',
  table: 'payouts',
  ask: queryPayout,
});

const MAX_PAGES = 10_000;

/** Pays out what is settled where the terms say `automatic`. */
export const payOutSettled: PeriodicSpec = {
  name: 'payouts.pay',
  every_ms: 60_000,
  run: (app) => eachBook(app, (book) => payOutDue(app, book)),
};

export async function payOutDue(app: App, book: Book): Promise<void> {
  const day = lastFullDay(app);
  let after = '';
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const due = await selectDue(app.db, { book, day, after, limit: BATCH });
    await eachGuarded(app, 'payout', due, async ({ platform_id, ...at }) => {
      const merchant = { book, platform_id, merchant_id: at.merchant_id };
      try {
        await createPayout(app, { merchant, wallet_account_id: at.wallet_account_id });
      } catch (error) {
        // Too little for now, or something to arrange first: it is due again the next time.
        if (!(error instanceof Refusal)) throw error;
        app.log.info({ merchant: at.merchant_id, code: error.code }, 'no payout now');
      }
    });
    if (due.length < BATCH) return;
    after = due.at(-1)?.id ?? '';
  }
}
