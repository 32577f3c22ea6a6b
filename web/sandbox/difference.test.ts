import { describe, expect, test } from 'vitest';
import { alignedRows, visibleRuns } from './difference.ts';

function joined(rows: ReturnType<typeof alignedRows>, side: 'signed' | 'expected'): string {
  return rows
    .map((row) => row[side])
    .map((piece) => (piece ? piece.before + piece.changed + piece.after : ''))
    .join('');
}

const PAIRS = [
  ['POST\n/v3/pay\n1\nn\n{}\n', 'POST\n/v3/pay?mchid=1\n1\nn\n{}\n'],
  ['a=1&b=2&c=3', 'a=1&c=3'],
  ['', 'POST\n'],
  ['\n\n\n', '\n'],
  ['a&b\nc&d', 'x&b\nc&y&d'],
  ['same', 'same'],
] as const;

describe('two texts side by side', () => {
  test.each(PAIRS)('%j and %j lose nothing', (signed, expected) => {
    const rows = alignedRows(signed, expected);
    expect(joined(rows, 'signed')).toBe(signed);
    expect(joined(rows, 'expected')).toBe(expected);
    expect(rows.every((row) => row.same) && rows.length > 0).toBe(signed === expected);
  });

  test('mark the character that differs, and what is missing on one side', () => {
    const [first, second] = alignedRows('amount=1.0&', 'amount=1.00&sign_type=RSA2&');
    expect(first?.expected).toEqual({ before: 'amount=1.0', changed: '0', after: '&' });
    expect(second?.signed).toBeNull();
  });

  test('of thousands of lines are compared in bounded work', () => {
    const long = Array.from({ length: 5_000 }, (_, line) => `line ${line}`).join('\n');
    const rows = alignedRows(long, `${long}!`);
    expect(rows.length).toBeLessThan(1_000);
    expect(joined(rows, 'expected')).toBe(`${long}!`);
  });
});

test('what the eye cannot see has a sign and a name', () => {
  expect(visibleRuns('a b\r\n\ufeff\u200b')).toEqual([
    { text: 'a', name: null },
    { text: '·', name: 'SPACE' },
    { text: 'b', name: null },
    { text: '␍', name: 'CR' },
    { text: '⏎', name: 'LF' },
    { text: '◊', name: 'BOM' },
    { text: '�', name: 'U+200B' },
  ]);
});
