import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { type Queryable, sql } from '../db/pool.ts';
import { openBooks } from '../ledger/testing.ts';
import { end, floored, fund, move, type OpenLedger, transfer } from '../ledger/testing-moves.ts';

/** What is on its way out of a merchant's account, however long its past. */
const seller = floored('merchant:mer_long');
let ledger: OpenLedger;

beforeEach(async () => {
  ({ ledger } = await openBooks());
  await fund(ledger, seller, 1_000_000_000n);
  return () => ledger.stop();
});

const reserve = (amount: bigint, subject_id?: string) =>
  transfer(seller, floored('wallet:w'), amount, {
    kind: 'pending',
    ...(subject_id === undefined ? {} : { subject_id }),
  });

test('is what has begun and not ended, in any order', async () => {
  const steps = fc.array(
    fc.record({
      amount: fc.bigInt(1n, 1_000n),
      ends: fc.option(fc.constantFrom('post', 'void'), { freq: 3 }),
      later: fc.boolean(),
    }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const late: ReturnType<typeof end>[] = [];
      for (const { amount, ends, later } of all) {
        const held = reserve(amount);
        await ledger.submit(move([held]));
        if (ends === null) continue;
        if (later) late.unshift(end(ends, held));
        else await ledger.submit(move([end(ends, held)]));
      }
      for (const one of late) await ledger.submit(move([one]));
      const found = await ledger.db.query(sql`
        select amount from open_merchant_reservations(0::smallint, ${seller.id}) order by amount`);
      const open = await ledger.db.query(sql`
        select p.amount from postings p
        where p.debit_account = ${seller.id} and p.kind = 'pending'
          and not exists (select from postings e where e.ends = p.id)
        order by p.amount`);
      expect(found).toEqual(open);
    }),
    { numRuns: process.env['HUTONG_TEST_FULL'] === '1' ? 200 : 15 },
  );
});

test('is found without reading what ended long ago', async () => {
  const past = Array.from({ length: 2_000 }, () => reserve(1n));
  await ledger.submit(move(past));
  await ledger.submit(move(past.map((held) => end('post', held))));
  await ledger.submit(move([reserve(7n, 'pay_new')]));
  const [found, read] = await ledger.db.transaction(async (tx) => {
    const before = await readOfPostings(tx);
    const rows = await tx.query(sql`
      select * from open_merchant_reservations(0::smallint, ${seller.id})`);
    return [rows, (await readOfPostings(tx)) - before] as const;
  });
  expect(found).toEqual([{ credit_account: 'wallet:w', subject_id: 'pay_new', amount: 7n }]);
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(200);
});

/** Rows that this connection has read and not yet told the server's statistics of. */
async function readOfPostings(tx: Queryable): Promise<number> {
  const [row] = await tx.query<{ read: number }>(sql`
    select (seq_tup_read + idx_tup_fetch)::int as read
    from pg_stat_xact_user_tables where relname = 'postings'`);
  return row?.read ?? 0;
}
