import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import type { Book } from '../ids.ts';
import { eachBook, eachGuarded } from '../jobs/due-work.ts';
import type { PeriodicSpec } from '../jobs/jobs.ts';
import { requireHold } from './find.ts';
import { type DueHold, selectDueHolds } from './queries.ts';
import { releaseHold } from './release.ts';

const BATCH = 50;
/** One that cannot be released now keeps none behind it waiting. */
const MAX_PAGES = 100;

/** Releases held money whose time has come. */
export const releaseDueHolds: PeriodicSpec = {
  name: 'holds.release',
  every_ms: 1_000,
  run: (app) =>
    eachBook(app, async (book) => {
      let after: DueHold | undefined;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const due = await selectDueHolds(app.db, book, { after, limit: BATCH });
        await eachGuarded(app, 'release', due, ({ id }) => releaseDue(app, book, id));
        if (due.length < BATCH) return;
        after = due.at(-1);
      }
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
