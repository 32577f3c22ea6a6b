import { afterAll, beforeAll, expect, test } from 'vitest';
import { unchained } from '../../test/check/plant.ts';
import { type Queryable, sql, statement } from '../db/pool.ts';
import { findBalance } from './history.ts';
import type { Balance } from './ledger.ts';
import { openBooks } from './testing.ts';
import { end, floored, fund, move, type OpenLedger, transfer } from './testing-moves.ts';

/** More postings than lie between two snapshots. */
const ROUNDS = 60;
const A_ROUND = 40;

let ledger: OpenLedger;

beforeAll(async () => {
  ({ ledger } = await openBooks());
});

afterAll(() => ledger.stop());

async function clock(): Promise<Date> {
  const [row] = await ledger.db.query<{ at: Date }>(sql`
    select date_trunc('milliseconds', clock_timestamp()) as at, pg_sleep(0.002)`);
  return row?.at ?? new Date(0);
}

test('an account’s balance is known at every moment of its past', async () => {
  const [from, to] = [floored('then-from'), floored('then-to')];
  const before = await clock();
  await fund(ledger, from, 1_000_000n);
  const seen: { at: Date; balance: Balance | undefined }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const held = transfer(from, to, BigInt(round + 1), { kind: 'pending' });
    const amounts = Array.from({ length: A_ROUND }, (_, index) => BigInt(index + 1));
    const moves = amounts.map((amount) => move([transfer(from, to, amount)]));
    await Promise.all([move([held]), ...moves].map((each) => ledger.submit(each)));
    if (round % 3 === 0) await ledger.submit(move([end(round % 2 ? 'post' : 'void', held)]));
    seen.push({ balance: await ledger.balance(0, to.id), at: await clock() });
  }
  for (const { at, balance } of seen) expect(await ledger.balance(0, to.id, at)).toEqual(balance);
  expect(await ledger.balance(0, to.id, before)).toMatchObject({ posted: 0n, available: 0n });
  expect(await ledger.balance(0, 'nobody', before)).toBeUndefined();
  const snapshots = await ledger.db.query(sql`
    select 1 from ledger_snapshots where account = ${to.id}`);
  expect(snapshots.length).toBeGreaterThanOrEqual(2);
  expect(await passedOver(to.id, before)).toBeLessThan(1_200);
});

/** How many postings one part of the question reads in vain; all are {@link ROUNDS} times 41. */
async function passedOver(account: string, at: Date): Promise<number> {
  await ledger.db.query(sql`analyze postings`);
  const plan: string[] = [];
  const explaining: Queryable = {
    async query({ text, values }) {
      const asked = statement(`explain (analyze, costs off) ${text}`, values);
      const rows = await ledger.db.query<{ 'QUERY PLAN': string }>(asked);
      plan.push(...rows.map((row) => row['QUERY PLAN']));
      return [];
    },
  };
  await findBalance(explaining, 0, account, at);
  const removed = plan.map((line) => Number(/Removed by Filter: (\d+)/.exec(line)?.[1] ?? 0));
  return Math.max(...removed);
}

test('postings from before the chain count in a balance of the past', async () => {
  const [old, other] = [floored('old'), floored('other')];
  await fund(ledger, old, 10n);
  await ledger.submit(move([transfer(old, other, 1n)]));
  await ledger.db.pool.query(
    unchained(`insert into postings (book, id, move_id, debit_account, credit_account, amount,
        currency, kind, reason, business_at)
      values (0, 'pst_0', 'mov_0', 'old', 'other', 2, 'CNY', 'posted', 'test', now())`),
  );
  expect(await ledger.balance(0, 'other', await clock())).toMatchObject({ posted: 3n });
});
