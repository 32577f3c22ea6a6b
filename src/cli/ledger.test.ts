import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LET_IN } from '../../test/support/before-the-chain.ts';
import { startTestHub, type TestHub } from '../../test/support/hub.ts';
import { builtProgram } from '../../test/support/processes.ts';
import { floored, fund, move, transfer } from '../ledger/testing-moves.ts';

/** The command as auditors run it: against a hub, and on what it saved. */
const folder = mkdtempSync(join(tmpdir(), 'hutong-chain-'));
const saved = join(folder, 'book.jsonl');
let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
  await fund(hub.app.ledger, floored('cli-a'), 100n);
  const postings = [transfer(floored('cli-a'), floored('cli-b'), 5n)];
  for (let i = 0; i < 3; i += 1) {
    await hub.app.ledger.submit(move(postings.map((posting) => ({ ...posting, id: `pst_${i}` }))));
  }
  writeFileSync(join(folder, 'key'), `${hub.operator_key}\n`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function verify(...options: string[]): Promise<{ code: number; lines: string[] }> {
  const args = [builtProgram(), 'ledger', 'verify', ...options];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, lines: text.trim().split('\n') };
}

test('the chain of a running hub is whole, and so is its copy', async () => {
  const there = await verify('--url', hub.url, '--key-file', join(folder, 'key'), '--save', saved);
  expect(there.lines[0]).toBe('✓ 4 postings in 4 links, none changed, none missing');
  expect(there.code).toBe(0);
  const end = there.lines[1] ?? '';
  expect(await verify('--from', saved, '--expect', end)).toEqual(there);
  const other = await verify(
    '--from',
    saved,
    '--expect',
    end.replace(/.$/, (c) => (c === '0' ? '1' : '0')),
  );
  expect(other.code).toBe(1);
  expect(other.lines[0]).toMatch(/does not have the link/);
});

test('a book without links is no proof, and an error when there should be some', async () => {
  const of = ['--url', hub.url, '--key-file', join(folder, 'key'), '--book'];
  const none = `1:${'0'.repeat(64)}`;
  expect(await Promise.all([verify(...of, '7'), verify(...of, '7', '--expect', none)])).toEqual([
    { code: 0, lines: ['! the chain is empty: it has no link, and nothing is proven'] },
    { code: 1, lines: ['✗ the chain is empty: it has no link at all'] },
  ]);
  await hub.app.db.pool.query(`${LET_IN};
    insert into ledger_heads (book, position, hash)
    values (7, 3, decode(repeat('00', 32), 'hex'));
    insert into postings (book, id, move_id, debit_account, credit_account, amount, currency,
      kind, reason, business_at)
    values (0, 'pst_x', 'mov_x', 'cli-a', 'cli-b', 1, 'CNY', 'posted', 'x', now())`);
  expect(await Promise.all([verify(...of, '7'), verify(...of, '0')])).toEqual([
    { code: 1, lines: ['✗ the links end at 0, and the hub has sealed 3'] },
    { code: 1, lines: ['✗ 1 postings are in no link, and 0 were there before the chain'] },
  ]);
});

test('a copy that was touched is found out, with the place', async () => {
  writeFileSync(saved, readFileSync(saved, 'utf8').replace('\\"5\\"', '\\"6\\"'));
  const touched = await verify('--from', saved);
  expect(touched.code).toBe(1);
  expect(touched.lines[0]).toBe('✗ positions 2 to 2 are not what was sealed');
});
