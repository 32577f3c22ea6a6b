import { assert } from '../errors.ts';
import { eachBook, eachGuarded } from '../jobs/due-work.ts';
import type { JobSpec, PeriodicSpec } from '../jobs/jobs.ts';
import { claimRefundsToQuery, selectRefund } from './queries.ts';
import { queryRefund, sendRefund } from './send.ts';

const BATCH = 50;
const WAIT_MS = 300;
const AGAIN_MS = 3_000;

/** Sends until the wallet answers; sending again under the same number is how one asks. */
export const sendRefundJob: JobSpec = {
  kind: 'refund.send',
  max_tries: 100,
  concurrency: 8,
  first_gap_ms: 1_000,
  max_gap_ms: 300_000,
  run: async (app, job) => {
    const refund = await selectRefund(app.db, job.book, job.key);
    assert(refund, `refund ${job.key} is gone`);
    const sent = await sendRefund(app, refund);
    if (sent === 'answered') return { done: true };
    const gap = sent === 'waits' ? WAIT_MS : AGAIN_MS * Math.min(2 ** (job.tries - 1), 100);
    return { again_in_ms: gap * app.config.retry_pace };
  },
};

/** Asks the wallets about refunds they accepted but have not finished. */
export const queryRefunds: PeriodicSpec = {
  name: 'refunds.query',
  every_ms: 1_000,
  run: (app) =>
    eachBook(app, async (book) => {
      const due = await claimRefundsToQuery(app.db, book, app.config.job_lease_ms, BATCH);
      await eachGuarded(app, 'refund query', due, ({ id }) => queryRefund(app, book, id));
    }),
};
