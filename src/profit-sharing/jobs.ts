import { askWhenDue } from '../jobs/due-work.ts';
import { pursueSplit } from './pursue.ts';

/** Asks the wallets about requests on held money that have no definite answer. */
export const querySplits = askWhenDue({
  name: 'splits.query',
  table: 'split_orders',
  ask: (app, book, id) => pursueSplit(app, { book, id }),
});
