import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { brokenLaws } from '../../check/run.ts';
import { sql } from '../../db/pool.ts';
import { CHAIN_LAWS } from '../../laws/chain.ts';
import { LEDGER_LAWS } from '../../laws/ledger.ts';
import { openBooks } from '../testing.ts';
import { floored, fund, move, type OpenLedger, transfer } from '../testing-moves.ts';
import type { Order, Word } from './testing-process.ts';

/** Several processes write one book: each is a ledger of its own, killed as the real ones are. */
const FULL = process.env['HUTONG_TEST_FULL'] === '1';
const ROUNDS = FULL ? 200 : 12;
const TRANSFERS = 64;
const PROCESSES = 4;

let books: { url: string; ledger: OpenLedger };
let ledger: OpenLedger;
let children: ChildProcess[] = [];

beforeEach(async () => {
  books = await openBooks();
  ({ ledger } = books);
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await ledger.stop();
});

async function startProcess(): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('testing-process.ts', import.meta.url));
  const child = fork(script, [books.url], { execArgv: ['--import', 'tsx'] });
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
    const all = () => ledger.submit(move([transfer(a, b, 100n)]));
    const results = await Promise.all(Array.from({ length: TRANSFERS }, all));
    expect(results.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
    expect(await ledger.balance(0, 'one-a')).toMatchObject({ posted: 0n, available: 0n });
  }
});

test('and in four processes, which one book’s writer serves all', async () => {
  const processes = await Promise.all(Array.from({ length: PROCESSES }, startProcess));
  for (let round = 0; round < ROUNDS; round += 1) {
    await fund(ledger, floored('race-a'), 100n);
    expect(await race(processes)).toBe(1);
    expect(await ledger.balance(0, 'race-a')).toMatchObject({ posted: 0n, available: 0n });
  }
  expect(await brokenLaws(ledger.db, [...LEDGER_LAWS, ...CHAIN_LAWS])).toEqual([]);
});

async function killWriter(): Promise<void> {
  const [head] = await ledger.db.query<{ holder: string }>(sql`
    select holder from ledger_heads where book = 0`);
  const writer = children.find(({ pid }) => pid === Number(head?.holder.split('/')[0]));
  expect(writer).toBeDefined();
  writer?.kill('SIGKILL');
}

test('a killed writer’s book passes on in seconds, and what was answered is there', async () => {
  await fund(ledger, floored('load-a'), 1_000_000n);
  await ledger.leave();
  const answered = new Set<string>();
  const hear = (child: ChildProcess) =>
    child.on('message', (word: Word) => {
      if (word.word === 'answered' && word.kind === 'committed') answered.add(word.posting);
    });
  const processes = await Promise.all(Array.from({ length: 3 }, startProcess));
  for (const child of processes) {
    hear(child);
    order(child, { order: 'load', at_once: 16 });
  }
  for (let kills = 0; kills < 2; kills += 1) {
    const before = answered.size;
    await expect.poll(() => answered.size, { timeout: 20_000 }).toBeGreaterThan(before + 200);
    await killWriter();
  }
  const before = answered.size;
  await expect.poll(() => answered.size, { timeout: 20_000 }).toBeGreaterThan(before + 200);
  for (const child of processes) child.kill('SIGKILL');
  // At one moment: the server may still do what the dead had sent.
  const [then] = await ledger.db.query<{ ids: string[]; posted: bigint }>(sql`
    select credits_posted - debits_posted as posted,
      array(select id from postings where book = 0 and credit_account = 'load-b') as ids
    from ledger_accounts where book = 0 and id = 'load-b'`);
  const there = new Set(then?.ids);
  expect([...answered].filter((id) => !there.has(id))).toEqual([]);
  expect(then?.posted).toBe(BigInt(there.size));
  expect(await brokenLaws(ledger.db, [...LEDGER_LAWS, ...CHAIN_LAWS])).toEqual([]);
});
