import { createSign, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AlipayKeyError, parsePrivateKey, parsePublicKey, signText, verifyText } from './keys.ts';
import { signNotification, verifyNotification } from './notification.ts';
import {
  canonicalText,
  decodeFormBytes,
  decodeForms,
  decodeValues,
  encodeForm,
} from './parameters.ts';
import { requestParameters, requestText, signRequest, verifyRequest } from './request.ts';
import { buildResponse, extractResponse, gatewayJson, openResponse } from './response.ts';
import { parseStamp, parseTimeout } from './trade.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const METHOD = 'alipay.trade.query';
const ROOT = 'alipay_trade_query_response';

describe('keys', () => {
  test('PKCS#1 and PKCS#8, with and without armour, give the same private key', async () => {
    const reference = await signText(pair.privateKey, 'text');
    for (const type of ['pkcs1', 'pkcs8'] as const) {
      const pem = pair.privateKey.export({ type, format: 'pem' }).toString();
      const bare = pem.replace(/-----[A-Z ]+-----|\s/g, '');
      for (const text of [pem, bare]) {
        expect(await signText(parsePrivateKey(text), 'text')).toBe(reference);
      }
    }
  });

  test('a key of the wrong kind is refused with words that name the mistake', () => {
    const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const privatePem = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    expect(() => parsePrivateKey(publicPem)).toThrow(/public key/);
    expect(() => parsePublicKey(privatePem)).toThrow(/private key/);
    expect(() => parsePrivateKey(privatePem.slice(0, 300))).toThrow(AlipayKeyError);
    expect(() => parsePublicKey('')).toThrow(/empty/);
    expect(() => parsePublicKey('not a key!')).toThrow(/neither PEM nor base64/);
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const smallPem = small.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(() => parsePublicKey(smallPem)).toThrow(/2048/);
  });

  test('text that is no signature verifies as false', () => {
    expect(verifyText(pair.publicKey, 'text', '')).toBe(false);
    expect(verifyText(pair.publicKey, 'text', '%%%')).toBe(false);
    expect(verifyText(pair.publicKey, 'text', 'A'.repeat(4096))).toBe(false);
  });
});

describe('requests', () => {
  test('the text is sorted, keeps sign_type, and leaves out sign and empty values', () => {
    const { parameters } = decodeForms(
      'method=alipay.trade.query&sign=abc%3D&app_id=2021&notify_url=',
      'biz_content=%7B%22a%22%3A%22%E8%8C%B6+%26%22%7D&sign_type=RSA2',
    );
    expect(requestText(parameters)).toBe(
      'app_id=2021&biz_content={"a":"茶 &"}&method=alipay.trade.query&sign_type=RSA2',
    );
  });

  test('the signature agrees with one made without this code', () => {
    const parameters = new Map([
      ['b', '2'],
      ['a', '1'],
      ['sign_type', 'RSA2'],
    ]);
    const sign = createSign('RSA-SHA256')
      .update('a=1&b=2&sign_type=RSA2')
      .sign(pair.privateKey, 'base64');
    parameters.set('sign', sign);
    expect(verifyRequest(pair.publicKey, parameters)).toBe(true);
    expect(verifyRequest(other.publicKey, parameters)).toBe(false);
  });

  test('what is signed and encoded here verifies after decoding, and no other value does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
        fc.string(),
        async (content, extra) => {
          const parameters = requestParameters({
            app_id: '2021000000000001',
            method: METHOD,
            timestamp: '2026-11-21 12:00:00',
            notify_url: extra,
            biz_content: content,
          });
          await signRequest(pair.privateKey, parameters);
          const encoded = encodeForm(parameters);
          const { parameters: received } = decodeFormBytes(encoded);
          expect(decodeValues(received, 'utf-8')).toEqual(decodeForms(encoded).parameters);
          expect(verifyRequest(pair.publicKey, received)).toBe(true);
          const tampered = new Map(received).set('biz_content', '{"tampered":true}');
          expect(verifyRequest(pair.publicKey, tampered)).toBe(false);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a name with two values is reported, whichever text it is in', () => {
    expect(decodeForms('a=1&b=2', 'a=2').duplicate).toBe('a');
    expect(decodeForms('a=1', 'a=1').duplicate).toBeUndefined();
    expect(decodeForms('a=1', 'b=2').duplicate).toBeUndefined();
    expect(decodeForms('__proto__=1').parameters.get('__proto__')).toBe('1');
  });

  test('names sort by code unit', () => {
    const parameters = new Map([
      ['b', '1'],
      ['B', '2'],
      ['a_', '3'],
      ['a', '4'],
    ]);
    expect(canonicalText(parameters, { without: [] })).toBe('B=2&a=4&a_=3&b=1');
  });
});

describe('answers', () => {
  test('the solidus is escaped and the emitted bytes are the signed ones', async () => {
    const content = gatewayJson({ code: '10000', qr_code: 'https://qr.alipay.com/bax0' });
    expect(content).toContain('https:\\/\\/qr.alipay.com\\/bax0');
    const body = await buildResponse(pair.privateKey, ROOT, content);
    expect(body.startsWith(`{"${ROOT}":${content},"sign":"`)).toBe(true);
    expect(openResponse(pair.publicKey, body, METHOD)).toEqual({
      ok: true,
      value: { code: '10000', qr_code: 'https://qr.alipay.com/bax0' },
    });
  });

  test('every answer opens unchanged, and no longer after one changed byte of its value', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (value) => {
        const content = gatewayJson(value);
        const body = await buildResponse(pair.privateKey, ROOT, content);
        const opened = openResponse(pair.publicKey, body, METHOD);
        expect(opened.ok && JSON.stringify(opened.value)).toBe(JSON.stringify(JSON.parse(content)));
        const changed = body.replace(content, gatewayJson({ ...value, added: 1 }));
        expect(openResponse(pair.publicKey, changed, METHOD).ok).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  test('braces and quotes inside strings do not end the value', async () => {
    const content = gatewayJson({ sub_msg: 'a } "b\\" { \\\\', note: '"sign":"x"' });
    const body = await buildResponse(pair.privateKey, ROOT, content);
    expect(extractResponse(body, METHOD)).toMatchObject({ ok: true, content });
    const spaced = body.replace(`"${ROOT}":`, ` "${ROOT}" : `).replace(',"sign"', ' , "sign"');
    expect(openResponse(pair.publicKey, spaced, METHOD).ok).toBe(true);
  });

  test('a second root is refused wherever it stands', async () => {
    const genuine = gatewayJson({ code: '10000' });
    const body = await buildResponse(pair.privateKey, ROOT, genuine);
    const forged = '{"code":"40004"}';
    const behind = `${body.slice(0, -1)},"${ROOT}":${forged}}`;
    const before = `{"${ROOT}":${forged},${body.slice(1)}`;
    const nested = `${body.slice(0, -1)},"x":{"${ROOT}":${forged}}}`;
    for (const text of [behind, before, nested]) {
      expect(openResponse(pair.publicKey, text, METHOD)).toMatchObject({ ok: false });
    }
  });

  test('unsigned, cut, foreign and malformed answers are refused with a reason', async () => {
    const body = await buildResponse(pair.privateKey, ROOT, '{"code":"10000"}');
    const bad = [
      `{"${ROOT}":{"code":"10000"}}`,
      `{"${ROOT}":{"code":"10000"},"sign":""}`,
      `{"${ROOT}":{"code":"10000"},"sign":1}`,
      body.slice(0, -1),
      body.slice(0, 40),
      `${body}x`,
      body.replaceAll('query', 'close'),
      '',
      '[]',
      '<html>502 Bad Gateway</html>',
      `{"${ROOT}":`,
      `{"${ROOT}"`,
      '{',
    ];
    for (const text of bad) {
      const opened = openResponse(pair.publicKey, text, METHOD);
      expect(opened.ok).toBe(false);
      expect(!opened.ok && opened.reason.length > 0).toBe(true);
    }
    expect(openResponse(other.publicKey, body, METHOD).ok).toBe(false);
  });

  test('arbitrary text neither opens nor throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.json(), (text, json) => {
        expect(openResponse(pair.publicKey, text, METHOD).ok).toBe(false);
        expect(openResponse(pair.publicKey, json, METHOD).ok).toBe(false);
        const cut = `{"${ROOT}":${json}`;
        expect(openResponse(pair.publicKey, cut, METHOD).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test('a signed error_response is opened when the method has no answer of its own', async () => {
    const body = await buildResponse(pair.privateKey, 'error_response', '{"code":"40001"}');
    expect(openResponse(pair.publicKey, body, METHOD)).toEqual({
      ok: true,
      value: { code: '40001' },
    });
  });
});

describe('notifications', () => {
  const content = { trade_no: '2026', passback_params: 'a%3Db%25', body: '', subject: '茶 & tea+' };

  test('sign and sign_type are outside the signature, empty values are never sent', async () => {
    const parameters = await signNotification(pair.privateKey, content);
    expect(parameters.has('body')).toBe(false);
    const expected = createSign('RSA-SHA256')
      .update('passback_params=a%3Db%25&subject=茶 & tea+&trade_no=2026')
      .sign(pair.privateKey, 'base64');
    expect(parameters.get('sign')).toBe(expected);
    const { parameters: received } = decodeForms(encodeForm(parameters));
    expect(verifyNotification(pair.publicKey, received)).toBe(true);
  });

  test('a changed, added or foreign-signed parameter does not verify', async () => {
    const parameters = await signNotification(pair.privateKey, content);
    expect(verifyNotification(other.publicKey, parameters)).toBe(false);
    expect(verifyNotification(pair.publicKey, new Map(parameters).set('trade_no', '2027'))).toBe(
      false,
    );
    expect(verifyNotification(pair.publicKey, new Map(parameters).set('added', '1'))).toBe(false);
    expect(verifyNotification(pair.publicKey, new Map(parameters).set('sign_type', 'RSA'))).toBe(
      false,
    );
    const unsigned = new Map(parameters);
    unsigned.delete('sign');
    expect(verifyNotification(pair.publicKey, unsigned)).toBe(false);
  });

  test('a notification verifies with alipay_cert_sn inside or outside the signature', async () => {
    const outside = await signNotification(pair.privateKey, content);
    outside.set('alipay_cert_sn', 'abc');
    expect(verifyNotification(pair.publicKey, outside)).toBe(true);
    const inside = await signNotification(pair.privateKey, { ...content, alipay_cert_sn: 'abc' });
    expect(verifyNotification(pair.publicKey, inside)).toBe(true);
  });
});

describe('times', () => {
  test('stamps are Beijing time', () => {
    expect(parseStamp('2026-11-21 12:00:00')?.toISOString()).toBe('2026-11-21T04:00:00.000Z');
    expect(parseStamp('2026-11-21 12:00')?.toISOString()).toBe('2026-11-21T04:00:00.000Z');
    expect(parseStamp('2026-11-21 12:00:00.123')?.toISOString()).toBe('2026-11-21T04:00:00.000Z');
    expect(parseStamp('2026-13-21 12:00:00')).toBeUndefined();
    expect(parseStamp('1763700000')).toBeUndefined();
  });

  test('timeouts reach from one minute to fifteen days, or to the end of the day', () => {
    const now = new Date('2026-11-21T15:00:00Z');
    expect(parseTimeout('90m', now)).toBe(5_400_000);
    expect(parseTimeout('15d', now)).toBe(15 * 86_400_000);
    expect(parseTimeout('1c', now)).toBe(3_600_000);
    for (const text of ['0m', '16d', '1.5h', '1w', '', 'c']) {
      expect(parseTimeout(text, now)).toBeUndefined();
    }
  });
});
