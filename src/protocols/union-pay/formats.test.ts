import { describe, expect, test } from 'vitest';
import { isSuccess, isUndecided, RESP_CODES } from './codes.ts';
import {
  dailyFileName,
  decodeSigned,
  decodeZmLine,
  encodeSigned,
  encodeZmLine,
} from './daily-file.ts';
import { clearingDate, parseAmount, parseStamp, settleDateOf, stamp } from './transactions.ts';

describe('times', () => {
  test('are of Beijing, without a zone', () => {
    const date = new Date('2026-11-21T16:30:05Z');
    expect(stamp(date)).toBe('20261122003005');
    expect(parseStamp('20261122003005')).toEqual(date);
  });

  test.each(['20261322003005', '20260230000000', '20261122243005', '2026112200300', 'x', ''])(
    '%s is none',
    (text) => {
      expect(parseStamp(text)).toBeUndefined();
    },
  );

  test('the clearing day ends at 23:00', () => {
    expect(clearingDate(new Date('2026-11-21T14:59:59Z'))).toBe('2026-11-21');
    expect(clearingDate(new Date('2026-11-21T15:00:00Z'))).toBe('2026-11-22');
    expect(clearingDate(new Date('2026-12-31T15:00:00Z'))).toBe('2027-01-01');
    expect(settleDateOf('2027-01-01')).toBe('0101');
  });
});

test.each([
  ['1', 1n],
  ['0', 0n],
  ['999999999999', 999_999_999_999n],
  ['01', undefined],
  ['1.0', undefined],
  ['-1', undefined],
  ['1e3', undefined],
  [' 1', undefined],
  ['1000000000000', undefined],
  [undefined, undefined],
])('the amount %s is %s', (text, amount) => {
  expect(parseAmount(text)).toBe(amount);
});

test('every code is a success, undecided, or a no, and never two of them', () => {
  for (const code of Object.keys(RESP_CODES)) {
    expect(isSuccess(code) && isUndecided(code), code).toBe(false);
  }
  expect(['00', 'A6', '01', '05'].map(isSuccess)).toEqual([true, true, false, false]);
  expect(['03', '04', '05', '12', '34'].map(isUndecided)).toEqual([true, true, true, false, false]);
});

describe('a line of the clearing file', () => {
  const line = encodeZmLine({
    trade_code: 'S22',
    order_id: '0001M7YKX4TRANT62SW095M4MHF7',
    amount: '000000001234',
    fee: encodeSigned(-7n),
    mer_id: '777290058110048',
  });

  test('is as wide as the published parsers expect, and comes back', () => {
    const widths =
      '3,11,11,6,10,19,12,4,2,21,2,32,2,6,10,13,13,4,15,2,2,6,2,4,32,1,21,15,1,15,32,13,13,8,32,13,13,12,2,1,32,98';
    const expected = widths.split(',').reduce((sum, width) => sum + Number(width) + 1, -1);
    expect(line).toHaveLength(expected);
    // The order number's column as those parsers find it.
    const before = [3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2].reduce(
      (sum, width) => sum + width + 1,
      0,
    );
    expect(line.slice(before, before + 32).trim()).toBe('0001M7YKX4TRANT62SW095M4MHF7');
    expect(decodeZmLine(line)).toMatchObject({ amount: '000000001234', trade_code: 'S22' });
  });

  test('that is shorter, longer, or shifted is none', () => {
    expect(decodeZmLine(line.slice(0, -1))).toBeUndefined();
    expect(decodeZmLine(`${line} `)).toBeUndefined();
    expect(decodeZmLine(`x${line.slice(0, -1)}`)).toBeUndefined();
    expect(decodeZmLine('')).toBeUndefined();
  });

  test('refuses what does not fit its column', () => {
    expect(() => encodeZmLine({ mer_id: '7772900581100480' })).toThrow('mer_id');
    expect(() => encodeZmLine({ sub_merchant_name: '胡同' })).toThrow('sub_merchant_name');
  });

  test('signs its money by letters', () => {
    for (const amount of [0n, 1n, -1n, 123_456_789_012n, -123_456_789_012n]) {
      expect(decodeSigned(encodeSigned(amount))).toBe(amount);
    }
    expect(encodeSigned(-7n)).toBe('D000000000007');
    expect(decodeSigned('X000000000007')).toBeUndefined();
    expect(decodeSigned('7')).toBeUndefined();
  });

  test('stands in a file of the merchant and the day', () => {
    const name = dailyFileName('2026-11-21', 'ZM', '777290058110048');
    expect(name).toBe('INN26112188ZM_777290058110048');
  });
});
