import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Db, sql } from '../../db/pool.ts';
import { openBooks } from '../testing.ts';
import { floored, fund, move, type OpenLedger, openLedger, transfer } from '../testing-moves.ts';

/** Letters to the process that writes the book, over connections that are cut. */
let writer: OpenLedger;
let url: string;
const others: OpenLedger[] = [];

beforeEach(async () => {
  ({ url, ledger: writer } = await openBooks());
});

afterEach(async () => {
  for (const other of others.splice(0)) await other.stop();
  await writer.stop();
});

/** The server does what it is asked with these words, and its answer is lost the first times. */
function deaf(words: string, losses: number): (db: Db) => Db {
  let left = losses;
  return (db) => ({
    ...db,
    query: async (statement) => {
      const rows = await db.query(statement);
      if (left > 0 && rows.length > 0 && statement.text.includes(words)) {
        left -= 1;
        throw new Error('Connection terminated unexpectedly');
      }
      return rows as never[];
    },
  });
}

function another(worse?: (db: Db) => Db): OpenLedger {
  const other = openLedger(url, worse);
  others.push(other);
  return other;
}

async function letters(): Promise<number> {
  const [row] = await writer.db.query<{ count: number }>(sql`
    select count(*)::int from ledger_mail`);
  return row?.count ?? -1;
}

test('an answer that was lost on its way is read again, and then forgotten', async () => {
  const [a, b] = [floored('lost-a'), floored('lost-b')];
  await fund(writer, a, 10n);
  const other = another(deaf('id, result from ledger_mail', 3));
  const moves = Array.from({ length: 5 }, () => other.submit(move([transfer(a, b, 1n)])));
  for (const result of await Promise.all(moves)) expect(result.kind).toBe('committed');
  expect(await writer.balance(0, 'lost-b')).toMatchObject({ posted: 5n });
  await expect.poll(letters).toBe(0);
});

test('an answer that nobody can find any more is not waited for', { timeout: 40_000 }, async () => {
  const a = floored('gone-a');
  await fund(writer, a, 10n);
  const other = another((db) => ({
    ...db,
    query: async (statement) => {
      if (!statement.text.includes('id, result from ledger_mail')) return db.query(statement);
      // As forgotten ones are, while this process slept.
      await db.query(sql`delete from ledger_mail where result is not null`);
      return [];
    },
  }));
  const result = other.submit(move([transfer(a, floored('gone-b'), 1n)]));
  await expect(result).rejects.toThrow('the answer is gone');
  expect(await writer.balance(0, 'gone-b')).toMatchObject({ posted: 1n });
});

test('a process stops although nobody will answer it any more', async () => {
  let gone = false;
  const other = openLedger(url, (db) => ({
    ...db,
    query: async (statement) => {
      if (gone) throw new Error('Connection terminated unexpectedly');
      const rows = await db.query(statement);
      gone = statement.text.includes('insert into ledger_mail');
      return rows as never[];
    },
  }));
  await fund(writer, floored('mute-a'), 10n);
  void other.submit(move([transfer(floored('mute-a'), floored('mute-b'), 1n)]));
  await expect.poll(() => gone).toBe(true);
  await other.stop();
});
