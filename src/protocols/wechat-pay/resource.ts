import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * The encrypted part of a notification: AES-256-GCM under the merchant's APIv3 key, whose 32 ASCII
 * characters are the key bytes; the 16-byte tag follows the ciphertext.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012071382
 */
export const RESOURCE_ALGORITHM = 'AEAD_AES_256_GCM';

export interface EncryptedResource {
  readonly algorithm: string;
  readonly ciphertext: string;
  readonly nonce: string;
  /** Optional by the documents; WeChat Pay always sends the type word. */
  readonly associated_data?: string | undefined;
}

const TAG_BYTES = 16;

/** True for a key that AES-256 can use: exactly 32 bytes. */
export function isApiV3Key(key: string): boolean {
  return Buffer.byteLength(key, 'utf8') === 32;
}

export function encryptResource(options: {
  key: string;
  plaintext: string;
  associated_data: string;
  nonce?: string;
}): EncryptedResource {
  const nonce = options.nonce ?? randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(options.key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from(options.associated_data));
  const parts = [cipher.update(options.plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return {
    algorithm: RESOURCE_ALGORITHM,
    ciphertext: Buffer.concat(parts).toString('base64'),
    associated_data: options.associated_data,
    nonce,
  };
}

/** Undefined when anything was changed or the key is another one; never throws. */
export function decryptResource(key: string, resource: EncryptedResource): string | undefined {
  if (resource.algorithm !== RESOURCE_ALGORITHM || !isApiV3Key(key)) return undefined;
  const sealed = Buffer.from(resource.ciphertext, 'base64');
  const nonce = Buffer.from(resource.nonce);
  if (sealed.length < TAG_BYTES || nonce.length !== 12) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key), nonce, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(resource.associated_data ?? ''));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const content = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
    return Buffer.concat([content, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
