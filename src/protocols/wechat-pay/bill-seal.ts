import { createCipheriv, createDecipheriv, type KeyObject, randomInt } from 'node:crypto';
import { oaepDecrypt, oaepEncrypt } from './oaep.ts';

/**
 * Bills about sellers come encrypted: each file under a key of its own (AES-256-GCM, tag at the
 * end, no associated data), the key itself under the public key of the merchant's certificate.
 * https://pay.weixin.qq.com/doc/v3/partner/4012760249
 */
export const BILL_SEAL_ALGORITHM = 'AEAD_AES_256_GCM';
const CIPHER = 'aes-256-gcm';
const TAG_BYTES = 16;
const KEY_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export interface SealedBill {
  readonly body: Buffer;
  /** Base64; opens with the merchant's private key. */
  readonly encrypt_key: string;
  readonly nonce: string;
}

function letters(count: number): string {
  return Array.from({ length: count }, () =>
    KEY_LETTERS.charAt(randomInt(KEY_LETTERS.length)),
  ).join('');
}

export function sealBill(merchant_key: KeyObject, content: Buffer): SealedBill {
  const key = letters(32);
  const nonce = letters(12);
  const cipher = createCipheriv(CIPHER, Buffer.from(key), Buffer.from(nonce));
  const body = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  const encrypt_key = oaepEncrypt(merchant_key, key);
  if (encrypt_key === undefined) throw new Error('the certificate is too short for a file key');
  return { body, encrypt_key, nonce };
}

/** Undefined when it was sealed for somebody else or a byte was changed; never throws. */
export function openSealedBill(private_key: KeyObject, sealed: SealedBill): Buffer | undefined {
  const key = Buffer.from(oaepDecrypt(private_key, sealed.encrypt_key) ?? '', 'utf8');
  const nonce = Buffer.from(sealed.nonce, 'utf8');
  const { body } = sealed;
  if (key.length !== 32 || nonce.length !== 12 || body.length < TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(body.subarray(body.length - TAG_BYTES));
    const content = decipher.update(body.subarray(0, body.length - TAG_BYTES));
    return Buffer.concat([content, decipher.final()]);
  } catch {
    return undefined;
  }
}
