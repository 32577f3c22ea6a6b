import { beforeAll, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { sql } from '../db/pool.ts';
import { closeDay } from './close.ts';
import { closeBillDay, datesDue, scheduleBills } from './jobs.ts';
import { atDesk } from './matching/desk.ts';
import { ensureBill, selectBill } from './queries.ts';

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
