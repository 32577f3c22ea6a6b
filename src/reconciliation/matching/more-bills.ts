import type { App } from '../../app.ts';
import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import { PASSING } from '../../wallets/outcome.ts';
import type {
  Bill,
  BillKind,
  BillOutcome,
  Bills,
  FundLine,
  WantedBill,
} from '../../wallets/products/bills.ts';
import type { CustodyKind } from '../../wallets/wallet.ts';
import { type ByLedger, checkFunds, checkSellers, compareWithLedger } from './balances.ts';
import { type Desk, dayOf } from './desk.ts';
import { type Funds, keepNumbers, readFunds } from './funds.ts';
import type { Totals } from './load.ts';
import { compareMoves, type MovesOfDay, sumMoves } from './moves.ts';
import { comparePayouts } from './payouts.ts';
import { compareShares } from './shares.ts';
import { keepTold, type Told, toldOfFund, toldOfSplit } from './told.ts';

/**
 * What a wallet has beside the bill of payments: the account's money, the one that transfers leave
 * from, the money of the sellers under it, and what was shared. A bill that the day needs and that
 * is not there is named in its close, with the reason.
 */
export type FetchBill = (wanted: Omit<WantedBill, 'asked_at' | 'date'>) => Promise<BillOutcome>;

export interface NotCompared {
  readonly bill: BillKind | 'transfers';
  readonly why: string;
  /** It may be there later. */
  readonly passing: boolean;
}

export interface Compared {
  readonly splits: boolean;
  readonly payouts: boolean;
  /** The account's own money. */
  readonly funds: boolean;
  /** The money of sellers under it. */
  readonly sellers: boolean;
}

export interface MoreBills {
  readonly funds: Funds | undefined;
  /** By the sellers' own numbers; undefined where nothing tells of them. */
  readonly sellers: ReadonlyMap<string, Funds> | undefined;
  /** What they must have by our ledger. */
  readonly by_ledger: ReadonlyMap<string, ByLedger>;
  readonly moves: readonly MovesOfDay[];
  /** What there was a bill for. */
  readonly compared: Compared;
  readonly missing: readonly NotCompared[];
}

export interface DayAtDesk {
  readonly bills: Bills;
  readonly custody: CustodyKind;
  readonly books: readonly Book[];
  readonly totals: Totals;
  readonly fetch: FetchBill;
  /** Somebody gave the bill of payments; the wallet is not asked for anything. */
  readonly from_file: boolean;
}

interface Reading extends DayAtDesk {
  readonly desk: Desk;
  readonly uses: Uses;
  readonly missing: NotCompared[];
  /** Kept once, and only when there is a bill to compare them with. */
  numbers?: Promise<void>;
}

export async function compareMoreBills(app: App, desk: Desk, day: DayAtDesk): Promise<MoreBills> {
  const { bills, books } = day;
  const uses = await usesOf(desk, books);
  const reading: Reading = { ...day, desk, uses, missing: [] };
  const own = await fundsIn(reading, { kind: 'funds' }, 'funds');
  const purse = uses.transfers ? bills.transfer_purse : undefined;
  const left = purse ? await fundsIn(reading, { kind: 'funds', purse }, 'transfers') : own;
  const sellers = uses.sellers
    ? await fundsIn(reading, { kind: 'seller_funds' }, 'seller_funds')
    : undefined;
  const by_receiver = bills.kinds.includes('splits');
  const splits = by_receiver ? await splitsIn(reading) : own !== undefined;
  const payouts = left !== undefined && (!uses.sellers || sellers !== undefined);
  for (const book of books) {
    if (splits) await compareShares(desk, book, { by_receiver });
    if (payouts) await comparePayouts(desk, book);
    await compareMoves(desk, book);
  }
  const funds = own?.get('');
  if (funds) await checkFunds(app, desk, funds, day.totals.own);
  if (sellers) await checkSellers(app, desk, sellers, day.totals.sellers);
  const { custody } = day;
  const by_ledger = sellers
    ? await compareWithLedger(app, desk, { custody, books, sellers, payouts })
    : new Map<string, ByLedger>();
  const moves = await sumMoves(desk);
  return {
    funds,
    sellers,
    by_ledger,
    moves,
    compared: { splits, payouts, funds: own !== undefined, sellers: sellers !== undefined },
    missing: reading.missing,
  };
}

interface Uses {
  readonly transfers: boolean;
  readonly sellers: boolean;
  readonly splits: boolean;
}

/** What of it this account needs: a bill of nothing is not missed. */
async function usesOf(desk: Desk, books: readonly Book[]): Promise<Uses> {
  const { from, until } = dayOf(desk);
  const all = [...books];
  const [uses] = await desk.query<Uses>(sql`
    select
      exists (select from payouts where book = any(${all}::smallint[])
        and wallet_account_id = ${desk.account_id} and kind = 'transfer') as transfers,
      exists (select from enrolments where wallet_account_id = ${desk.account_id}
        and sub_merchant is not null) as sellers,
      exists (select from split_orders s join holds h on h.book = s.book and h.id = s.hold_id
        where s.book = any(${all}::smallint[]) and h.wallet_account_id = ${desk.account_id}
          and s.finished_at >= ${from}
          and s.finished_at < ${until}) as splits`);
  return uses ?? { transfers: false, sellers: false, splits: false };
}

/** Undefined, with the reason noted, when there is none; empty when nothing happened. */
async function opened(
  { bills, from_file, fetch, missing }: Reading,
  wanted: Parameters<FetchBill>[0],
  bill: NotCompared['bill'],
): Promise<Bill | 'empty' | undefined> {
  const note = (why: string, passing = false) => void missing.push({ bill, why, passing });
  if (!bills.kinds.includes(wanted.kind)) return note('the wallet has no such bill');
  if (from_file) return note('only the bill of payments was given');
  const outcome = await fetch(wanted);
  switch (outcome.kind) {
    case 'bill':
      return outcome.bill;
    case 'empty':
      return 'empty';
    case 'refused':
      return note(
        `the wallet refuses: ${outcome.code} ${outcome.message}`,
        PASSING.has(outcome.code),
      );
    case 'not_ready':
      return note('the wallet has not made it yet', true);
    case 'unknown':
      return note(`the wallet did not answer: ${outcome.cause}`, true);
    default:
      return outcome satisfies never;
  }
}

async function fundsIn(
  reading: Reading,
  wanted: Parameters<FetchBill>[0],
  name: NotCompared['bill'],
): Promise<ReadonlyMap<string, Funds> | undefined> {
  const bill = await opened(reading, wanted, name);
  if (bill === undefined || bill === 'empty') return bill && new Map();
  const { desk, books, bills } = reading;
  const shares = !bills.kinds.includes('splits');
  try {
    reading.numbers ??= keepNumbers(desk);
    await reading.numbers;
    const others = (lines: readonly FundLine[]) =>
      keepTold(
        desk,
        lines.flatMap((line) => toldOfFund(books, line, { shares }) ?? []),
      );
    return await readFunds(desk, bill, others, bills.funds_order);
  } finally {
    await bill.dispose();
  }
}

const CHUNK = 5_000;

/** A wallet may refuse the bill of splits to a merchant that never shares: nothing is missed. */
async function splitsIn(reading: Reading): Promise<boolean> {
  const { desk, books, uses, missing } = reading;
  const bill = await opened(reading, { kind: 'splits' }, 'splits');
  if (bill === undefined) {
    if (!uses.splits) missing.pop();
    return false;
  }
  if (bill === 'empty') return true;
  try {
    let waiting: Told[] = [];
    for await (const line of bill.lines()) {
      if (line.kind !== 'split' && line.kind !== 'split_return') continue;
      waiting.push(toldOfSplit(books, line));
      if (waiting.length < CHUNK) continue;
      await keepTold(desk, waiting);
      waiting = [];
    }
    await keepTold(desk, waiting);
    return true;
  } finally {
    await bill.dispose();
  }
}
