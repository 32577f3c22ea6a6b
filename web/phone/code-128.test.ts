import { describe, expect, test } from 'vitest';
import { code128, codeValues, PATTERNS } from './code-128.ts';

/** Reads bars as a scanner does: by their widths, then the check digit. */
function scanned(digits: string): string {
  const { width, bars } = code128(digits);
  const widths: number[] = [];
  bars.forEach(([start, wide], index) => {
    const next = bars[index + 1]?.[0] ?? width;
    widths.push(wide, next - start - wide);
  });
  widths.pop();
  const values: number[] = [];
  for (let at = 0; at < widths.length - 7; at += 6) {
    values.push(PATTERNS.indexOf(widths.slice(at, at + 6).join('')));
  }
  const [start = 0, ...rest] = values;
  const check = rest.pop();
  expect(rest.reduce((sum, value, index) => sum + value * (index + 1), start) % 103).toBe(check);
  let pairs = start === 105;
  return rest
    .map((value) => {
      if (value === 100 && pairs) {
        pairs = false;
        return '';
      }
      return pairs ? String(value).padStart(2, '0') : String.fromCharCode(value + 32);
    })
    .join('');
}

describe('a payer code as bars', () => {
  test.each(['134567890123456789', '28763443825664394', '6200000000000000000', '7', '00'])(
    '%s reads back',
    (digits) => {
      expect(scanned(digits)).toBe(digits);
    },
  );

  test('has the check digit of the standard’s rule', () => {
    // 105 + 1×98 + 2×76 + 3×54 + 4×32 + 5×10 = 695 = 6×103 + 77
    expect(codeValues('9876543210')).toEqual([105, 98, 76, 54, 32, 10, 77, 106]);
  });

  test('is made of digits only', () => {
    for (const text of ['', 'A1', '1'.repeat(49)]) expect(() => code128(text)).toThrow(RangeError);
  });
});

describe('the patterns', () => {
  test('are all different, 11 modules wide, with an even sum of bars', () => {
    expect(PATTERNS).toHaveLength(107);
    expect(new Set(PATTERNS).size).toBe(107);
    for (const pattern of PATTERNS.slice(0, 106)) {
      const widths = [...pattern].map(Number);
      expect(widths.reduce((a, b) => a + b)).toBe(11);
      expect(((widths[0] ?? 0) + (widths[2] ?? 0) + (widths[4] ?? 0)) % 2).toBe(0);
    }
    expect([...(PATTERNS[106] ?? '')].map(Number).reduce((a, b) => a + b)).toBe(13);
  });
});
