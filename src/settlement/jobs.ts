import type { App } from '../app.ts';
import type { BusinessDate } from '../clock.ts';
import type { Book } from '../ids.ts';
import { eachBook, eachGuarded } from '../jobs/due-work.ts';
import type { PeriodicSpec } from '../jobs/jobs.ts';
import { selectCounted, selectHome, selectUnsettled } from './queries.ts';
import { finishSettlement, lastFullDay, settleMerchant } from './settle.ts';

const BATCH = 200;
const MAX_PAGES = 1_000;

/** Settles every merchant's day once it is over, and finishes what a crash left counted. */
export const settleDays: PeriodicSpec = {
  name: 'settlements.settle',
  every_ms: 60_000,
  run: (app) =>
    eachBook(app, async (book) => {
      const counted = await selectCounted(app.db, book, BATCH);
      await eachGuarded(app, 'settlement', counted, ({ id }) => finishSettlement(app, book, id));
      await settleAll(app, book, lastFullDay(app));
    }),
};

/** The latest day for which nobody of a book was left: nobody is sought until the next day. */
const settledDays = new WeakMap<App, Map<Book, BusinessDate>>();

/** Page by page, so that one merchant that cannot be settled keeps no other waiting. */
async function settleAll(app: App, book: Book, day: BusinessDate): Promise<void> {
  const known = settledDays.get(app) ?? new Map<Book, BusinessDate>();
  settledDays.set(app, known);
  if (known.get(book) === day) return;
  let after = '';
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const due = await selectUnsettled(app.db, { book, through: day, after, limit: BATCH });
    if (due.length === 0 && page === 0) known.set(book, day);
    await eachGuarded(app, 'settlement', due, ({ id }) => settleOne(app, book, id, day));
    if (due.length < BATCH) return;
    after = due.at(-1)?.id ?? '';
  }
}

async function settleOne(app: App, book: Book, id: string, day: BusinessDate): Promise<void> {
  const home = await selectHome(app.db, id);
  if (!home || home.book !== book) return;
  const { platform_id } = home;
  await settleMerchant(app, { book, platform_id, merchant_id: id }, day);
}
