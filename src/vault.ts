import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Secrets that must be read back (wallet keys, webhook secrets) are AES-256-GCM under the master
 * key, bound to the id of the row that holds them: a ciphertext moved to another row does not open.
 */
export interface Vault {
  seal(plaintext: string, boundTo: string): Buffer;
  /** Throws when the ciphertext was changed, moved, or sealed under another master key. */
  open(sealed: Buffer, boundTo: string): string;
  /** 128 bits derived from the master key and `subject`, base64url: unguessable, reproducible. */
  token(purpose: string, subject: string): string;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const TOKEN_BYTES = 16;

export function createVault(masterKey: Buffer): Vault {
  if (masterKey.length !== KEY_BYTES) throw new Error('the master key must have 32 bytes');
  const subkey = (purpose: string) =>
    Buffer.from(hkdfSync('sha256', masterKey, '', `hutong ${purpose}`, KEY_BYTES));
  const sealing = subkey('sealing');
  const tokens = new Map<string, Buffer>();
  return {
    seal(plaintext, boundTo) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce);
      cipher.setAAD(Buffer.from(boundTo));
      const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, boundTo) {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', sealing, nonce, {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(boundTo));
      decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const body = sealed.subarray(NONCE_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    },
    token(purpose, subject) {
      let key = tokens.get(purpose);
      if (!key) {
        key = subkey(`token ${purpose}`);
        tokens.set(purpose, key);
      }
      const mac = createHmac('sha256', key).update(subject).digest();
      return mac.subarray(0, TOKEN_BYTES).toString('base64url');
    },
  };
}

/** Reads the master key file (32 bytes as 64 hex digits); makes one when `create` allows it. */
export function readMasterKey(path: string, options: { create: boolean }): Buffer {
  if (!existsSync(path)) {
    if (!options.create) {
      throw new Error(
        `no master key at ${path}: set HUTONG_MASTER_KEY_FILE to a file of 64 hex digits`,
      );
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600 });
    chmodSync(path, 0o600);
  }
  const text = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new Error(`the master key in ${path} is not 64 hex digits`);
  return Buffer.from(text, 'hex');
}
