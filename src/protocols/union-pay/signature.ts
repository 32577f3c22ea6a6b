import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { signatureBytes } from '../base64.ts';
import type { Message } from './message.ts';

/**
 * ACP 5.1.0 signatures, `signMethod` 01. The text is every field but `signature`, empty ones left
 * out, in order of names, `a=1&b=2` over decoded values. What is signed with SHA256withRSA is not
 * this text but the lower-case hex of its SHA-256: two hashes.
 * https://open.unionpay.com/tjweb/api/dictionary?apiSvcId=448
 */
export const SIGN_METHOD_RSA = '01';
export const VERSION = '5.1.0';
export const ENCODING = 'utf-8';

export function textToSign(message: Message): string {
  const names: string[] = [];
  for (const [name, value] of message) if (name !== 'signature' && value !== '') names.push(name);
  return names
    .sort()
    .map((name) => `${name}=${message.get(name) ?? ''}`)
    .join('&');
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Runs on a worker thread; the message with its `signature`. */
export function signMessage(key: KeyObject, message: Message): Promise<Message> {
  const digest = Buffer.from(digestOf(textToSign(message)), 'utf8');
  return new Promise((resolve, reject) => {
    sign('sha256', digest, key, (error, signature) => {
      if (error) return reject(error);
      resolve(new Map([...message, ['signature', signature.toString('base64')]]));
    });
  });
}

export function verifyMessage(key: KeyObject, message: Message): boolean {
  const signature = signatureBytes(message.get('signature') ?? '');
  if (!signature) return false;
  return verify('sha256', Buffer.from(digestOf(textToSign(message)), 'utf8'), key, signature);
}
