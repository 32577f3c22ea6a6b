import { expect, test } from 'vitest';
import { allInOrder, fragment, sql } from './pool.ts';

test('of statements that fail together the first one sent says why', async () => {
  const first = new Error('the reason');
  const second = Promise.reject(new Error('what follows from it'));
  // Its answer goes a longer way through the code than that of the second.
  const late = Promise.resolve().then(() => Promise.reject(first));
  await expect(allInOrder([Promise.resolve(1), late, second])).rejects.toBe(first);
  expect(await allInOrder([Promise.resolve(1), Promise.resolve('two')])).toEqual([1, 'two']);
});

test('fragments stand in a statement as text, and only values get placeholders', () => {
  const columns = fragment`id, state`;
  const made = sql`select ${columns} from payments where book = ${0} and id = ${'pay_1; --'}`;
  expect(made.text).toBe('select id, state from payments where book = $1 and id = $2');
  expect(made.values).toEqual([0, 'pay_1; --']);
});
