import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { type BusinessDate, businessDate, dayAfter } from '../clock.ts';
import { sql } from '../db/pool.ts';
import { newId } from '../ids.ts';
import type { BillDay } from './bill.ts';
import { reconcileDay } from './by-hand.ts';
import { closeDay } from './close.ts';
import { closeBillDay, datesDue, requestBill, scheduleBills } from './jobs.ts';
import { atDesk } from './matching/desk.ts';
import { ensureBill, selectBill } from './queries.ts';
import { toMorning, tradeBill } from './testing.ts';

/** Bills that come by themselves, the morning after. */
const JOB = { book: 0, id: 'job', kind: 'bill.close', payload: {}, tries: 1, age_ms: 0 } as const;

let rig: MoneyRig;
beforeAll(async () => {
  rig = await startMoneyRig();
});

test('a day is due when it is over and its bill can be there, for a month back at most', () => {
  const made_at = new Date('2026-11-18T15:59:00Z');
  const due = (now: string) => datesDue({ ready_at: '10:00' }, made_at, new Date(now));
  expect(due('2026-11-19T01:59:59Z')).toEqual([]);
  expect(due('2026-11-19T02:00:00Z')).toEqual(['2026-11-18']);
  expect(due('2026-11-21T03:00:00Z')).toEqual(['2026-11-18', '2026-11-19', '2026-11-20']);
  expect(due('2027-02-01T03:00:00Z')).toHaveLength(30);
});

interface Row {
  readonly state: string;
  readonly runs: number;
}

function bills(): Promise<Row[]> {
  return rig.app.db.query<Row>(sql`select state, runs from bills order by id`);
}

async function told(): Promise<number> {
  const [row] = await rig.app.db.query<{ count: number }>(sql`
    select count(*)::int from events where type = 'bill.closed' and public`);
  return row?.count ?? 0;
}

test('every account with bills has its day closed, once, and its platform is told', async () => {
  await rig.clock.advance(48 * 3_600_000);
  // Two processes may look at the same moment.
  await Promise.all([1, 2].map(() => scheduleBills.run(rig.app)));
  const closed = await rig.until(
    bills,
    (rows) => rows.length > 2 && rows.every(({ state }) => state === 'closed'),
  );
  // A platform is told after its day is closed.
  await rig.until(told, (count) => count === closed.length);
  await scheduleBills.run(rig.app);
  expect(await bills()).toEqual(closed.map(() => ({ state: 'closed', runs: 1 })));
  expect(await told()).toBe(closed.length);
});

test('days of one account are closed one after another, however old they are', async () => {
  const { app } = rig;
  const account_id = rig.accounts.wechat_pay;
  const date = '2020-02-29';
  const { id } = await ensureBill(app.db, { account_id, date, now: rig.clock.now() });
  const [day, job] = [await selectBill(app.db, id), { ...JOB, key: id, token: '' }];
  if (!day) throw new Error('no bill');
  const desk = { account_id, date: '2020-02-28', day_shift_ms: 0, refunds_by: 'accepted' } as const;
  const meanwhile = await atDesk(app, desk, async () => ({
    closed: await closeDay(app, day),
    job: await closeBillDay.run(app, job),
  }));
  expect(meanwhile?.closed).toMatchObject({ kind: 'busy' });
  expect(meanwhile?.job).toMatchObject({ again_in_ms: expect.any(Number) });
  // Whoever fails keeps nobody waiting.
  await expect(atDesk(app, desk, () => Promise.reject(new Error('no luck')))).rejects.toThrow();
  await rig.until(
    () => closeDay(app, day),
    ({ kind }) => kind !== 'busy',
  );
});

const HOUR_MS = 3_600_000;

test('a day counts as closed from when its comparison began: what came since may lack', async () => {
  const day = await billOf({ account_id: rig.accounts.wechat_pay, date: '2020-03-01' });
  const text = gunzipSync(await tradeBill([]));
  async function* slowly() {
    await rig.clock.advance(HOUR_MS);
    yield text;
  }
  const began = rig.clock.now().getTime();
  const closed = await rig.until(
    () => closeDay(rig.app, day, { file: slowly }),
    ({ kind }) => kind !== 'busy',
  );
  if (closed.kind !== 'closed') throw new Error(closed.why);
  expect(closed.bill.closed_at?.getTime()).toBeLessThan(began + HOUR_MS / 2);
});

/** At eight in the morning: days are over whose bills are not there yet. */
async function toEarlyMorning(): Promise<BusinessDate> {
  await toMorning(rig);
  await rig.clock.advance(21 * HOUR_MS);
  return businessDate(rig.clock.now());
}

async function billOf(day: { account_id: string; date: string }): Promise<BillDay> {
  const { id } = await ensureBill(rig.app.db, { ...day, now: rig.clock.now() });
  const bill = await selectBill(rig.app.db, id);
  if (!bill) throw new Error('no bill');
  return bill;
}

function untilClosed(day: { account_id: string; date: string }, runs: number): Promise<BillDay> {
  return rig.until(
    () => billOf(day),
    (bill) => bill.state === 'closed' && bill.runs >= runs,
  );
}

async function untilNoJob(id: string): Promise<void> {
  await rig.until(
    () => rig.app.db.query(sql`select id from jobs where kind = 'bill.close' and key = ${id}`),
    (rows) => rows.length === 0,
  );
}

const TOO_EARLY = [
  ['before its bill is there', -1, undefined, 'later'],
  ['before it is over', 0, undefined, 'later'],
  ['with a file that is no bill', -1, Buffer.from('no bill'), 'failed'],
] as const;

test.each(TOO_EARLY)(
  'a day that was tried by hand %s is fetched when it is there',
  async (...row) => {
    const [, days, file, kind] = row;
    const date = dayAfter(await toEarlyMorning(), days);
    const day = { account_id: rig.accounts.wechat_pay, date };
    expect(await reconcileDay(rig.app, { ...day, file })).toMatchObject({ kind });
    await toMorning(rig);
    // Two processes may look at the same moment.
    await Promise.all([1, 2].map(() => scheduleBills.run(rig.app)));
    const { id } = await untilClosed(day, 1);
    await untilNoJob(id);
    await scheduleBills.run(rig.app);
    await untilNoJob(id);
    expect(await billOf(day)).toMatchObject({ state: 'closed', runs: 1 });
  },
);

test('a day that somebody closed while it waited for its turn is not compared again', async () => {
  const date = dayAfter(await toEarlyMorning(), -1);
  const day = { account_id: rig.accounts.union_pay, date };
  const { id } = await billOf(day);
  await rig.clock.advance(3 * HOUR_MS);
  const desk = { ...day, day_shift_ms: 0, refunds_by: 'accepted' } as const;
  await atDesk(rig.app, desk, async () => {
    await scheduleBills.run(rig.app);
    // As a command does that is at the desk.
    await rig.app.db.query(sql`
      update bills set state = 'closed', runs = 1, report = '{"not_compared": []}' where id = ${id}`);
  });
  await untilNoJob(id);
  expect(await billOf(day)).toMatchObject({ runs: 1 });
});

test('a day that was closed by hand without one of its bills is compared again', async () => {
  const date = dayAfter(await toEarlyMorning(), -1);
  const day = { account_id: rig.accounts.wechat_pay, date };
  await rig.clock.advance(3 * HOUR_MS);
  const late = { fault: 'rate_limited', operation: 'bill.funds', probability: 1 } as const;
  rig.faults.wechat_pay.set([late]);
  const outcome = await reconcileDay(rig.app, day);
  expect(outcome).toMatchObject({ report: { not_compared: [{ bill: 'funds', passing: true }] } });
  rig.faults.wechat_pay.set([]);
  await rig.until(
    () => billOf(day),
    ({ report }) => report?.not_compared.length === 0,
  );
});

test('a day that is asked for while it is compared is compared once more', async () => {
  const { db, jobs } = rig.app;
  const date = dayAfter(await toEarlyMorning(), -1);
  const day = { account_id: rig.accounts.wechat_pay, date };
  const { id } = await billOf(day);
  const ask = () => db.transaction((tx) => requestBill(rig.app, tx, day));
  await rig.clock.advance(3 * HOUR_MS);
  await db.transaction(async (tx) => {
    // Whoever compares the day cannot close it before this ends.
    await tx.query(sql`select id from bills where id = ${id} for update`);
    await ask();
    jobs.wake();
    await rig.until(
      () => db.query(sql`select id from jobs where key = ${id} and token is not null`),
      (rows) => rows.length === 1,
    );
    await ask();
  });
  jobs.wake();
  await untilClosed(day, 2);
  await untilNoJob(id);
});

test('a day that waits for its turn because of a payout keeps its own times', async () => {
  const { db } = rig.app;
  const date = dayAfter(await toEarlyMorning(), -1);
  const day = { account_id: rig.accounts.wechat_pay, date };
  await rig.clock.advance(3 * HOUR_MS);
  await reconcileDay(rig.app, day);
  const { id } = await billOf(day);
  await db.query(sql`
    insert into breaks (book, id, wallet_account_id, kind, about, subject, amount, detail, bill_id)
    values (0, ${newId('brk')}, ${day.account_id}, 'state', 'payout', 'P1', 1, '{}', ${id})`);
  const jobs = () => db.query(sql`select run_at, tries, token from jobs where key = ${id}`);
  const run_at = new Date(rig.app.clock.real().getTime() + HOUR_MS);
  await db.query(sql`
    insert into jobs (book, id, kind, key, run_at, tries)
    values (0, ${newId('job')}, 'bill.close', ${id}, ${run_at}, 7)`);
  await rig.clock.advance(13 * HOUR_MS);
  await scheduleBills.run(rig.app);
  expect(await jobs()).toEqual([{ run_at, tries: 7, token: null }]);
  await db.query(sql`delete from jobs where key = ${id}`);
  await scheduleBills.run(rig.app);
  await untilClosed(day, 2);
});
