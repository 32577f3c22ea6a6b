import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Hash, Transformer } from 'wechatpay-axios-plugin';
import { buildXml, parseXml, v2Message, v2Sign, v2Signed, v2Verify } from './v2.ts';

const key = '192006250b4c09247ec02edce69f6a2d';
const sample = {
  appid: 'wxd930ea5d5a258f4f',
  mch_id: '10000100',
  device_info: '1000',
  body: 'test',
  nonce_str: 'ibuaiVcKdpRxkhJA',
};

describe('signatures of the second version', () => {
  test('match the sample of the documents', () => {
    expect(v2Sign(sample, key, 'MD5')).toBe('9A0A8659F005D6984697E2CA0A9CF3B7');
    expect(v2Sign(sample, key, 'HMAC-SHA256')).toBe(
      '6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6',
    );
  });

  test('match another implementation for any parameters', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z][a-z_0-9]{0,8}$/), fc.string({ maxLength: 20 })),
        (some) => {
          const parameters = { ...some, appid: 'wx1' };
          for (const type of ['MD5', 'HMAC-SHA256'] as const) {
            expect(v2Sign(parameters, key, type)).toBe(Hash.sign(type, parameters, key));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('leave out what is empty and the signature itself', () => {
    expect(v2Message({ b: '2', sign: 'x', a: '', A: '1' }, 'k')).toBe('A=1&b=2&key=k');
  });

  test('fail after any change, under another key or another type', () => {
    const signed = v2Signed(sample, key, 'HMAC-SHA256');
    expect(v2Verify(signed, key, 'HMAC-SHA256')).toBe(true);
    expect(v2Verify({ ...signed, total_fee: '1' }, key, 'HMAC-SHA256')).toBe(false);
    expect(v2Verify(signed, 'other', 'HMAC-SHA256')).toBe(false);
    expect(v2Verify(signed, key, 'MD5')).toBe(false);
    expect(v2Verify(sample, key, 'MD5')).toBe(false);
  });
});

describe('documents of the second version', () => {
  test('come back as they went, whatever the values', () => {
    const value = fc.string({ maxLength: 40 }).filter((text) => /^[^\p{Cc}]+$/u.test(text));
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z][a-z_]{0,8}$/), value), (parameters) => {
        const { ...plain } = parameters;
        if (Object.keys(plain).length === 0) return;
        expect(parseXml(buildXml(plain))).toEqual(plain);
      }),
      { numRuns: 100 },
    );
  });

  test('are read as the SDK writes them, and digits stay text', () => {
    const written = Transformer.toXml({ a: '007', b: '<&>]]', c: '1e3', d: '茶' });
    expect(parseXml(written)).toEqual({ a: '007', b: '<&>]]', c: '1e3', d: '茶' });
    expect(parseXml('<xml>\n <a><![CDATA[&lt;]]></a>\n</xml>')).toEqual({ a: '&lt;' });
  });

  test.each([
    ['an entity', '<!DOCTYPE xml [<!ENTITY a "b">]><xml><a>&a;</a></xml>'],
    ['an external entity', '<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><a>1</a></xml>'],
    ['a nested element', '<xml><a><b>1</b></a></xml>'],
    ['a doubled element', '<xml><a>1</a><a>2</a></xml>'],
    ['an open element', '<xml><a>1</xml>'],
    ['another root', '<html><a>1</a></html>'],
    ['two roots', '<xml><a>1</a></xml><xml><a>2</a></xml>'],
    ['nothing', ''],
    ['no XML', '{"a":1}'],
    ['too much', `<xml><a>${'x'.repeat(70_000)}</a></xml>`],
  ])('with %s are refused', (_what, text) => {
    expect(parseXml(text)).toBeUndefined();
  });

  test('cannot be broken out of by a name', () => {
    expect(() => buildXml({ 'a><b': '1' })).toThrow(RangeError);
  });
});
