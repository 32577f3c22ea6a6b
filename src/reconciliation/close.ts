import type { App } from '../app.ts';
import { knownBooks } from '../books.ts';
import { type BusinessDate, dayAfter, startOfDay } from '../clock.ts';
import { type Queryable, sql } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import type { Book } from '../ids.ts';
import { NOTHING } from '../payments/changes.ts';
import {
  type Bill,
  BillError,
  type BillFile,
  type BillOutcome,
  type Bills,
  dayShift,
  type WantedBill,
} from '../wallets/products/bills.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { type BillDay, isWhole } from './bill.ts';
import { type Closing, closingOf } from './breaks/end.ts';
import { publicEvent } from './breaks/owner.ts';
import { writeBreaks } from './breaks/write.ts';
import { correctFees } from './fees/correct.ts';
import { atDesk, type Desk } from './matching/desk.ts';
import {
  compareFees,
  compareLines,
  findMissing,
  type OursOfDay,
  rankDuplicates,
} from './matching/differences.ts';
import { emptyTotals, loadLines } from './matching/load.ts';
import { compareMoreBills, type FetchBill } from './matching/more-bills.ts';
import { MAX_STRANGE, tellWhatIsNew } from './matching/tell.ts';
import { closeBill, noteProblem, selectBill } from './queries.ts';
import { renderBill } from './render.ts';
import { reportOf } from './report.ts';

/**
 * Closes one business day of one wallet account against the wallet's bills. It may be run as often
 * as one likes: what is known is not counted twice, what the wallet has corrected meanwhile is.
 */
export type CloseResult =
  | { readonly kind: 'closed'; readonly bill: BillDay }
  /** The wallet has not made the bill yet, or it could not be fetched: later. */
  | { readonly kind: 'later'; readonly why: string }
  /** Another process closes a day of the account, which does not take long: in some seconds. */
  | { readonly kind: 'busy'; readonly why: string }
  /** It was fetched and cannot be used. */
  | { readonly kind: 'failed'; readonly why: string };

export interface CloseOptions {
  /** Instead of asking the wallet: the file of the payments of that day, as it gives it out. */
  readonly file?: BillFile;
}

/** No bill is not an empty bill: who knows of payments asks so long before believing it. */
const BELIEVED_EMPTY_MS = 36 * 3_600_000;

/** Bills belong to no book; their jobs are kept in this one. */
export const BOOK_OF_JOBS: Book = 0;

/**
 * Gives a day its job, unless it has one. With `unless_whole` there is nothing left to do for the
 * job once somebody else, such as a command, has made the day whole.
 */
export function enqueueClose(
  app: App,
  tx: Queryable,
  { id, unless_whole }: { readonly id: string; readonly unless_whole: boolean },
): Promise<void> {
  const payload = { unless_whole };
  return app.jobs.enqueue(tx, [{ book: BOOK_OF_JOBS, kind: 'bill.close', key: id, payload }]);
}

export async function closeDay(
  app: App,
  day: Pick<BillDay, 'id' | 'wallet_account_id' | 'date'>,
  options: CloseOptions = {},
): Promise<CloseResult> {
  const account = await requireAccount(app.wallets, day.wallet_account_id);
  const bills = billsOf(app, account);
  const about = { account_id: account.id, date: day.date, day_shift_ms: dayShift(bills) };
  try {
    const result = await atDesk(app, { ...about, refunds_by: bills.refunds_by }, (desk) =>
      fetchAndClose(app, desk, { account, day, bills, file: options.file }),
    );
    if (result?.kind === 'later') return notClosed(app, day.id, result);
    return result ?? { kind: 'busy', why: 'another process closes a day of this account' };
  } catch (error) {
    if (!(error instanceof BillError)) throw error;
    return notClosed(app, day.id, { kind: 'failed', why: error.message });
  }
}

async function fetchAndClose(
  app: App,
  desk: Desk,
  work: Omit<Work, 'bill' | 'fromFile'> & { readonly file: BillFile | undefined },
): Promise<CloseResult> {
  const { account, day, bills, file } = work;
  const wanted = { kind: 'payments', date: day.date } as const;
  const got = file
    ? { kind: 'bill' as const, bill: bills.read(account, wanted, file) }
    : await fetchBill(app, account, wanted);
  const later = whyLater(got);
  if (later !== undefined) return { kind: 'later', why: later };
  const bill = got.kind === 'bill' ? got.bill : undefined;
  try {
    return await closeAt(app, desk, { account, day, bill, bills, fromFile: file !== undefined });
  } finally {
    await bill?.dispose();
  }
}

async function notClosed(
  app: App,
  id: string,
  result: Extract<CloseResult, { kind: 'later' | 'failed' }>,
): Promise<CloseResult> {
  await noteProblem(app.db, id, { why: result.why, failed: result.kind === 'failed' });
  return result;
}

/** @throws Refusal('wallet_not_eligible') for a wallet without bills. */
export function billsOf(app: App, account: Pick<WalletAccount, 'wallet'>): Bills {
  const { bills } = app.wallets.connector(account.wallet);
  if (bills) return bills;
  throw new Refusal('wallet_not_eligible', { message: `${account.wallet} has no bills to fetch` });
}

function fetchBill(
  app: App,
  account: WalletAccount,
  wanted: Omit<WantedBill, 'asked_at'>,
): Promise<BillOutcome> {
  return billsOf(app, account).fetch(account, { ...wanted, asked_at: app.clock.now() });
}

function whyLater(outcome: { kind: BillOutcome['kind'] } | BillOutcome): string | undefined {
  switch (outcome.kind) {
    case 'bill':
    case 'empty':
      return undefined;
    case 'not_ready':
      return 'the wallet has not made it yet';
    case 'refused':
      return 'code' in outcome
        ? `the wallet refuses: ${outcome.code} ${outcome.message}`
        : 'refused';
    case 'unknown':
      return 'cause' in outcome ? `the wallet did not answer: ${outcome.cause}` : 'unknown';
    default:
      return outcome satisfies never;
  }
}

interface Work {
  readonly account: WalletAccount;
  readonly day: Pick<BillDay, 'id' | 'date'>;
  /** Absent when the wallet says that nothing happened. */
  readonly bill: Bill | undefined;
  readonly bills: Bills;
  readonly fromFile: boolean;
}

async function closeAt(app: App, desk: Desk, work: Work): Promise<CloseResult> {
  const { account, day, bill, bills } = work;
  // What our books have from now on may be missing from what is compared.
  const began = app.clock.now();
  const fetch: FetchBill = (wanted) => fetchBill(app, account, { ...wanted, date: day.date });
  const books = await knownBooks(app);
  const totals = bill ? await loadLines(desk, books, bill.lines()) : emptyTotals();
  await rankDuplicates(desk);
  const completed = await tellWhatIsNew(app, account, desk);
  const ours: OursOfDay[] = [];
  for (const book of books) ours.push(...(await findMissing(desk, book)));
  if (!bill && mayStillCome(app, day.date) && ours.some(({ count }) => count > 0n)) {
    return { kind: 'later', why: 'the wallet says that nothing happened, and we know better' };
  }
  await compareLines(desk);
  const { fee_rate } = app.wallets.connector(account.wallet).capabilities;
  await compareFees(desk, fee_rate);
  const from_file = work.fromFile;
  const { custody } = account;
  const day_at_desk = { bills, custody, books, totals, fetch, from_file };
  const more = await compareMoreBills(app, desk, day_at_desk);
  await refuseNonsense(desk);
  const run = { bill_id: day.id, date: day.date, compared: more.compared };
  const closing = await closingOf(app, account, run);
  for (const book of books) {
    await writeBreaks(app, desk, closing, book);
    await correctFees(app, desk, { bill_id: day.id, book });
  }
  const report = await reportOf(desk, { totals, ours, completed, more });
  const closing_balance = more.compared.funds ? (more.funds?.closing ?? null) : undefined;
  const closed = await app.db.transaction(async (tx) => {
    await closeBill(tx, day.id, { report, closing_balance, began });
    const row = await selectBill(tx, day.id);
    if (!row) throw new Refusal('not_found');
    // What it lacks may come: the hub asks for it, also where a command has closed the day.
    if (!isWhole(row)) await enqueueClose(app, tx, { id: row.id, unless_whole: true });
    return row;
  });
  await tellOwner(app, closing, closed);
  return { kind: 'closed', bill: closed };
}

/** A bill that is not there yet is waited for so long. */
function mayStillCome(app: App, date: BusinessDate): boolean {
  const end = startOfDay(dayAfter(date)).getTime();
  return app.clock.now().getTime() < end + BELIEVED_EMPTY_MS;
}

/** A bill that fits nowhere is not this account's: nothing of it is written down. */
async function refuseNonsense(desk: Desk): Promise<void> {
  const [row] = await desk.query<{ count: bigint }>(sql`select count(*) from differences`);
  if ((row?.count ?? 0n) > BigInt(MAX_STRANGE)) {
    throw new BillError(0, `${row?.count} differences: more than a bill of this account can have`);
  }
}

async function tellOwner(app: App, { owner }: Closing, closed: BillDay): Promise<void> {
  if (!owner) return;
  const object = renderBill(app, closed);
  const event = { type: 'bill.closed', object, payment_id: null, sequence: closed.runs } as const;
  await app.ledger.submit({ ...NOTHING, book: owner.book, events: [publicEvent(owner, event)] });
}
