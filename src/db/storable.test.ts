import { expect, test } from 'vitest';
import { columnJson, storableJson, storableText } from './storable.ts';

test('what PostgreSQL cannot store is replaced, also in names', () => {
  const json = JSON.stringify({ 'a\u0000': 'x\ud800y', list: ['\udfff'] });
  expect(JSON.parse(storableJson(json))).toEqual({ 'a\ufffd': 'x\ufffdy', list: ['\ufffd'] });
  expect(storableText('a\u0000b\ud800')).toBe('a\ufffdb\ufffd');
});

test('everything else stays as it is', () => {
  const value = { text: '\\u0000 \\\\ud800 "\n\t\u0001\u001f', emoji: '🀄', '\\': '\\' };
  expect(JSON.parse(storableJson(JSON.stringify(value)))).toEqual(value);
  expect(storableText('茶🀄\\u0000')).toBe('茶🀄\\u0000');
});

test('what is written to a column has amounts as texts and nothing that cannot be stored', () => {
  const text = columnJson({ amount: 2n ** 60n, said: 'a\u0000b' });
  expect(JSON.parse(text)).toEqual({ amount: '1152921504606846976', said: 'a\ufffdb' });
});
