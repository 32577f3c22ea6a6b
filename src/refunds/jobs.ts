import { assert } from '../errors.ts';
import { waitLonger } from '../jobs/backoff.ts';
import { askWhenDue } from '../jobs/due-work.ts';
import type { JobSpec } from '../jobs/jobs.ts';
import { selectRefund } from './queries.ts';
import { queryRefund, sendRefund } from './send.ts';

/** Behind another of its order at the wallet. */
const WAIT = { first_ms: 300, max_ms: 30_000 } as const;
/** For the wallet. */
const AGAIN = { first_ms: 3_000, max_ms: 300_000 } as const;

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
    const { retry_pace } = app.config;
    const { first_ms, max_ms } = sent === 'waits' ? WAIT : AGAIN;
    const gaps = { first_ms: first_ms * retry_pace, max_ms: max_ms * retry_pace };
    return { again_in_ms: waitLonger(job.age_ms, gaps) };
  },
};

/** Asks the wallets about refunds they accepted but have not finished. */
export const queryRefunds = askWhenDue({
  name: 'refunds.query',
  table: 'refunds',
  ask: queryRefund,
});
