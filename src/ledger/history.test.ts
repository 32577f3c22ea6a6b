import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/pool.ts';
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
});
