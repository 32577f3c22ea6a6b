import { eachBook, eachGuarded } from '../jobs/due-work.ts';
import type { PeriodicSpec } from '../jobs/jobs.ts';
import { pursueSplit } from './pursue.ts';
import { claimSplitsToQuery, selectSplitOrder } from './queries.ts';

const BATCH = 50;

/** Asks the wallets about requests on held money that have no definite answer. */
export const querySplits: PeriodicSpec = {
  name: 'splits.query',
  every_ms: 1_000,
  run: (app) =>
    eachBook(app, async (book) => {
      const due = await claimSplitsToQuery(app.db, book, app.config.job_lease_ms, BATCH);
      await eachGuarded(app, 'split query', due, async ({ id }) => {
        const order = await selectSplitOrder(app.db, book, id);
        if (order) await pursueSplit(app, order);
      });
    }),
};
