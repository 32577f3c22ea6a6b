import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rsa } from 'wechatpay-axios-plugin';
import { issueCertificate } from '../../sandbox/certificates.ts';
import { openCertificates, readCertificate, sealCertificate } from './certificates.ts';
import { canonicalCode, olderCode } from './errors.ts';
import { oaepDecrypt, oaepEncrypt, oaepLimit } from './oaep.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });

describe('encrypted fields', () => {
  test('come back whole, and to nobody else', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 50, unit: 'binary' }), (text) => {
        const plain = Buffer.from(text).toString();
        const sealed = oaepEncrypt(pair.publicKey, plain) ?? '';
        expect(oaepDecrypt(pair.privateKey, sealed)).toBe(plain);
        expect(oaepDecrypt(other.privateKey, sealed)).toBeUndefined();
      }),
      { numRuns: 10 },
    );
  });

  test('are those of the SDK, with SHA-1 on both sides', () => {
    const pem = (key: typeof pair.publicKey) => key.export({ type: 'spki', format: 'pem' });
    const theirs = Rsa.encrypt('林小禾', Rsa.from(String(pem(pair.publicKey)), 'public'));
    expect(oaepDecrypt(pair.privateKey, theirs)).toBe('林小禾');
    const ours = oaepEncrypt(pair.publicKey, '林小禾') ?? '';
    expect(Rsa.decrypt(ours, pair.privateKey)).toBe('林小禾');
    const options = { key: pair.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING };
    expect(privateDecrypt(options, Buffer.from(ours, 'base64')).toString()).toBe('林小禾');
  });

  test('have a limit in bytes', () => {
    expect(oaepLimit(pair.publicKey)).toBe(214);
    expect(oaepEncrypt(pair.publicKey, 'x'.repeat(214))).toBeDefined();
    expect(oaepEncrypt(pair.publicKey, 'x'.repeat(215))).toBeUndefined();
  });

  test.each(['', '***', 'AAAA', 'A'.repeat(5000)])('%# that are none throw nothing', (text) => {
    expect(oaepDecrypt(pair.privateKey, text)).toBeUndefined();
  });
});

describe('platform certificates', () => {
  const api_v3_key = 'k'.repeat(32);
  const issue = (serial: string) =>
    issueCertificate({
      subject: { CN: 'Tenpay.com sign' },
      serial,
      not_before: new Date('2026-01-01'),
      not_after: new Date('2031-01-01'),
      private_key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    });
  const seal = (pem: string, serial_no: string) =>
    sealCertificate({ pem, serial_no, effective_time: '', expire_time: '', api_v3_key });

  test('are opened under the APIv3 key, under the serial that they really have', async () => {
    const serial = `5${'0'.repeat(38)}F`;
    const { certificate } = await issue(serial);
    const opened = openCertificates({ data: [seal(certificate, serial)] }, api_v3_key);
    expect(opened).toMatchObject({ kind: 'opened', certificates: [{ serial }] });
    expect(readCertificate(certificate)?.not_after).toEqual(new Date('2031-01-01'));
    const lying = openCertificates({ data: [seal(certificate, 'A'.repeat(40))] }, api_v3_key);
    expect(lying).toEqual({ kind: 'malformed' });
    const another = openCertificates({ data: [seal(certificate, serial)] }, 'x'.repeat(32));
    expect(another).toEqual({ kind: 'decrypt' });
  });

  test.each([{}, { data: [] }, { data: 'x' }, { data: [null] }, { data: [{ serial_no: '1' }] }])(
    '%# that are none are malformed',
    (answer) => {
      expect(openCertificates(answer, api_v3_key)).toEqual({ kind: 'malformed' });
    },
  );

  test('must be certificates', () => {
    const malformed = openCertificates({ data: [seal('no certificate', '1')] }, api_v3_key);
    expect(malformed).toEqual({ kind: 'malformed' });
    expect(readCertificate('')).toBeUndefined();
  });
});

test('the older spelling of a code is one that the newer folds back', () => {
  const codes = ['ORDER_PAID', 'NO_AUTH', 'FREQUENCY_LIMITED', 'SYSTEM_ERROR', 'ORDER_NOT_EXIST'];
  for (const code of codes) {
    expect(olderCode(code)).not.toBe(code);
    expect(canonicalCode(olderCode(code))).toBe(code);
  }
  expect(olderCode('FREQUENCY_LIMITED')).toBe('FREQUENCY_LIMIT_EXCEED');
  expect(olderCode('SOMETHING_NEW')).toBe('SOMETHING_NEW');
});
