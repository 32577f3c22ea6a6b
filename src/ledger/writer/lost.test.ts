import { afterEach, beforeEach, expect, test } from 'vitest';
import { brokenLaws } from '../../check/run.ts';
import { type Db, sql } from '../../db/pool.ts';
import { newId } from '../../ids.ts';
import { CHAIN_LAWS } from '../../laws/chain.ts';
import { LEDGER_LAWS } from '../../laws/ledger.ts';
import { openBooks } from '../testing.ts';
import {
  end,
  floored,
  fund,
  move,
  type OpenLedger,
  openLedger,
  transfer,
} from '../testing-moves.ts';
import { sendMail, withdrawMail } from './mail.ts';

/** What was done and not heard of, and what was taken back and must not be done. */
let url: string;
let writer: OpenLedger;
const others: OpenLedger[] = [];

beforeEach(async () => {
  ({ url, ledger: writer } = await openBooks());
});

afterEach(async () => {
  for (const other of others.splice(0)) await other.stop();
  await writer.stop();
});

function another(worse: (db: Db) => Db): OpenLedger {
  const other = openLedger(url, { worse });
  others.push(other);
  return other;
}

test.each([
  ['ETIMEDOUT', 'read'],
  ['EHOSTUNREACH', 'write'],
])('a commit whose answer is lost by %s is not tried again', async (code, syscall) => {
  const [a, b] = [floored('a'), floored('b')];
  await fund(writer, a, 10n);
  await writer.leave();
  let lost = 0;
  const cut = another((db) => ({
    ...db,
    transaction: async (work) => {
      const result = await db.transaction(work);
      if (lost !== 1) return result;
      lost += 1;
      throw Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
    },
  }));
  const held = transfer(a, b, 3n, { kind: 'pending' });
  await cut.submit(move([held]));
  lost = 1;
  const moves = [move([transfer(a, b, 1n)]), move([transfer(a, b, 2n)]), move([end('post', held)])];
  const told = await Promise.allSettled(moves.map((each) => cut.submit(each)));
  // Nobody can say; that something is taken or refused would be wrong.
  expect(told.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(await cut.balance(0, 'b')).toMatchObject({ posted: 6n });
  expect(await brokenLaws(cut.db, [...LEDGER_LAWS, ...CHAIN_LAWS])).toEqual([]);
});

test('a letter that was taken back after the writer had read it is not done', async () => {
  const [a, b] = [floored('a'), floored('b')];
  await fund(writer, a, 10n);
  await writer.leave();
  let taken_back = 0;
  const slow = another((db) => ({
    ...db,
    query: async (statement) => {
      const rows = await db.query(statement);
      if (rows.length > 0 && statement.text.includes('move::text')) {
        const ids = (rows as { id: string }[]).map(({ id }) => id);
        taken_back += (await withdrawMail(db, 0, ids)).length;
      }
      return rows as never[];
    },
  }));
  await slow.submit(move([transfer(a, b, 1n)]));
  await sendMail(writer.db, 0, [{ id: newId('mov'), move: move([transfer(a, b, 5n)]) }]);
  await expect.poll(() => taken_back).toBe(1);
  await slow.submit(move([transfer(a, b, 2n)]));
  expect(await slow.balance(0, 'b')).toMatchObject({ posted: 3n });
  const left = await slow.db.query(sql`select id from ledger_mail`);
  expect(left).toEqual([]);
});
