import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brokenLaws } from '../../check/run.ts';
import { sql, sqlState } from '../../db/pool.ts';
import { newId } from '../../ids.ts';
import { CHAIN_LAWS } from '../../laws/chain.ts';
import { LEDGER_LAWS } from '../../laws/ledger.ts';
import type { Move } from '../ledger.ts';
import { openBooks } from '../testing.ts';
import { end, floored, fund, move, type OpenLedger, THINGS, transfer } from '../testing-moves.ts';

let ledger: OpenLedger;

beforeAll(async () => {
  ({ ledger } = await openBooks());
});

afterAll(() => ledger.stop());

describe('a batch', () => {
  test('loses one move to a unique index, and its neighbours commit', async () => {
    const insert = (body: string): Move => {
      const values = { body, amount: 1n };
      return move([], { rows: [{ op: 'insert', kind: THINGS, id: newId('job'), values }] });
    };
    const bodies = Array.from({ length: 60 }, (_, index) => `u${index % 55}`);
    const results = await Promise.all(bodies.map((body) => ledger.submit(insert(body))));
    expect(results.slice(0, 55).every(({ kind }) => kind === 'committed')).toBe(true);
    expect(results.slice(55).map(({ kind }) => kind)).toEqual(Array(5).fill('taken'));
  });

  test('loses one move that cannot be, and its neighbours commit', async () => {
    const [a, b] = [floored('odd-a'), floored('odd-b')];
    await fund(ledger, a, 10n);
    const moves = [
      move([transfer(a, b, 1n)]),
      move([transfer(a, b, 0n)]),
      move([transfer(a, b, 2n)]),
      move([end('post', { id: 'pst_nowhere' })]),
    ];
    const results = await Promise.allSettled(moves.map((entry) => ledger.submit(entry)));
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
    ]);
    expect(await ledger.balance(0, 'odd-b')).toMatchObject({ posted: 3n });
  });

  test('commits a change once per version', async () => {
    const id = newId('job');
    const values = { body: 'versions', amount: 0n };
    await ledger.submit(move([], { rows: [{ op: 'insert', kind: THINGS, id, values }] }));
    const change = {
      op: 'update',
      kind: THINGS,
      id,
      version: 1,
      values: { amount: 9_007_199_254_740_993n },
    } as const;
    const bump = () => ledger.submit(move([], { rows: [change] }));
    const results = await Promise.all(Array.from({ length: 8 }, bump));
    expect(results.filter((result) => result.kind === 'committed')).toHaveLength(1);
    expect(results.filter((result) => result.kind === 'stale')).toHaveLength(7);
    const [row] = await ledger.db.query<{ version: number; amount: bigint }>(sql`
      select version, amount from things where id = ${id}`);
    expect(row).toEqual({ version: 2, amount: 9_007_199_254_740_993n });
  });
});

describe('a reservation', () => {
  test('is posted or voided, once, and the accounts follow', async () => {
    const [from, to] = [floored('res-from'), floored('res-to')];
    await fund(ledger, from, 50n);
    const first = transfer(from, to, 30n, { kind: 'pending' });
    const second = transfer(from, to, 20n, { kind: 'pending' });
    await ledger.submit(move([first, second]));
    expect(await ledger.balance(0, 'res-from')).toMatchObject({ posted: 50n, available: 0n });
    expect((await ledger.submit(move([transfer(from, to, 1n)]))).kind).toBe('refused');
    await ledger.submit(move([end('post', first)]));
    await ledger.submit(move([end('void', second)]));
    expect(await ledger.balance(0, 'res-from')).toMatchObject({ posted: 20n, available: 20n });
    expect(await ledger.balance(0, 'res-to')).toMatchObject({ posted: 30n, available: 30n });
    for (const held of [first, second]) {
      const again = await ledger.submit(move([end('post', held)]));
      expect(again).toMatchObject({ kind: 'refused', reason: 'ended' });
    }
    expect(await brokenLaws(ledger.db, [...LEDGER_LAWS, ...CHAIN_LAWS])).toEqual([]);
  });

  test('with a time expires by the database’s business clock, and is posted only before', async () => {
    const [from, to] = [floored('exp-from'), floored('exp-to')];
    await fund(ledger, from, 50n);
    const inAMinute = { kind: 'pending', expires_at: new Date(Date.now() + 60_000) } as const;
    const [early, late] = [transfer(from, to, 20n, inAMinute), transfer(from, to, 30n, inAMinute)];
    await ledger.submit(move([early, late]));
    expect(await ledger.submit(move([end('expire', late)]))).toMatchObject({
      reason: 'not_expired',
    });
    expect((await ledger.submit(move([end('post', early)]))).kind).toBe('committed');
    await ledger.db.query(sql`
      insert into installation (mode, clock_offset_ms) values ('sandbox', 60001)`);
    expect(await ledger.submit(move([end('post', late)]))).toMatchObject({ reason: 'expired' });
    expect((await ledger.submit(move([end('expire', late)]))).kind).toBe('committed');
    expect(await ledger.balance(0, 'exp-from')).toMatchObject({ posted: 30n, available: 30n });
    expect(await ledger.db.query(sql`select id from ledger_reservations`)).toEqual([]);
    await ledger.db.query(sql`delete from installation`);
  });
});

describe('limits', () => {
  test('a cap stops intents and pending credits count, a fact passes', async () => {
    const owed = { id: 'owed', normal: 'debit', cap: 100n } as const;
    const seller = { id: 'owed-seller', normal: 'credit' } as const;
    const owe = (amount: bigint, more = {}) =>
      ledger.submit(move([transfer(owed, seller, amount, more)]));
    expect((await owe(60n, { kind: 'pending' })).kind).toBe('committed');
    expect(await owe(41n)).toEqual({ kind: 'refused', reason: 'cap', account: 'owed' });
    expect((await owe(40n)).kind).toBe('committed');
    expect((await owe(1n, { fact: true })).kind).toBe('committed');
  });

  test('the latest floor and cap that are named hold', async () => {
    const account = floored('limits');
    const other = { id: 'limits-other', normal: 'credit' } as const;
    expect((await ledger.submit(move([transfer(account, other, 5n)]))).kind).toBe('refused');
    const deeper = { ...account, floor: -5n };
    expect((await ledger.submit(move([transfer(deeper, other, 5n)]))).kind).toBe('committed');
    const { floor: _none, ...unsaid } = account;
    expect((await ledger.submit(move([transfer(unsaid, other, 1n)]))).kind).toBe('refused');
  });
});

describe('a move with an id', () => {
  const body = (amount: bigint) => move([transfer(floored('id-a'), floored('id-b'), amount)]);

  test('has one answer for ever, a refusal too, also within one batch', async () => {
    const refused = await ledger.submit({ ...body(5n), id: 'first' });
    expect(refused).toMatchObject({ kind: 'refused', reason: 'floor' });
    await fund(ledger, floored('id-a'), 100n);
    expect(await ledger.submit({ ...body(5n), id: 'first' })).toEqual(refused);
    const copies = Array.from({ length: 16 }, () => ledger.submit({ ...body(5n), id: 'second' }));
    const answers = await Promise.all(copies);
    expect(answers).toEqual(Array(16).fill({ kind: 'committed', move_id: 'second' }));
    expect(await ledger.submit({ ...body(5n), id: 'second' })).toEqual(answers[0]);
    expect(await ledger.balance(0, 'id-b')).toMatchObject({ posted: 5n });
  });

  test('with another body is refused', async () => {
    expect((await ledger.submit({ ...body(1n), id: 'third' })).kind).toBe('committed');
    const other = await ledger.submit({ ...body(2n), id: 'third' });
    expect(other).toMatchObject({ kind: 'refused', reason: 'id_reused' });
  });
});

test('postings and seals can be neither changed nor deleted', async () => {
  const refusal = async (run: Promise<unknown>) =>
    sqlState(await run.catch((error: unknown) => error));
  expect(await refusal(ledger.db.query(sql`update postings set amount = 1`))).toBe('42501');
  expect(await refusal(ledger.db.query(sql`delete from postings`))).toBe('42501');
  expect(await refusal(ledger.db.query(sql`delete from ledger_seals`))).toBe('42501');
});
