import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import {
  billLines,
  type PlantedDay,
  paymentLine,
  plantedBreaks,
  plantedCompletions,
  storeDay,
} from '../../test/support/planted-day.ts';
import { missingParts } from '../../test/support/planted-orders.ts';
import { sql } from '../db/pool.ts';
import type { Report } from './bill.ts';
import { reconcileDay } from './by-hand.ts';
import { type PlantedLine, tradeBill, untied } from './testing.ts';

/** A day of many payments with every kind of break planted in its bill, and days in any order. */
const FULL = process.env['HUTONG_TEST_FULL'] === '1';
const COUNT = FULL ? 50_000 : 4_000;
const PLANTED = 5;
const DATE = '2026-10-20';

let rig: MoneyRig;
let day: PlantedDay;
beforeAll(async () => {
  rig = await startMoneyRig();
  const [row] = await rig.app.db.query<{
    merchant: string;
    platform: string;
    database: string;
  }>(sql`
    select id as merchant, platform_id as platform, current_database() as database from merchants`);
  day = {
    database_url: rig.database_url,
    platform: row?.platform ?? '',
    merchant: row?.merchant ?? '',
    account: rig.accounts.wechat_pay,
    date: DATE,
    count: COUNT,
    planted: PLANTED,
  };
  await storeDay(day);
});

async function close(lines: Iterable<PlantedLine>, date = DATE): Promise<Report> {
  const file = await tradeBill(lines);
  const outcome = await reconcileDay(rig.app, { account_id: day.account, date, file });
  if (outcome.kind !== 'closed') throw new Error(outcome.why);
  return outcome.report;
}

/** Breaks as they are in the database, without what depends on the line's number. */
async function breaks(): Promise<string[]> {
  const rows = await rig.app.db.query<{ text: string }>(sql`
    select concat_ws(' ', kind, about, subject, payment_id, amount, fee, state) as text from breaks
    order by 1`);
  return rows.map(({ text }) => text);
}

function expectTied(report: Report): void {
  expect(untied(report)).toEqual([]);
}

function counts({ breaks: found }: Report): Record<string, number> {
  return Object.fromEntries(found.map(({ kind, count }) => [kind, count]));
}

test('all planted breaks are found and none is invented, and the day ties to the fen', async () => {
  const report = await close(billLines(day));
  expect(counts(report)).toEqual(plantedBreaks(day));
  expect(report.completed).toBe(plantedCompletions(day));
  expectTied(report);
  const [corrected] = await rig.app.db.query<{ rows: bigint; amount: bigint }>(sql`
    select count(*) as rows, sum(billed - booked)::bigint as amount from fee_corrections`);
  expect(corrected).toMatchObject({ amount: BigInt(report.fees.corrected) });
  const [posted] = await rig.app.db.query<{ amount: bigint }>(sql`
    select sum(case when starts_with(debit_account, 'merchant:') then amount else -amount end)::bigint
      as amount from postings where reason = 'wallet_fee_correction'`);
  expect(posted?.amount).toBe(corrected?.amount);
});

test('any order of the lines gives the same breaks, and nothing is counted twice', async () => {
  const lines = [...billLines(day)];
  const first = await breaks();
  const [money] = await postings();
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(lines, { minLength: lines.length, maxLength: lines.length }),
      async (shuffled) => {
        const report = await close(shuffled);
        expect(counts(report)).toEqual(plantedBreaks(day));
        expectTied(report);
        expect(await breaks()).toEqual(first);
        expect((await postings())[0]).toEqual(money);
      },
    ),
    { numRuns: FULL ? 20 : 3 },
  );
});

function postings() {
  return rig.app.db.query<{ count: bigint; sum: bigint }>(sql`
    select count(*), sum(amount)::bigint from postings`);
}

test('what the bill of the next day has is no break any more', async () => {
  const at = new Date('2026-10-21T00:00:02+08:00');
  const single = Array.from({ length: PLANTED }, (_, index) => paymentLine(day, index + 1));
  const late = [...single, ...missingParts(day)].map((line) => ({ ...line, at }));
  const next = '2026-10-21';
  const report = await close(late, next);
  expect(counts(report)).toEqual({ date_shift: PLANTED + late.length });
  expectTied(report);
  const [open] = await rig.app.db.query<{ count: bigint }>(sql`
    select count(*) from breaks where state = 'open' and kind in ('date_shift', 'missing_there')
      and about = 'payment'`);
  expect(open?.count).toBe(0n);
});
