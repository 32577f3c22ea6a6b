import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openRandom, randomDigits, randomLetters, sandboxRandom } from './random.ts';
import { type Journal, type JournalRecord, memoryJournal, SandboxStore } from './store.ts';

const some = (random = sandboxRandom()) => [
  randomDigits(random, 28),
  randomLetters(random, 24),
  random.bytes(40).toString('hex'),
  random.integer(1000),
];

describe('with a seed', () => {
  test('the same draws give the same numbers, another seed or name others', () => {
    expect(some(sandboxRandom(5))).toEqual(some(sandboxRandom(5)));
    expect(some(sandboxRandom(6))).not.toEqual(some(sandboxRandom(5)));
    expect(some(sandboxRandom(5, 'alipay'))).not.toEqual(some(sandboxRandom(5)));
  });

  test('a stream depends on its name alone, and moves nothing else', () => {
    const [a, b] = [sandboxRandom(5), sandboxRandom(5)];
    const drawn = some(a.stream('notice 1'));
    b.bytes(1000);
    expect(some(b.stream('notice 1'))).toEqual(drawn);
    expect(some(b.stream('notice 2'))).not.toEqual(drawn);
    b.bytes(0);
    a.bytes(1000);
    expect(some(a)).toEqual(some(b));
  });

  test('however it is cut, it is one row of bytes', () => {
    const whole = sandboxRandom(9).bytes(200).toString('hex');
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 5 }), (counts) => {
        const random = sandboxRandom(9);
        const text = counts.map((count) => random.bytes(count).toString('hex')).join('');
        expect(whole.startsWith(text)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('no number comes twice, and every digit comes as often as the others', () => {
    const random = sandboxRandom(1);
    const numbers = Array.from({ length: 5000 }, () => randomDigits(random, 16));
    expect(new Set(numbers).size).toBe(5000);
    const counts = Array.from({ length: 10 }, (_, digit) => numbers.join('').split(`${digit}`));
    for (const { length } of counts) expect(Math.abs(length - 8000)).toBeLessThan(500);
  });

  test('a start over kept books goes on with other numbers; over new books it begins anew', async () => {
    const records: JournalRecord[] = [];
    const journal: Journal = {
      load: async () => [...records],
      write: async (more) => void records.push(...more),
    };
    const starts: unknown[] = [];
    for (let start = 0; start < 2; start += 1) {
      const store = await SandboxStore.open(journal);
      starts.push(some(openRandom(store, { wallet: 'alipay', seed: 3 })));
      await store.committed();
      await store.stop();
    }
    expect(starts[1]).not.toEqual(starts[0]);
    const fresh = await SandboxStore.open(memoryJournal);
    expect(some(openRandom(fresh, { wallet: 'alipay', seed: 3 }))).toEqual(starts[0]);
    await fresh.stop();
  });
});

test('without a seed nothing is drawn twice', () => {
  expect(some()).not.toEqual(some());
  expect(sandboxRandom().stream('notice').bytes(16)).not.toEqual(
    sandboxRandom().stream('notice').bytes(16),
  );
});

test.each([1, 9, 10, 18, 27, 38])('%i digits are so many', (count) => {
  for (let nth = 0; nth < 200; nth += 1) {
    expect(randomDigits(sandboxRandom(nth), count)).toMatch(new RegExp(`^\\d{${count}}$`));
  }
});
