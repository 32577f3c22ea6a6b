import type { App } from '../app.ts';
import { type BusinessDate, businessDate, dayAfter, startOfDay } from '../clock.ts';
import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import { jitter, waitLonger } from '../jobs/backoff.ts';
import type { JobSpec, PeriodicSpec } from '../jobs/jobs.ts';
import type { Bills } from '../wallets/products/bills.ts';
import type { WalletName } from '../wallets/wallet.ts';
import { type CloseResult, closeDay } from './close.ts';
import { ensureBill, selectBill, selectBillDates, selectUnsettled } from './queries.ts';

/** Bills by schedule: every day of every account whose wallet has bills, as soon as it is there. */
const EVERY_MS = 30_000;
/** So far back a day is fetched that was missed, while the hub was down for example. */
const MAX_DAYS_BACK = 30;
/** A bill that is not there yet, or lacks one of its companions, is asked for again. */
const AGAIN_MS = 600_000;
const LONGEST_MS = 3_600_000;
/** Days of one account are closed one after another; the next one waits so long. */
const BUSY_MS = 5_000;
/** So often a day is compared again while a share or payout stands otherwise in its bill. */
const COMPARED_AGAIN_MS = 12 * 3_600_000;
const DAY_MS = 86_400_000;
/** Bills belong to no book; their jobs are kept in this one. */
const BOOK: Book = 0;

interface AccountRow {
  readonly id: string;
  readonly wallet: WalletName;
  readonly made_at: Date;
}

export const scheduleBills: PeriodicSpec = {
  name: 'bills.schedule',
  every_ms: EVERY_MS,
  run: async (app) => {
    const accounts = await app.db.query<AccountRow>(sql`
      select id, wallet, created_at as made_at from wallet_accounts order by id`);
    const now = app.clock.now();
    const there = await selectBillDates(app.db, firstDay(now));
    for (const { id: account_id, wallet, made_at } of accounts) {
      const { bills } = app.wallets.connector(wallet);
      if (!bills) continue;
      // A bill that is there, in whatever state, has had its job.
      const dates = datesDue(bills, made_at, now).filter(
        (date) => !there.has(`${account_id} ${date}`),
      );
      for (const date of dates) await request(app, { account_id, date }, requestFirst);
    }
    const closed_before = new Date(now.getTime() - COMPARED_AGAIN_MS);
    for (const unsettled of await selectUnsettled(app.db, { closed_before, from: firstDay(now) })) {
      await request(app, unsettled, requestBill);
    }
  },
};

interface Day {
  readonly account_id: string;
  readonly date: string;
}

async function request(
  app: App,
  day: Day,
  how: (app: App, tx: Queryable, day: Day) => Promise<unknown>,
): Promise<void> {
  await app.db.transaction((tx) => how(app, tx, day));
  app.jobs.wake();
}

/** Another process may have asked for the day since we looked, and closed it: once is enough. */
async function requestFirst(app: App, tx: Queryable, day: Day): Promise<void> {
  const { id, made } = await ensureBill(tx, { ...day, now: app.clock.now() });
  if (made) await enqueueClose(app, tx, id);
}

function enqueueClose(app: App, tx: Queryable, id: string): Promise<void> {
  return app.jobs.enqueue(tx, [{ book: BOOK, kind: 'bill.close', key: id, payload: {} }]);
}

function firstDay(now: Date): BusinessDate {
  return dayAfter(businessDate(now), -MAX_DAYS_BACK);
}

/** Days that are over, whose bill can be there, and of which the account has seen something. */
export function datesDue(bills: Pick<Bills, 'ready_at'>, made_at: Date, now: Date): string[] {
  const [hours = 0, minutes = 0] = bills.ready_at.split(':').map(Number);
  const ready_ms = DAY_MS + (hours * 60 + minutes) * 60_000;
  const made = businessDate(made_at);
  const earliest = firstDay(now);
  const dates: string[] = [];
  let date = made > earliest ? made : earliest;
  for (; startOfDay(date).getTime() + ready_ms <= now.getTime(); date = dayAfter(date)) {
    dates.push(date);
  }
  return dates;
}

/** Asks for a day again, or for the first time, within the caller's transaction. */
export async function requestBill(app: App, tx: Queryable, day: Day): Promise<string> {
  const { id } = await ensureBill(tx, { ...day, now: app.clock.now() });
  await enqueueClose(app, tx, id);
  // One that waits for its next try need not wait any longer; a dead one lives again.
  await tx.query(sql`
    update jobs set run_at = now(), state = 'ready', tries = 0
    where book = ${BOOK} and kind = 'bill.close' and key = ${id}
      and (state = 'dead' or token is null)`);
  return id;
}

export const closeBillDay: JobSpec = {
  kind: 'bill.close',
  // A hub that keeps crashing spends tries too: a day is not given up for that.
  max_tries: 100,
  concurrency: 1,
  first_gap_ms: 5_000,
  max_gap_ms: 600_000,
  run: async (app, job) => {
    const bill = await selectBill(app.db, job.key);
    if (!bill) return { done: true };
    const result = await closeDay(app, bill);
    if (isWhole(result)) return { done: true };
    const { retry_pace } = app.config;
    if (result.kind === 'busy') return { again_in_ms: jitter(BUSY_MS * retry_pace) };
    if (result.kind !== 'closed') {
      app.log.warn({ bill: bill.id, date: bill.date, why: result.why }, 'a bill is not closed');
    }
    if (bill.date < firstDay(app.clock.now())) return { done: true };
    const gaps = { first_ms: AGAIN_MS * retry_pace, max_ms: LONGEST_MS * retry_pace };
    return { again_in_ms: waitLonger(job.age_ms, gaps) };
  },
};

/** Closed, and compared with everything that the wallet has for the day. */
function isWhole(result: CloseResult): boolean {
  if (result.kind !== 'closed') return false;
  return !(result.bill.report?.not_compared.some(({ passing }) => passing) ?? false);
}
