import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalCode, internalCode, parseWireError } from './errors.ts';
import { fenField, fenNumber, timeField } from './messages.ts';
import { parseEnvelope, RETRY_SCHEDULE_MS, sealNotification } from './notification.ts';
import { decryptResource, encryptResource } from './resource.ts';
import { newNonce } from './signature.ts';

describe('encrypted resources', () => {
  const key = 'a'.repeat(32);

  test('match a vector that another implementation made', () => {
    const sealed = encryptResource({
      key,
      plaintext: '{"mchid":"1900000001"}',
      associated_data: 'transaction',
      nonce: 'fdasflkja484',
    });
    expect(sealed.ciphertext).toBe('Hp5R24XRFv6g9nSqXKGj4j7HKb6NAFT7ENYGSk2X36A00S/9S8Y=');
    expect(decryptResource(key, sealed)).toBe('{"mchid":"1900000001"}');
  });

  test('come back whole, and not at all after any change', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60, unit: 'binary' }), fc.nat(), (plaintext, at) => {
        const text = Buffer.from(plaintext).toString();
        const sealed = encryptResource({ key, plaintext: text, associated_data: 'refund' });
        const bytes = Buffer.from(sealed.ciphertext, 'base64');
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ 0x80;
        const changed = { ...sealed, ciphertext: bytes.toString('base64') };
        expect(decryptResource(key, sealed)).toBe(text);
        expect(decryptResource(key, changed)).toBeUndefined();
        expect(decryptResource(key, { ...sealed, associated_data: '' })).toBeUndefined();
        expect(decryptResource('b'.repeat(32), sealed)).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    { algorithm: 'AES', ciphertext: 'AAAA', nonce: '123456789012' },
    { algorithm: 'AEAD_AES_256_GCM', ciphertext: '', nonce: '123456789012' },
    { algorithm: 'AEAD_AES_256_GCM', ciphertext: 'A'.repeat(64), nonce: '' },
    { algorithm: 'AEAD_AES_256_GCM', ciphertext: '****', nonce: '123456789012' },
  ])('%# of no use give nothing and throw nothing', (resource) => {
    expect(decryptResource(key, resource)).toBeUndefined();
    expect(decryptResource('short', resource)).toBeUndefined();
  });
});

describe('notifications', () => {
  test('are sealed so that they can be opened again', () => {
    const api_v3_key = newNonce();
    const envelope = sealNotification({
      id: 'EV-1',
      create_time: '2026-11-21T12:00:00+08:00',
      event_type: 'REFUND.SUCCESS',
      content: { refund_status: 'SUCCESS' },
      api_v3_key,
    });
    const opened = parseEnvelope(JSON.stringify(envelope));
    expect(opened?.original_type).toBe('refund');
    expect(opened && decryptResource(api_v3_key, opened.resource)).toBe(
      '{"refund_status":"SUCCESS"}',
    );
  });

  test.each(['', '[]', 'null', '{}', '{"id":"1","event_type":"X","resource":{}}', '{"id":'])(
    '%s is none',
    (body) => {
      expect(parseEnvelope(body)).toBeUndefined();
    },
  );

  test('are tried again 15 times over 24 hours and 4 minutes', () => {
    expect(RETRY_SCHEDULE_MS).toHaveLength(15);
    expect(RETRY_SCHEDULE_MS.reduce((a, b) => a + b, 0)).toBe((24 * 60 + 4) * 60_000);
  });
});

describe('errors and fields', () => {
  test('both spellings of a code are one', () => {
    expect(canonicalCode('ORDERPAID')).toBe(canonicalCode('ORDER_PAID'));
    expect(canonicalCode('NOTENOUGH')).toBe('NOT_ENOUGH');
    expect(canonicalCode('SOMETHING_NEW')).toBe('SOMETHING_NEW');
  });

  test('the internal code ends the request id', () => {
    expect(internalCode('08D6EFC7B10610D2-268512771')).toBe('268512771');
    expect(internalCode('08D6EFC7B10610D2')).toBeUndefined();
    expect(internalCode(undefined)).toBeUndefined();
  });

  test.each(['', 'x', '[]', '{}', '{"code":1}', '{"code":""}', 'null', '"code"'])(
    '%s is no error body',
    (body) => {
      expect(parseWireError(body)).toBeUndefined();
    },
  );

  test('amounts are whole fen, never negative, never fractions or text', () => {
    expect(fenField({ total: 1234 }, 'total')).toBe(1234n);
    for (const total of [-1, 0.5, '1', null, 2 ** 53, Number.NaN]) {
      expect(fenField({ total }, 'total')).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.bigInt(0n, 10_000_000_000n), (fen) => {
        expect(fenField({ total: fenNumber(fen) }, 'total')).toBe(fen);
      }),
    );
    expect(() => fenNumber(2n ** 60n)).toThrow(RangeError);
  });

  test('times carry their zone', () => {
    const at = timeField({ at: '2026-11-21T12:00:00+08:00' }, 'at');
    expect(at?.toISOString()).toBe('2026-11-21T04:00:00.000Z');
    expect(timeField({ at: '2026-11-21 12:00:00' }, 'at')).toBeUndefined();
    expect(timeField({ at: '2026-13-41T12:00:00+08:00' }, 'at')).toBeUndefined();
  });
});
