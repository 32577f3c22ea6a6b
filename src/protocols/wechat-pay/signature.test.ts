import { createVerify, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildAuthorization, parseAuthorization } from './authorization.ts';
import { bridgeMessage, signBridgeCall, verifyBridgeCall } from './bridge.ts';
import {
  answerMessage,
  isFresh,
  newNonce,
  readPrivateKey,
  readPublicKey,
  requestMessage,
  rsaSign,
  rsaVerify,
  SIGNATURE_PROBE,
} from './signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: typeof privateKey, type: 'pkcs8' | 'spki') =>
  key.export({ type, format: 'pem' }).toString();

describe('the signed strings', () => {
  test('of a request has five lines, each ended, also around an empty body', () => {
    const message = requestMessage({
      method: 'GET',
      target: '/v3/pay/transactions/id/1?mchid=1900000001',
      timestamp: '1554208460',
      nonce: '593BEC0C930BF1AFEB40B4A08C8FB242',
      body: '',
    });
    expect(message.toString()).toBe(
      'GET\n/v3/pay/transactions/id/1?mchid=1900000001\n1554208460\n' +
        '593BEC0C930BF1AFEB40B4A08C8FB242\n\n',
    );
  });

  test('of an answer takes the body byte by byte, even where it is no UTF-8', () => {
    const body = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
    const message = answerMessage({ timestamp: '1', nonce: 'n', body });
    expect(message).toEqual(Buffer.concat([Buffer.from('1\nn\n'), body, Buffer.from('\n')]));
  });

  test('of the in-page call has four lines', () => {
    const call = { appId: 'wx1', timeStamp: '2', nonceStr: 'n', package: 'prepay_id=wx3' };
    expect(bridgeMessage(call).toString()).toBe('wx1\n2\nn\nprepay_id=wx3\n');
  });
});

describe('signatures', () => {
  test('verify with plain node crypto', async () => {
    const message = Buffer.from('POST\n/v3\n1\nn\n{}\n');
    const signature = await rsaSign(privateKey, message);
    const judge = createVerify('RSA-SHA256').update(message);
    expect(judge.verify(publicKey, signature, 'base64')).toBe(true);
    expect(rsaVerify(publicKey, message, signature)).toBe(true);
    expect(rsaVerify(other.publicKey, message, signature)).toBe(false);
  });

  test('fail after any one-byte change of the message', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 80 }),
        fc.nat(),
        async (bytes, at) => {
          const message = Buffer.from(bytes);
          const signature = await rsaSign(privateKey, message);
          const changed = Buffer.from(message);
          const index = at % changed.length;
          changed[index] = (changed[index] ?? 0) ^ 1;
          return (
            rsaVerify(publicKey, message, signature) && !rsaVerify(publicKey, changed, signature)
          );
        },
      ),
      { numRuns: 20 },
    );
  });

  test.each([
    '',
    `${SIGNATURE_PROBE}Zm9v`,
    'not base64!',
    'Zg=',
    'A'.repeat(344),
    'A'.repeat(100_000),
  ])('%# that are none at all are just wrong', (signature) => {
    expect(rsaVerify(publicKey, Buffer.from('m'), signature)).toBe(false);
  });

  test('are fresh for less than five minutes either way', () => {
    const real = new Date(1_700_000_000_000);
    expect(isFresh('1700000299', real)).toBe(true);
    expect(isFresh('1699999701', real)).toBe(true);
    expect(isFresh('1700000300', real)).toBe(false);
    expect(isFresh('1699999700', real)).toBe(false);
    expect(isFresh('17e8', real)).toBe(false);
    expect(isFresh('', real)).toBe(false);
  });

  test('of the in-page call bind every parameter', async () => {
    const call = await signBridgeCall(privateKey, {
      appId: 'wx1',
      timeStamp: '2',
      nonceStr: 'n',
      package: 'prepay_id=wx3',
    });
    expect(verifyBridgeCall(publicKey, call)).toBe(true);
    for (const name of ['appId', 'timeStamp', 'nonceStr', 'package'] as const) {
      expect(verifyBridgeCall(publicKey, { ...call, [name]: 'other' })).toBe(false);
    }
  });

  test('nonces have 32 letters and digits and do not repeat', () => {
    const nonces = new Set(Array.from({ length: 100 }, newNonce));
    expect(nonces.size).toBe(100);
    for (const nonce of nonces) expect(nonce).toMatch(/^[0-9A-Za-z]{32}$/);
  });
});

describe('keys', () => {
  test('are taken in PEM and nothing else', () => {
    expect(readPrivateKey(pem(privateKey, 'pkcs8'))).toBeDefined();
    expect(readPublicKey(pem(publicKey, 'spki'))).toBeDefined();
    expect(readPrivateKey(pem(publicKey, 'spki'))).toBeUndefined();
    expect(readPublicKey(pem(privateKey, 'pkcs8'))).toBeUndefined();
    expect(readPrivateKey('no key')).toBeUndefined();
  });

  test('of fewer than 2048 bits, or of another kind, are refused', () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(readPrivateKey(pem(small.privateKey, 'pkcs8'))).toBeUndefined();
    expect(readPublicKey(pem(curve.publicKey, 'spki'))).toBeUndefined();
  });
});

describe('the Authorization header', () => {
  const parts = {
    mchid: '1900000001',
    nonce_str: '593BEC0C930BF1AFEB40B4A08C8FB242',
    timestamp: '1554208460',
    serial_no: '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C',
    signature: 'uOVRnA4qG/MNnYzdQxJanN+zU+lTgIcnU9BxGw5dKjK+VdEUz2FeIoC+D5sB/LN+g==',
  };

  test('is read back in any order and with blanks between items', () => {
    const items = Object.entries(parts).map(([name, value]) => `${name}="${value}"`);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(items, { minLength: items.length }),
        fc.constantFrom(',', ', ', ' ,\t', ' , '),
        (shuffled, comma) => {
          const header = `WECHATPAY2-SHA256-RSA2048 ${shuffled.join(comma)}`;
          expect(parseAuthorization(header)).toEqual(parts);
        },
      ),
    );
    expect(parseAuthorization(buildAuthorization(parts))).toEqual(parts);
  });

  const built = buildAuthorization(parts);
  test.each([
    '',
    'WECHATPAY2-SHA256-RSA2048',
    built.replace('WECHATPAY2-SHA256-RSA2048', 'WECHATPAY2-SM2-WITH-SM3'),
    built.replace('mchid="1900000001",', ''),
    built.replace('1900000001', ''),
    `${built},mchid="1900000002"`,
    `${built},extra="1"`,
    built.replaceAll('"', ''),
    `${built}${' '.repeat(5000)}`,
  ])('%# is refused when it is not exactly that', (header) => {
    expect(parseAuthorization(header)).toBeUndefined();
  });
});
