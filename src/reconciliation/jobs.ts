import type { App } from '../app.ts';
import { type BusinessDate, businessDate, dayAfter, startOfDay } from '../clock.ts';
import { type Queryable, sql } from '../db/pool.ts';
import { jitter, waitLonger } from '../jobs/backoff.ts';
import { requeue } from '../jobs/dead-letters.ts';
import type { JobSpec, PeriodicSpec } from '../jobs/jobs.ts';
import type { Bills } from '../wallets/products/bills.ts';
import type { WalletName } from '../wallets/wallet.ts';
import { isWhole } from './bill.ts';
import { BOOK_OF_JOBS, closeDay, enqueueClose } from './close.ts';
import { ensureBill, selectBill, selectDaysInHand, selectUnsettled } from './queries.ts';

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
    const from = firstDay(now);
    const in_hand = await selectDaysInHand(app.db, { from, book: BOOK_OF_JOBS });
    for (const { id: account_id, wallet, made_at } of accounts) {
      const { bills } = app.wallets.connector(wallet);
      if (!bills) continue;
      const dates = datesDue(bills, made_at, now).filter(
        (date) => !in_hand.has(`${account_id} ${date}`),
      );
      // Others may be at it, a command for example: what they make whole is not compared again.
      for (const date of dates) await request(app, { account_id, date, unless_whole: true });
    }
    const closed_before = new Date(now.getTime() - COMPARED_AGAIN_MS);
    for (const day of await selectUnsettled(app.db, { closed_before, from })) {
      await request(app, { ...day, unless_whole: false });
    }
  },
};

interface Day {
  readonly account_id: string;
  readonly date: string;
}

/** A job that the day has already keeps its own times. */
async function request(
  app: App,
  { unless_whole, ...day }: Day & { readonly unless_whole: boolean },
): Promise<void> {
  await app.db.transaction(async (tx) => {
    const { id } = await ensureBill(tx, { ...day, now: app.clock.now() });
    await enqueueClose(app, tx, { id, unless_whole });
  });
  app.jobs.wake();
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

/**
 * Asks for a day again, or for the first time, within the caller's transaction. A job that waits
 * for its next try need not wait any longer, a dead one lives again, and a run under way, which may
 * have read the bill before it was corrected, is followed by another one.
 */
export async function requestBill(app: App, tx: Queryable, day: Day): Promise<string> {
  const { id } = await ensureBill(tx, { ...day, now: app.clock.now() });
  const payload = { unless_whole: false };
  await requeue(tx, { book: BOOK_OF_JOBS, kind: 'bill.close', key: id, payload });
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
    if (job.payload['unless_whole'] === true && isWhole(bill)) return { done: true };
    const result = await closeDay(app, bill);
    if (result.kind === 'closed' && isWhole(result.bill)) return { done: true };
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
