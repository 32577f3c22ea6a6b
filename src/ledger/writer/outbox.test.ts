import { afterEach, beforeEach, expect, test } from 'vitest';
import { brokenLaws } from '../../check/run.ts';
import { type Db, sql } from '../../db/pool.ts';
import { CHAIN_LAWS } from '../../laws/chain.ts';
import { LEDGER_LAWS } from '../../laws/ledger.ts';
import { openBooks } from '../testing.ts';
import {
  floored,
  fund,
  type LedgerSetting,
  move,
  type OpenLedger,
  openLedger,
  transfer,
} from '../testing-moves.ts';

/** Letters to the process that writes the book: connections are cut, and writers sleep. */
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

function another(worse?: LedgerSetting['worse'], answer_ms = 20_000): OpenLedger {
  const other = openLedger(url, { answer_ms, ...(worse && { worse }) });
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

test('an answer that nobody can find any more is not waited for', async () => {
  const a = floored('gone-a');
  await fund(writer, a, 10n);
  const forgetful = (db: Db): Db => ({
    ...db,
    query: async (statement) => {
      if (!statement.text.includes('id, result from ledger_mail')) return db.query(statement);
      // As forgotten ones are, while this process slept.
      await db.query(sql`delete from ledger_mail where result is not null`);
      return [];
    },
  });
  const other = another(forgetful, 2_000);
  const result = other.submit(move([transfer(a, floored('gone-b'), 1n)]));
  await expect(result).rejects.toThrow('the answer is gone');
  expect(await writer.balance(0, 'gone-b')).toMatchObject({ posted: 1n });
});

test('a writer that always has something to do finds a letter nobody told it of', async () => {
  const [a, b] = [floored('busy-a'), floored('busy-b')];
  await fund(writer, a, 1_000_000n);
  let busy = true;
  async function load(): Promise<void> {
    while (busy) await writer.submit(move([transfer(a, floored('busy-c'), 1n)]));
  }
  const loads = [load(), load(), load()];
  const unheard = another((db) => ({
    ...db,
    // NOTIFY goes out on a connection of its own.
    connection: () => Promise.reject(new Error('Connection terminated unexpectedly')),
  }));
  const result = unheard.submit(move([transfer(a, b, 1n)])).finally(() => {
    busy = false;
  });
  expect(await result).toMatchObject({ kind: 'committed' });
  await Promise.all(loads);
});

test('what the next writer refused is not written by the one before, which slept', async () => {
  const [a, b] = [floored('slept-a'), floored('slept-b')];
  let asleep = 0;
  let wake: (() => void) | undefined;
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  let sleeps = false;
  const before = another((db) => ({
    ...db,
    transaction: async (work) => {
      if (sleeps) asleep += 1;
      if (sleeps) await woken;
      return db.transaction(work);
    },
  }));
  await fund(before, a, 10n);
  sleeps = true;
  const next = another();
  const tooMuch = next.submit(move([transfer(a, b, 100n)]));
  // It has read the letter, and sleeps before it writes what the letter asks for.
  await expect.poll(() => asleep, { timeout: 10_000 }).toBe(1);
  expect(await tooMuch).toMatchObject({ kind: 'refused', reason: 'floor' });
  await fund(next, a, 1_000n);
  sleeps = false;
  wake?.();
  // Behind what it woke up with.
  expect((await before.submit(move([transfer(a, b, 1n)]))).kind).toBe('committed');
  expect(await writer.balance(0, b.id)).toMatchObject({ posted: 1n });
  const epochs = await writer.db.query(sql`select distinct epoch from ledger_seals order by 1`);
  expect(epochs).toEqual([{ epoch: 1n }, { epoch: 2n }]);
  expect(await brokenLaws(writer.db, [...LEDGER_LAWS, ...CHAIN_LAWS])).toEqual([]);
});

test('a process stops although nobody will answer it any more', async () => {
  let gone = false;
  const worse = (db: Db): Db => ({
    ...db,
    query: async (statement) => {
      if (gone) throw new Error('Connection terminated unexpectedly');
      const rows = await db.query(statement);
      gone = statement.text.includes('insert into ledger_mail');
      return rows as never[];
    },
  });
  const other = openLedger(url, { worse });
  await fund(writer, floored('mute-a'), 10n);
  void other.submit(move([transfer(floored('mute-a'), floored('mute-b'), 1n)]));
  await expect.poll(() => gone).toBe(true);
  await other.stop();
});
