import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bookOf,
  isId,
  isWalletReference,
  MAX_BOOK,
  newId,
  newWalletReference,
  ulid,
} from './ids.ts';

describe('ids', () => {
  test('carry their book', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_BOOK }), (book) => {
        expect(bookOf(newId('pay', book))).toBe(book);
        expect(bookOf(newWalletReference(book))).toBe(book);
      }),
    );
  });

  test('sort by the time they were made, also within a millisecond', () => {
    const made = Array.from({ length: 2_000 }, () => ulid());
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
  });

  test('never run backwards when the clock does', () => {
    // Not far ahead: other files of this worker go on from here.
    const first = ulid(Date.now() + 1_000);
    expect(ulid(Date.now() - 1_000_000_000) > first).toBe(true);
  });

  test('are told from anything else', () => {
    expect(isId('pay', newId('pay'))).toBe(true);
    expect(isId('pay', newId('att'))).toBe(false);
    for (const text of ['pay_', 'pay_x', `${newId('pay')}0`, newId('pay').toLowerCase()]) {
      expect(isId('pay', text)).toBe(false);
    }
    expect(isWalletReference(newWalletReference(3))).toBe(true);
    expect(isWalletReference('1217752501201407033233368018')).toBe(true);
    expect(isWalletReference('O'.repeat(28))).toBe(false);
  });
});
