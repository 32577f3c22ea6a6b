import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../sandbox/faults.ts';
import {
  braced,
  bracedValue,
  decodeAnswer,
  decodeForm,
  encodeAnswer,
  encodeForm,
  messageOf,
} from './message.ts';

describe('a raw answer', () => {
  test('keeps `=`, line breaks, braces and `&` inside braces', () => {
    const text =
      'respMsg=成功[0000000]&reserved={a=1&b={c=2&d=3}}&cert=-----BEGIN-----\r\nMIIE+/=\r\n-----END-----&signature=Q/+w==';
    const message = decodeAnswer(text);
    expect(Object.fromEntries(message ?? [])).toEqual({
      respMsg: '成功[0000000]',
      reserved: '{a=1&b={c=2&d=3}}',
      cert: '-----BEGIN-----\r\nMIIE+/=\r\n-----END-----',
      signature: 'Q/+w==',
    });
    expect(encodeAnswer(message ?? new Map())).toBe(text);
  });

  test.each([
    ['', 'empty'],
    ['respCode', 'no ='],
    ['=1', 'no name'],
    ['a=1&a=1', 'a name twice'],
    ['a=1&&b=2', 'an empty piece'],
    ['<html>a=1</html>', 'a page'],
    ['__proto__ x=1', 'a name with a blank'],
    [Array.from({ length: 200 }, (_, at) => `n${at}=1`).join('&'), 'too many names'],
    [`a=${'x'.repeat(70_000)}`, 'too long'],
  ])('that is no message is none: %s', (text) => {
    expect(decodeAnswer(text)).toBeUndefined();
  });

  test('with a brace that never ends swallows what follows, and no more', () => {
    expect(decodeAnswer('a={1&b=2')).toEqual(new Map([['a', '{1&b=2']]));
    expect(decodeAnswer('a=1}&b=2')).toEqual(
      new Map([
        ['a', '1}'],
        ['b', '2'],
      ]),
    );
  });

  test('of noise never throws and takes no time', () => {
    const random = seededRandom(11);
    const letters = ['a', '=', '&', '{', '}', '[', ']', '\r\n', '银', '\u0000', '%', '+'];
    const started = performance.now();
    for (let round = 0; round < 2_000; round += 1) {
      const length = Math.floor(random() * 300);
      const text = Array.from(
        { length },
        () => letters[Math.floor(random() * letters.length)] ?? '',
      ).join('');
      decodeAnswer(text);
      decodeForm(text);
    }
    decodeAnswer('{'.repeat(65_000));
    decodeAnswer('&'.repeat(65_000));
    decodeForm('&a=1'.repeat(16_000));
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

describe('a form', () => {
  test('comes back as it was', () => {
    const message = messageOf({ a: '1 +/=&%', b: '银联\r\n', c: '', d: undefined });
    expect([...message.keys()]).toEqual(['a', 'b']);
    expect(decodeForm(encodeForm(message))).toEqual(message);
  });

  test('with a name twice, or without one, is none', () => {
    expect(decodeForm('a=1&a=1')).toBeUndefined();
    expect(decodeForm('a=1&=2')).toBeUndefined();
  });
});

test('names inside braces are found, and nothing else is', () => {
  expect(bracedValue(braced({ commodityName: '茶', n: '1' }), 'commodityName')).toBe('茶');
  expect(bracedValue('{a=1}', 'b')).toBeUndefined();
  expect(bracedValue('a=1', 'a')).toBeUndefined();
});
