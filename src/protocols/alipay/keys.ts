import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { signatureBytes } from '../base64.ts';

/**
 * RSA2 (SHA256withRSA, PKCS#1 v1.5) over UTF-8 text. Keys come from Alipay's console and tools in
 * four dresses: PKCS#1 or PKCS#8, with or without PEM armour; mixing them up is the most common
 * configuration error, so all four are taken and anything else says what it is.
 * https://opendocs.alipay.com/common/02kipl
 */
export class AlipayKeyError extends Error {
  override readonly name = 'AlipayKeyError';
}

const MIN_MODULUS_BITS = 2048;

function derOf(text: string): Buffer {
  const base64 = text.replace(/-----[A-Z ]+-----/g, '').replace(/\s+/g, '');
  if (base64 === '') throw new AlipayKeyError('the key is empty');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw new AlipayKeyError('the key is neither PEM nor base64 text');
  }
  return Buffer.from(base64, 'base64');
}

/** Throws AlipayKeyError for any key that RSA2 does not take. */
export function checkedRsaKey(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'rsa') {
    throw new AlipayKeyError(`the key is ${key.asymmetricKeyType ?? 'of no kind'}, not RSA`);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MIN_MODULUS_BITS) {
    throw new AlipayKeyError(`RSA2 needs a key of ${MIN_MODULUS_BITS} bits, this one has ${bits}`);
  }
  return key;
}

function attempt(make: () => KeyObject): KeyObject | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** Throws AlipayKeyError saying what the text is when it is no RSA private key. */
export function parsePrivateKey(text: string): KeyObject {
  const key = derOf(text);
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    const found = attempt(() => createPrivateKey({ key, format: 'der', type }));
    if (found) return checkedRsaKey(found);
  }
  if (attempt(() => parsePublicKey(text))) {
    throw new AlipayKeyError('this is a public key; the application private key belongs here');
  }
  throw new AlipayKeyError('the key is neither PKCS#1 nor PKCS#8; was it cut when copied?');
}

/** Throws AlipayKeyError saying what the text is when it is no RSA public key. */
export function parsePublicKey(text: string): KeyObject {
  const key = derOf(text);
  // Private keys first: Node would silently derive a public key from one.
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    if (attempt(() => createPrivateKey({ key, format: 'der', type }))) {
      throw new AlipayKeyError('this is a private key; a public key belongs here');
    }
  }
  for (const type of ['spki', 'pkcs1'] as const) {
    const found = attempt(() => createPublicKey({ key, format: 'der', type }));
    if (found) return checkedRsaKey(found);
  }
  throw new AlipayKeyError('the key is not an RSA public key; was it cut when copied?');
}

/** RSA2 is SHA-256; RSA is SHA-1 and only for old applications that still ask for it. */
export type SignType = 'RSA2' | 'RSA';

const DIGESTS = { RSA2: 'RSA-SHA256', RSA: 'RSA-SHA1' } as const;

export function isSignType(text: string): text is SignType {
  return text === 'RSA2' || text === 'RSA';
}

function bytesOf(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
}

/** Base64 signature; runs in the thread pool, so it never holds the event loop. */
export function signText(
  key: KeyObject,
  text: string | Buffer,
  type: SignType = 'RSA2',
): Promise<string> {
  return new Promise((resolve, reject) => {
    sign(DIGESTS[type], bytesOf(text), key, (error, signature) => {
      if (error) reject(error);
      else resolve(signature.toString('base64'));
    });
  });
}

/** False for a wrong signature and for text that is no signature at all; never throws. */
export function verifyText(
  key: KeyObject,
  text: string | Buffer,
  signature: string,
  type: SignType = 'RSA2',
): boolean {
  const bytes = signatureBytes(signature);
  return bytes !== undefined && verify(DIGESTS[type], bytesOf(text), key, bytes);
}
