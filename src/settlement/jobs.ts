import { eachBook, eachGuarded } from '../jobs/due-work.ts';
import type { PeriodicSpec } from '../jobs/jobs.ts';
import { selectCounted, selectHome, selectUnsettled } from './queries.ts';
import { finishSettlement, lastFullDay, settleMerchant } from './settle.ts';

const BATCH = 200;

/** Settles every merchant's day once it is over, and finishes what a crash left counted. */
export const settleDays: PeriodicSpec = {
  name: 'settlements.settle',
  every_ms: 60_000,
  run: (app) =>
    eachBook(app, async (book) => {
      const counted = await selectCounted(app.db, book, BATCH);
      await eachGuarded(app, 'settlement', counted, ({ id }) => finishSettlement(app, book, id));
      const day = lastFullDay(app);
      const due = await selectUnsettled(app.db, book, day, BATCH);
      await eachGuarded(app, 'settlement', due, async ({ id }) => {
        const home = await selectHome(app.db, id);
        if (!home || home.book !== book) return;
        const { platform_id } = home;
        await settleMerchant(app, { book, platform_id, merchant_id: id }, day);
      });
    }),
};
