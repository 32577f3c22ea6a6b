import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { openDb } from '../db/pool.ts';
import { openPostgresJournal } from './postgres-journal.ts';
import { type Journal, type JournalRecord, SandboxStore } from './store.ts';

const database = createTestDatabase();

/** A journal whose disk fails for a while. */
function brokenJournal(failures: number): Journal & { written: JournalRecord[][] } {
  let left = failures;
  const written: JournalRecord[][] = [];
  return {
    written,
    load: () => Promise.resolve([]),
    write: (records) => {
      left -= 1;
      if (left >= 0) return Promise.reject(new Error('disk full'));
      written.push([...records]);
      return Promise.resolve();
    },
  };
}

interface Order {
  readonly id: string;
  amount: bigint;
}

describe('a sandbox’s store', () => {
  test('is there again after a restart: amounts, changes, deletions, order', async () => {
    const { url } = await database;
    const db = openDb({ url, max_connections: 2 });
    const first = await SandboxStore.open(await openPostgresJournal(db, 'wechat_pay'));
    const orders = first.collection<Order>('orders');
    for (const id of ['b', 'a', 'c']) orders.put(id, { id, amount: 9_007_199_254_740_993n });
    await first.committed();
    const changed = orders.get('a');
    if (changed) {
      changed.amount = 1n;
      orders.put('a', changed);
    }
    orders.delete('c');
    await first.committed();
    const again = await SandboxStore.open(await openPostgresJournal(db, 'wechat_pay'));
    expect([...again.collection<Order>('orders').values()]).toEqual([
      { id: 'b', amount: 9_007_199_254_740_993n },
      { id: 'a', amount: 1n },
    ]);
    const other = await SandboxStore.open(await openPostgresJournal(db, 'alipay'));
    expect(other.collection('orders').size).toBe(0);
    await db.end();
  });

  test('writes what changed during a write with the next one, each record once', async () => {
    const journal = brokenJournal(0);
    const store = await SandboxStore.open(journal);
    const orders = store.collection<Order>('orders');
    for (let index = 0; index < 100; index += 1)
      orders.put('x', { id: 'x', amount: BigInt(index) });
    await store.committed();
    expect(journal.written.flat()).toHaveLength(1);
  });

  test('says when it cannot write, and writes it later all the same', async () => {
    const journal = brokenJournal(2);
    const store = await SandboxStore.open(journal, { patience_ms: 20 });
    store.collection<Order>('orders').put('x', { id: 'x', amount: 1n });
    await expect(store.committed()).rejects.toThrow(/journal/);
    while (journal.written.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(journal.written.flat().map((record) => record.key)).toEqual(['x']);
    await expect(store.committed()).resolves.toBeUndefined();
  });
});
