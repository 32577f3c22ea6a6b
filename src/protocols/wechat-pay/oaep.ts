import { constants, type KeyObject, privateDecrypt, publicEncrypt } from 'node:crypto';

/**
 * Sensitive fields (names, ID numbers, bank accounts) travel encrypted one by one: RSA-OAEP with
 * SHA-1, base64. The request's Wechatpay-Serial names the wallet's key that was used; answers are
 * encrypted to the merchant's certificate.
 * https://pay.weixin.qq.com/doc/v3/merchant/4013053257
 */
const PADDING = constants.RSA_PKCS1_OAEP_PADDING;
const OVERHEAD = 42;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Longest text, UTF-8 bytes, that this key can encrypt: 214 for RSA 2048. */
export function oaepLimit(key: KeyObject): number {
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8 - OVERHEAD;
}

/** Undefined when the text is too long for the key. */
export function oaepEncrypt(key: KeyObject, text: string): string | undefined {
  const plain = Buffer.from(text, 'utf8');
  if (plain.length > oaepLimit(key)) return undefined;
  return publicEncrypt({ key, padding: PADDING, oaepHash: 'sha1' }, plain).toString('base64');
}

/** Undefined when it was encrypted to another key, or is no ciphertext at all; never throws. */
export function oaepDecrypt(key: KeyObject, ciphertext: string): string | undefined {
  if (ciphertext.length > 1024 || !BASE64.test(ciphertext)) return undefined;
  try {
    const sealed = Buffer.from(ciphertext, 'base64');
    return privateDecrypt({ key, padding: PADDING, oaepHash: 'sha1' }, sealed).toString('utf8');
  } catch {
    return undefined;
  }
}
