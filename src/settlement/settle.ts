import type { App } from '../app.ts';
import { type BusinessDate, businessDate, dayAfter, startOfDay } from '../clock.ts';
import type { Tx } from '../db/pool.ts';
import { assert, Refusal } from '../errors.ts';
import { type Book, newId } from '../ids.ts';
import type { RowKind } from '../ledger/ledger.ts';
import { NOTHING } from '../payments/changes.ts';
import { requireAccount } from '../wallets/registry.ts';
import { changeFunds, findFunds } from './funds.ts';
import {
  insertSettlement,
  lockCursor,
  moveCursor,
  selectFirstOpen,
  selectOpenAccounts,
  selectSettlement,
  takeLines,
} from './queries.ts';
import { renderSettlement } from './render.ts';
import { type LineSum, type Settlement, totalsOf } from './settlement.ts';

/**
 * Settling a merchant until a business day: its postings of each open day become lines of one
 * settlement for each wallet account, in one transaction; then each settlement's net goes to the
 * merchant's funds in one move. Done again it finds nothing to do; a crash between the two is
 * finished by the next run.
 */
export interface MerchantAt {
  readonly book: Book;
  readonly platform_id: string;
  readonly merchant_id: string;
}

/** Days that one run takes at most; what is left comes with the next one. */
const MAX_DAYS = 400;

/** What was on its way at midnight is in by then. */
const GRACE_MS = 600_000;

/** The latest day that can be settled: yesterday, from ten past midnight in Shanghai. */
export function lastFullDay({ clock }: Pick<App, 'clock'>): BusinessDate {
  return dayAfter(businessDate(new Date(clock.now().getTime() - GRACE_MS)), -1);
}

export async function settleMerchant(
  app: App,
  merchant: MerchantAt,
  through: BusinessDate,
): Promise<void> {
  if (through > lastFullDay(app)) {
    throw new Refusal('invalid_parameter', {
      param: 'date',
      message: `date: the day is not over; the latest that can be settled is ${lastFullDay(app)}`,
    });
  }
  for (let day = 0; day < MAX_DAYS; day += 1) {
    const made = await app.db.transaction((tx) => countDay(app, tx, merchant, through));
    for (const id of made) await finishSettlement(app, merchant.book, id);
    if (made.length === 0) return;
  }
}

/** Counts the earliest open day; none is left when no settlement comes of it. */
async function countDay(
  app: App,
  tx: Tx,
  merchant: MerchantAt,
  through: BusinessDate,
): Promise<readonly Settlement['id'][]> {
  const { book, merchant_id } = merchant;
  const { settled_to } = await lockCursor(tx, book, merchant_id);
  if (settled_to !== null && settled_to >= through) return [];
  const first = await selectFirstOpen(tx, merchant, startOfDay(dayAfter(through)));
  if (!first) {
    await moveCursor(tx, merchant, through);
    return [];
  }
  const day = businessDate(first);
  // A posting that came after its day was settled belongs to the first day that is open.
  const date = settled_to !== null && day <= settled_to ? dayAfter(settled_to) : day;
  const before = startOfDay(dayAfter(date));
  const accounts = await selectOpenAccounts(tx, merchant, before);
  const ids = new Map(accounts.map((at) => [at.wallet_account_id, newId('stl', book)]));
  const sums = await takeLines(tx, merchant, before, Object.fromEntries(ids));
  for (const [wallet_account_id, id] of ids) {
    const own = sums.filter(({ settlement_id }) => settlement_id === id);
    await insertCounted(app, tx, { merchant, date, wallet_account_id, id, sums: own });
  }
  await moveCursor(tx, merchant, date);
  return [...ids.values()];
}

interface Counted {
  readonly merchant: MerchantAt;
  readonly date: BusinessDate;
  readonly wallet_account_id: string;
  readonly id: Settlement['id'];
  readonly sums: readonly LineSum[];
}

async function insertCounted(
  app: App,
  tx: Tx,
  { merchant, date, wallet_account_id, id, sums }: Counted,
): Promise<void> {
  const { wallet, custody } = await requireAccount(app.wallets, wallet_account_id);
  await insertSettlement(tx, {
    ...merchant,
    id,
    wallet_account_id,
    wallet,
    custody,
    business_date: date,
    ...totalsOf(sums),
    created_at: app.clock.now(),
  });
}

const SETTLEMENT_ROW: RowKind = { table: 'settlements', columns: { state: 'text' } };
const MAX_ROUNDS = 20;

/** counted → settled: the net is the merchant's, once. */
export async function finishSettlement(app: App, book: Book, id: string): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const settlement = await selectSettlement(app.db, book, id);
    assert(settlement, `settlement ${id} is gone`);
    if (settlement.state === 'settled') return;
    const funds = await findFunds(app.db, settlement);
    const after: Settlement = { ...settlement, state: 'settled' };
    const { version } = settlement;
    const result = await app.ledger.submit({
      book,
      ...NOTHING,
      rows: [
        { op: 'update', kind: SETTLEMENT_ROW, id, version, values: { state: 'settled' } },
        changeFunds(funds, { settled: funds.settled + settlement.net }),
      ],
      events: [
        {
          book,
          id: newId('evt', book),
          type: 'settlement.settled',
          platform_id: settlement.platform_id,
          object_id: id,
          payment_id: null,
          sequence: 1,
          public: true,
          data: { object: renderSettlement(app, after) },
        },
      ],
    });
    if (result.kind === 'committed') return;
  }
  throw new Error(`settlement ${id} keeps colliding`);
}
