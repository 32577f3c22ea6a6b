import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { brokenLaws } from '../../check/run.ts';
import { sql } from '../../db/pool.ts';
import { CHAIN_LAWS } from '../../laws/chain.ts';
import { LEDGER_LAWS } from '../../laws/ledger.ts';
import { openBooks } from '../testing.ts';
import { floored, fund, type OpenLedger, transfer, transferLooking } from '../testing-moves.ts';
import type { Order, Word } from './testing-process.ts';

/** Several processes write one book: each has its own ledger, killed or stopped as real ones. */
const FULL = process.env['HUTONG_TEST_FULL'] === '1';
const ROUNDS = 200;
const ROUNDS_OF_FOUR = FULL ? 200 : 12;
const TRANSFERS = 64;
const PROCESSES = 4;
const CONNECTIONS = 10;

let books: { url: string; ledger: OpenLedger };
let ledger: OpenLedger;
let children: ChildProcess[] = [];

beforeEach(async () => {
  books = await openBooks({ connections: CONNECTIONS });
  ({ ledger } = books);
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await ledger.stop();
});

async function startProcess(): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('testing-process.ts', import.meta.url));
  const child = fork(script, [books.url, String(CONNECTIONS)], { execArgv: ['--import', 'tsx'] });
  children.push(child);
  const word = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  expect(word[0]).toEqual({ word: 'ready' });
  return child;
}

const order = (child: ChildProcess, what: Order) => child.send(what);

/** All there is, by many at once: one gets it. */
async function race(processes: readonly ChildProcess[]): Promise<number> {
  const raced = processes.map((child) => once(child, 'message') as Promise<[Word]>);
  const transfers = TRANSFERS / processes.length;
  for (const child of processes) order(child, { order: 'race', transfers });
  const words = (await Promise.all(raced)).map(([word]) => word);
  return words.reduce((sum, word) => {
    expect(word).toMatchObject({ word: 'raced' });
    if (word.word !== 'raced') return sum;
    expect(word.kinds.filter((kind) => kind !== 'committed' && kind !== 'refused')).toEqual([]);
    return sum + word.committed;
  }, 0);
}

test('of 64 concurrent transfers of all there is exactly one succeeds, in one process', async () => {
  const [a, b] = [floored('one-a'), floored('one-b')];
  for (let round = 0; round < ROUNDS; round += 1) {
    await fund(ledger, a, 100n);
    const results = await Promise.all(
      Array.from({ length: TRANSFERS }, () => transferLooking(ledger, transfer(a, b, 100n))),
    );
    expect(results.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
    expect(results.filter(({ kind }) => kind === 'refused')).toHaveLength(TRANSFERS - 1);
    expect(await ledger.balance(0, 'one-a')).toMatchObject({ posted: 0n, available: 0n });
  }
  expect(await brokenLaws(ledger.db, [...LEDGER_LAWS, ...CHAIN_LAWS])).toEqual([]);
});

test('and in four processes, which one book’s writer serves all', async () => {
  const processes = await Promise.all(Array.from({ length: PROCESSES }, startProcess));
  for (let round = 0; round < ROUNDS_OF_FOUR; round += 1) {
    await fund(ledger, floored('race-a'), 100n);
    expect(await race(processes)).toBe(1);
    expect(await ledger.balance(0, 'race-a')).toMatchObject({ posted: 0n, available: 0n });
  }
  expect(await brokenLaws(ledger.db, [...LEDGER_LAWS, ...CHAIN_LAWS])).toEqual([]);
});

/** Which of the processes has the book's lease. */
async function writerNow(): Promise<ChildProcess> {
  const [head] = await ledger.db.query<{ holder: string }>(sql`
    select holder from ledger_heads where book = 0`);
  const writer = children.find(({ pid }) => pid === Number(head?.holder.split('/')[0]));
  if (!writer) throw new Error('none of the processes writes the book');
  return writer;
}

/** What the callers in each process were told of their moves, by posting. */
type Told = Map<ChildProcess, Map<string, string>>;

async function startLoad(processes: number): Promise<Told> {
  await fund(ledger, floored('load-a'), 1_000_000n);
  await ledger.leave();
  const started = await Promise.all(Array.from({ length: processes }, startProcess));
  return new Map(
    started.map((child) => {
      const told = new Map<string, string>();
      child.on('message', (word: Word) => {
        if (word.word === 'answered') told.set(word.posting, word.kind);
      });
      order(child, { order: 'load', at_once: 16 });
      return [child, told];
    }),
  );
}

const toldIn = (told: Told, child: ChildProcess) => told.get(child)?.size ?? 0;

async function more(count: () => number): Promise<void> {
  const before = count();
  await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(before + 200);
}

/** What was told is so: a move is there when its caller heard that it committed, and only so. */
async function expectTrue(told: Told): Promise<void> {
  // At one moment: the server may still do what the dead had sent.
  const [then] = await ledger.db.query<{ ids: string[]; posted: bigint }>(sql`
    select credits_posted - debits_posted as posted,
      array(select id from postings where book = 0 and credit_account = 'load-b') as ids
    from ledger_accounts where book = 0 and id = 'load-b'`);
  const there = new Set(then?.ids);
  expect(then?.posted).toBe(BigInt(there.size));
  const all = [...told.values()].flatMap((each) => [...each]);
  const wrong = all.filter(([id, kind]) => there.has(id) !== (kind === 'committed'));
  expect(wrong).toEqual([]);
  expect(await brokenLaws(ledger.db, [...LEDGER_LAWS, ...CHAIN_LAWS])).toEqual([]);
}

test('a killed writer’s book passes on in seconds, and what was answered is there', async () => {
  const told = await startLoad(3);
  const all = () => [...told.values()].reduce((sum, { size }) => sum + size, 0);
  for (let kills = 0; kills < 2; kills += 1) {
    await more(all);
    (await writerNow()).kill('SIGKILL');
  }
  await more(all);
  for (const child of told.keys()) child.kill('SIGKILL');
  await expectTrue(told);
});

/** Links of an epoch that lie behind links of a later one. */
async function writtenTooLate(): Promise<unknown[]> {
  return ledger.db.query(sql`
    select epoch, position from (
      select epoch, last_position as position,
        max(epoch) over (order by last_position) as latest
      from ledger_seals where book = 0
    ) links where epoch < latest order by position limit 3`);
}

/** It has the head's lock from then on, until the database cuts its connection. */
async function stopWithinBatch(writer: ChildProcess): Promise<void> {
  await ledger.db.transaction(async (tx) => {
    await tx.query(sql`select from ledger_heads where book = 0 for update`);
    const batches = async () =>
      (
        await ledger.db.query(sql`
          select from pg_stat_activity where datname = current_database()
            and wait_event_type = 'Lock' and query like '%hutong_now() as now%'`)
      ).length;
    await expect.poll(batches, { timeout: 10_000 }).toBe(1);
    writer.kill('SIGSTOP');
  });
}

test('a writer that slept past its lease writes no more, and its moves go by letter', async () => {
  const told = await startLoad(2);
  const slept = await writerNow();
  await more(() => toldIn(told, slept));
  await stopWithinBatch(slept);
  await expect.poll(async () => (await writerNow()) === slept, { timeout: 20_000 }).toBe(false);
  const next = await writerNow();
  await more(() => toldIn(told, next));
  slept.kill('SIGCONT');
  await more(() => toldIn(told, slept));
  await more(() => toldIn(told, next));
  expect(await writerNow()).toBe(next);
  for (const child of told.keys()) order(child, { order: 'stop' });
  await Promise.all([...told.keys()].map((child) => once(child, 'exit')));
  expect(await writtenTooLate()).toEqual([]);
  await expectTrue(told);
});
