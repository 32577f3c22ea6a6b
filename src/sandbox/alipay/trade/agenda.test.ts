import { expect, test } from 'vitest';
import { Agenda } from './agenda.ts';

test('acts run in order of time, those of one moment in the order in which they came', () => {
  let now = 0;
  const agenda = new Agenda(() => now);
  const done: string[] = [];
  for (const [at, name] of [
    [30, 'c'],
    [10, 'a1'],
    [20, 'b'],
    [10, 'a2'],
  ] as const) {
    agenda.add(at, () => done.push(name));
  }
  agenda.advance();
  expect(done).toEqual([]);
  now = 20;
  agenda.advance();
  expect(done).toEqual(['a1', 'a2', 'b']);
  agenda.add(5, () => agenda.add(15, () => done.push('late')));
  agenda.advance();
  expect(done).toEqual(['a1', 'a2', 'b', 'late']);
  expect(agenda.size).toBe(1);
});
