import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newId } from '../ids.ts';
import { listOf, type Page, pageFields, pageOf } from './pagination.ts';

const query = z.strictObject(pageFields);

/** A table of ids, as a query of the slices reads it. */
function rowsOf(ids: readonly string[], page: Page) {
  const below = ids.filter((id) => page.before === undefined || id < page.before);
  const newestFirst = below.toSorted().reverse();
  return newestFirst.slice(0, page.limit + 1).map((id) => ({ id }));
}

test('the pages of a list show every object once, newest first, whatever the page size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 100 }), (n, limit) => {
      const ids = Array.from({ length: n }, () => newId('pay'));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = pageOf('pay', { limit, cursor });
        const list = listOf(rowsOf(ids, page), page, ({ id }) => id);
        expect(list.data.length).toBeLessThanOrEqual(limit);
        expect(list.has_more).toBe(list.next_cursor !== null);
        seen.push(...list.data);
        cursor = list.next_cursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(ids.toSorted().reverse());
    }),
  );
});

test('what is made while pages are read neither repeats nor hides an older object', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 }), (arrivals) => {
      const ids = Array.from({ length: 20 }, () => newId('pay'));
      const old = ids.toSorted().reverse();
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = pageOf('pay', { limit: 3, cursor });
        const list = listOf(rowsOf(ids, page), page, ({ id }) => id);
        seen.push(...list.data);
        for (let i = arrivals.shift() ?? 0; i > 0; i -= 1) ids.push(newId('pay'));
        cursor = list.next_cursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(old);
    }),
  );
});

test('a cursor that no list gave is refused by name', () => {
  const foreign = Buffer.from(newId('mer')).toString('base64url');
  const padded = `${Buffer.from(newId('pay')).toString('base64url')}=`;
  for (const cursor of ['', 'x', '%', '🙂', foreign, padded]) {
    expect(() => pageOf('pay', { cursor }), cursor).toThrow('cursor: pass the next_cursor');
  }
  fc.assert(
    fc.property(fc.string(), (cursor) => {
      expect(() => pageOf('pay', { cursor })).toThrow('cursor');
    }),
  );
});

test('a limit is 1 to 100 and 20 unless said', () => {
  expect(pageOf('pay', query.parse({}))).toEqual({ limit: 20, before: undefined });
  expect(query.parse({ limit: '100' }).limit).toBe(100);
  for (const limit of ['0', '101', '1.5', '-1', '1e1', ' 1', '', '９']) {
    expect(query.safeParse({ limit }).success, limit).toBe(false);
  }
});
