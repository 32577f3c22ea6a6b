import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { brokenLaws, tryLaw } from '../../src/check/run.ts';
import type { Queryable, Statement } from '../../src/db/pool.ts';
import { LAWS } from '../../src/laws/every.ts';
import { type MoneyRig, startMoneyRig } from '../support/money-rig.ts';
import { plantsIn } from './plants.ts';
import { makeRichBooks, type RichBooks } from './rich-books.ts';

/** Every law is silent on clean books and names exactly what was planted against it. */
let rig: MoneyRig;
let books: RichBooks;

beforeAll(async () => {
  rig = await startMoneyRig();
  books = await makeRichBooks(rig);
});

function on(client: pg.PoolClient): Queryable {
  return {
    query: async <Row>({ text, values }: Statement) =>
      (await client.query(text, [...values])).rows as Row[],
  };
}

/** What is done inside is undone. */
function undone<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return rig.app.db.connection(async (client) => {
    await client.query('begin');
    try {
      return await work(client);
    } finally {
      await client.query('rollback');
    }
  });
}

async function idsOf(client: pg.PoolClient, query: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(query);
  return rows.map(({ id }) => id).sort();
}

describe('the laws', () => {
  test('hold on books that the hub has made', async () => {
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  });

  test('have a name of their own and say what they mean', () => {
    expect(new Set(LAWS.map(({ name }) => name)).size).toBe(LAWS.length);
    for (const { name, means } of LAWS) {
      expect(name).toMatch(/^[a-z]+\.[a-z]+(-[a-z]+)*$/);
      expect(means).toMatch(/^[A-Z].{20,}\.$/);
    }
  });

  test('are each tried by a planted violation', () => {
    const tried = new Set(plantsIn(books).map(({ law }) => law));
    expect([...tried].sort()).toEqual(LAWS.map(({ name }) => name).sort());
  });

  test('find what was planted against them, whole and alone', async () => {
    for (const { law, plant, finds, also = [] } of plantsIn(books)) {
      await undone(async (client) => {
        await client.query(plant);
        const planted = await idsOf(client, finds);
        expect(planted, `${law}: nothing was planted`).not.toEqual([]);
        const broken: Record<string, string[]> = {};
        for (const each of LAWS) {
          const { rows } = await tryLaw(on(client), each);
          if (rows.length > 0) broken[each.name] = rows.map(({ id }) => id);
        }
        expect(Object.keys(broken).sort(), law).toEqual([law, ...also].sort());
        expect(broken[law]?.sort(), law).toEqual(planted);
      });
    }
  });

  test('name the first 20 of many rows, with their number', async () => {
    await undone(async (client) => {
      await client.query(`insert into jobs (book, id, kind, key)
        select 0, 'job_00' || lpad(n::text, 26, '0'), 'refund.send', 'rfd_' || n
        from generate_series(1, 33) n`);
      const law = LAWS.find(({ name }) => name === 'jobs.have-subjects');
      if (!law) throw new Error('the law is gone');
      const { count, rows } = await tryLaw(on(client), law);
      expect(count).toBe(33);
      expect(rows.map(({ id }) => Number(id.slice(6)))).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
      expect(await brokenLaws(on(client), [law])).toContainEqual({
        law: law.name,
        detail: 'and 13 more',
      });
    });
  });
});
