import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocate, fromYuan, MAX_AMOUNT, shareHalfUp, toYuan } from './money.ts';

const amount = fc.bigInt({ min: 0n, max: MAX_AMOUNT });
const weights = fc.array(fc.bigInt({ min: 0n, max: 1_000_000n }), { minLength: 1, maxLength: 12 });

describe('money', () => {
  test('whatever is divided, the parts sum to the whole and none is off by a fen', () => {
    fc.assert(
      fc.property(amount, weights, (total, list) => {
        const sum = list.reduce((a, b) => a + b, 0n);
        fc.pre(sum > 0n);
        const parts = allocate(total, list);
        expect(parts.reduce((a, b) => a + b, 0n)).toBe(total);
        parts.forEach((part, index) => {
          const exact = total * (list[index] ?? 0n);
          expect(part * sum - exact < sum && exact - part * sum < sum).toBe(true);
        });
      }),
    );
  });

  test('equal remainders go to the first parts', () => {
    expect(allocate(10n, [1n, 1n, 1n])).toEqual([4n, 3n, 3n]);
    expect(allocate(15n, [80n, 8n, 12n])).toEqual([12n, 1n, 2n]);
  });

  test('nothing can be divided by nothing', () => {
    expect(() => allocate(1n, [])).toThrow(RangeError);
    expect(() => allocate(1n, [0n])).toThrow(RangeError);
    expect(() => allocate(-1n, [1n])).toThrow(RangeError);
  });

  test('yuan text and fen are two spellings of one amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -MAX_AMOUNT, max: MAX_AMOUNT }), (fen) => {
        expect(fromYuan(toYuan(fen))).toBe(fen);
      }),
    );
    expect(toYuan(5n)).toBe('0.05');
    expect(fromYuan('12.3')).toBe(1_230n);
  });

  test.each(['', '1.234', '1e3', ' 1', '0x10', '１', '1,000', '.5', '--1'])(
    '%j is no amount',
    (text) => {
      expect(fromYuan(text)).toBeUndefined();
    },
  );

  test('a fee is rounded half up', () => {
    expect(shareHalfUp(100n, 600n, 100_000n)).toBe(1n);
    expect(shareHalfUp(83n, 600n, 100_000n)).toBe(0n);
    expect(shareHalfUp(84n, 600n, 100_000n)).toBe(1n);
  });
});
