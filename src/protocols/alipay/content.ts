import { createCipheriv, createDecipheriv } from 'node:crypto';
import { AlipayKeyError } from './keys.ts';

/**
 * Encrypted content: AES-128-CBC with a zero IV and PKCS#7 padding, key and text in base64. It
 * hides, it does not protect: what is signed is the ciphertext, and only the signature is trust.
 * https://opendocs.alipay.com/common/02mse3
 */
const KEY_BYTES = 16;
const ZERO_IV = Buffer.alloc(16);
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Throws AlipayKeyError when it is not the key of the console: base64 of 16 bytes. */
export function parseAesKey(text: string): Buffer {
  const trimmed = text.trim();
  if (!BASE64.test(trimmed)) throw new AlipayKeyError('the key is not base64 text');
  const key = Buffer.from(trimmed, 'base64');
  if (key.length !== KEY_BYTES) {
    throw new AlipayKeyError(`the key must be ${KEY_BYTES} bytes in base64, this is ${key.length}`);
  }
  return key;
}

export function encryptContent(key: Buffer, text: string): string {
  const cipher = createCipheriv('aes-128-cbc', key, ZERO_IV);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
}

/** Undefined when it is no ciphertext under this key. */
export function decryptContent(key: Buffer, text: string): string | undefined {
  if (!BASE64.test(text)) return undefined;
  try {
    const decipher = createDecipheriv('aes-128-cbc', key, ZERO_IV);
    const bytes = Buffer.concat([decipher.update(text, 'base64'), decipher.final()]);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
