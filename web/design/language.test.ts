import { describe, expect, test } from 'vitest';
import { CHECKOUT_WORDS } from '../checkout/words.ts';
import { PHONE_WORDS } from '../phone/words.ts';
import { SHOP_WORDS } from '../shops/words.ts';
import { LANGUAGES, negotiateLanguage, sayer } from './language.ts';

const nothing = { query: undefined, cookie: undefined, accept: undefined };

describe('the language of a page', () => {
  test('is what the address asks for, before the cookie, before the browser', () => {
    const asked = { query: 'en', cookie: 'zh', accept: 'zh-CN' };
    expect(negotiateLanguage(asked)).toBe('en');
    expect(negotiateLanguage({ ...asked, query: undefined })).toBe('zh');
    expect(negotiateLanguage({ ...nothing, accept: 'en-GB,en;q=0.9' })).toBe('en');
  });

  test('follows the weights of Accept-Language and never a weight of zero', () => {
    expect(negotiateLanguage({ ...nothing, accept: 'en;q=0.3, zh-TW;q=0.8' })).toBe('zh');
    expect(negotiateLanguage({ ...nothing, accept: 'zh;q=0, en;q=0.1' })).toBe('en');
    expect(negotiateLanguage({ ...nothing, accept: 'fr, de;q=0.5, en;q=0.2' })).toBe('en');
  });

  test('is Chinese when nothing known is asked for', () => {
    expect(negotiateLanguage(nothing)).toBe('zh');
    expect(negotiateLanguage({ query: 'xx', cookie: '<b>', accept: ';;;,,q=2' })).toBe('zh');
  });
});

describe.each([
  ['checkout', CHECKOUT_WORDS],
  ['phone', PHONE_WORDS],
  ['shops', SHOP_WORDS],
] as const)('the dictionary of the %s', (_name, words) => {
  test('has every text in both languages, with the same values to fill in', () => {
    const filled = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const [key, english] of Object.entries(words.en)) {
      const chinese = Object.entries(words.zh).find(([name]) => name === key)?.[1] ?? '';
      expect(chinese.trim(), key).not.toBe('');
      expect(new Set(filled(chinese)), key).toEqual(new Set(filled(english)));
    }
    expect(Object.keys(words.zh)).toEqual(Object.keys(words.en));
  });

  test('has no English left in Chinese and no Chinese in English', () => {
    for (const text of Object.values(words.en)) expect(text).not.toMatch(/\p{Script=Han}/u);
    for (const text of Object.values(words.zh)) {
      expect(text.replace(/\{\w+\}/g, '')).toMatch(/\p{Script=Han}|%|^$/u);
    }
  });
});

test('a text without a value for its place keeps the place visible', () => {
  const say = sayer({ zh: { hi: '你好 {name}' }, en: { hi: 'hello {name}' } }, 'en');
  expect(say('hi', { name: 'A' })).toBe('hello A');
  expect(say('hi')).toBe('hello {name}');
  expect(LANGUAGES).toEqual(['zh', 'en']);
});
