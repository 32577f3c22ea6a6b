import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { type Db, openDb, sql, sqlState } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { createLog } from '../log.ts';
import { checkLedger } from './check.ts';
import type { AccountSpec, Ledger, Move, NewPosting, RowKind } from './ledger.ts';
import { createLedger } from './writer.ts';

const THINGS: RowKind = { table: 'things', columns: { body: 'text', amount: 'bigint' } };
const AT = new Date('2026-11-21T00:00:00Z');

const log = createLog({ level: 'fatal', name: 'test' });
let db: Db;
let ledger: Ledger;

function open(url: string): { db: Db; ledger: Ledger } {
  const own = openDb({ url, max_connections: 4, pipeline: true });
  const nothing = () => Promise.resolve();
  const writer = createLedger({
    db: own,
    log,
    publishEvents: nothing,
    enqueueJobs: nothing,
    wake() {},
  });
  return { db: own, ledger: writer };
}

let url = '';
beforeAll(async () => {
  ({ url } = await createTestDatabase());
  ({ db, ledger } = open(url));
  await db.query(sql`create table things (book smallint, id text, version integer default 1,
    body text unique, amount bigint, primary key (book, id))`);
});

afterAll(async () => {
  await ledger.stop();
  await db.end();
});

const floored = (id: string): AccountSpec => ({ id, normal: 'credit', floor: 0n });

type Movement = Extract<NewPosting, { amount: bigint }>;

function transfer(from: AccountSpec, to: AccountSpec, amount: bigint, fact = false): Movement {
  return {
    kind: 'posted',
    id: newId('pst'),
    debit: from,
    credit: to,
    amount,
    currency: 'CNY',
    reason: 'test',
    business_at: AT,
    fact,
  };
}

function move(postings: readonly NewPosting[], rows: Move['rows'] = []): Move {
  return { book: 0, rows, postings, events: [], jobs: [] };
}

async function fund(account: AccountSpec, amount: bigint): Promise<void> {
  const world: AccountSpec = { id: 'world', normal: 'debit' };
  await ledger.submit(move([transfer(world, account, amount, true)]));
}

describe('the ledger writer', () => {
  test('of 64 concurrent transfers of all there is, exactly one succeeds, with two writers', async () => {
    const other = open(url);
    const a = floored('a');
    const b = floored('b');
    for (let round = 0; round < 5; round += 1) {
      await fund(a, 100n);
      const results = await Promise.all(
        Array.from({ length: 64 }, (_, index) =>
          (index % 2 === 0 ? ledger : other.ledger).submit(move([transfer(a, b, 100n)])),
        ),
      );
      expect(results.filter((result) => result.kind === 'committed')).toHaveLength(1);
      expect(await ledger.balance(0, 'a')).toMatchObject({ posted: 0n, available: 0n });
    }
    expect(await checkLedger(db)).toEqual([]);
    await other.ledger.stop();
    await other.db.end();
  });

  test('a move that loses a unique index says so and its neighbours commit', async () => {
    const insert = (body: string): Move =>
      move([], [{ op: 'insert', kind: THINGS, id: newId('job'), values: { body, amount: 1n } }]);
    const results = await Promise.all(
      [insert('x'), insert('y'), insert('x'), insert('z')].map((move) => ledger.submit(move)),
    );
    expect(results.map((result) => result.kind).sort()).toEqual([
      'committed',
      'committed',
      'committed',
      'taken',
    ]);
  });

  test('a change is committed once per version', async () => {
    const id = newId('job');
    const values = { body: 'versions', amount: 0n };
    await ledger.submit(move([], [{ op: 'insert', kind: THINGS, id, values }]));
    const bump = () =>
      ledger.submit(
        move(
          [],
          [
            {
              op: 'update',
              kind: THINGS,
              id,
              version: 1,
              values: { amount: 9_007_199_254_740_993n },
            },
          ],
        ),
      );
    const results = await Promise.all(Array.from({ length: 8 }, bump));
    expect(results.filter((result) => result.kind === 'committed')).toHaveLength(1);
    expect(results.filter((result) => result.kind === 'stale')).toHaveLength(7);
    const [row] = await db.query<{ version: number; amount: bigint }>(sql`
      select version, amount from things where id = ${id}`);
    expect(row).toEqual({ version: 2, amount: 9_007_199_254_740_993n });
  });

  test('a reservation is posted or voided, and the accounts follow', async () => {
    const from = floored('res-from');
    const to = floored('res-to');
    await fund(from, 50n);
    const reserve = (amount: bigint): Movement => ({
      ...transfer(from, to, amount),
      kind: 'pending',
    });
    const [first, second] = [reserve(30n), reserve(20n)];
    await ledger.submit(move([first, second]));
    expect(await ledger.balance(0, 'res-from')).toMatchObject({ posted: 50n, available: 0n });
    expect((await ledger.submit(move([transfer(from, to, 1n)]))).kind).toBe('refused');
    await ledger.submit(
      move([{ kind: 'post', id: newId('pst'), ends: first.id, business_at: AT }]),
    );
    await ledger.submit(
      move([{ kind: 'void', id: newId('pst'), ends: second.id, business_at: AT }]),
    );
    expect(await ledger.balance(0, 'res-from')).toMatchObject({ posted: 20n, available: 20n });
    expect(await ledger.balance(0, 'res-to')).toMatchObject({ posted: 30n, available: 30n });
    const again = move([{ kind: 'post', id: newId('pst'), ends: first.id, business_at: AT }]);
    expect(await ledger.submit(again)).toMatchObject({ kind: 'refused', reason: 'ended' });
    expect(await checkLedger(db)).toEqual([]);
  });

  test('postings can be neither changed nor deleted', async () => {
    const refusal = async (run: Promise<unknown>) =>
      sqlState(await run.catch((error: unknown) => error));
    expect(await refusal(db.query(sql`update postings set amount = 1`))).toBe('42501');
    expect(await refusal(db.query(sql`delete from postings`))).toBe('42501');
  });

  test('the check finds a balance that does not follow from the postings', async () => {
    await db.query(
      sql`update ledger_accounts set credits_posted = credits_posted + 1 where id = 'b'`,
    );
    const laws = (await checkLedger(db)).map((violation) => violation.law);
    expect(laws).toContain('sum of all balances is zero');
    expect(laws).toContain('balances equal the postings');
    await db.query(
      sql`update ledger_accounts set credits_posted = credits_posted - 1 where id = 'b'`,
    );
  });
});
