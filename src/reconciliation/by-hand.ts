import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app.ts';
import { knownBooks } from '../books.ts';
import type { BillFile } from '../wallets/products/bills.ts';
import type { BillDay, Report } from './bill.ts';
import type { Break } from './breaks/break.ts';
import { type CloseOptions, type CloseResult, closeDay } from './close.ts';
import { ensureBill, selectBill, selectBreaks } from './queries.ts';

/** One day closed while somebody waits for it. */
export type Outcome =
  | { readonly kind: 'closed'; readonly report: Report; readonly open: readonly Break[] }
  | Exclude<CloseResult, { kind: 'closed' }>;

const MAX_SHOWN = 1_000;
/** The hub may be at another day of the account, which takes a minute at most. */
const LOOKS = 120;
const LOOK_MS = 1_000;

export async function reconcileDay(
  app: App,
  day: {
    readonly account_id: string;
    readonly date: string;
    /** Instead of asking the wallet. */
    readonly file?: BillFile | undefined;
  },
): Promise<Outcome> {
  const { account_id, date, file } = day;
  const { id } = await ensureBill(app.db, { account_id, date, now: app.clock.now() });
  const bill = await selectBill(app.db, id);
  if (!bill) throw new Error(`bill ${id} is gone`);
  const result = await closeInTurn(app, bill, file === undefined ? {} : { file });
  if (result.kind !== 'closed') return result;
  const { report } = result.bill;
  if (!report) throw new Error(`bill ${id} is closed without a report`);
  const open: Break[] = [];
  for (const book of await knownBooks(app)) {
    const filter = { account_id: null, payment_id: null, kind: null, until: null, before: null };
    const limit = MAX_SHOWN - open.length;
    open.push(
      ...(await selectBreaks(app.db, { ...filter, book, bill_id: id, state: 'open', limit })),
    );
  }
  return { kind: 'closed', report, open };
}

async function closeInTurn(app: App, bill: BillDay, options: CloseOptions): Promise<CloseResult> {
  for (let look = 1; ; look += 1) {
    const result = await closeDay(app, bill, options);
    if (result.kind !== 'busy' || look === LOOKS) return result;
    await sleep(LOOK_MS);
  }
}
