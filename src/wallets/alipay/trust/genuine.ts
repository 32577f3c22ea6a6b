import type { KeyObject } from 'node:crypto';
import { verifyNotification as verifies } from '../../../protocols/alipay/notification.ts';
import {
  charsetNamed,
  decodeFormBytes,
  decodeValues,
  type Parameters,
} from '../../../protocols/alipay/parameters.ts';
import type { AlipayAccount } from '../account.ts';
import type { Gateway } from '../gateway.ts';

/**
 * Is a notification the wallet's? The signature covers bytes in the charset of the call that asked
 * for it, so bytes are what is verified, and text is made of them once.
 */
export type Letter =
  | { readonly ok: true; readonly parameters: Parameters }
  | {
      readonly ok: false;
      readonly reason: 'malformed' | 'signature';
      readonly message: string;
    };

function refused(reason: 'malformed' | 'signature', message: string): Letter {
  return { ok: false, reason, message };
}

function isSignedBy(key: KeyObject, bytes: Parameters): boolean {
  return verifies(key, bytes, (text) => Buffer.from(text, 'latin1'));
}

/** Empty values are signed by nobody, so they say nothing: not even that they are there. */
function withoutEmpty(bytes: Parameters): Parameters {
  return new Map([...bytes].filter(([, value]) => value !== ''));
}

/** Verifies with the keys of the account; in certificate mode a newer one may have signed. */
async function isGenuine(
  gateway: Gateway,
  account: AlipayAccount,
  bytes: Parameters,
): Promise<boolean> {
  const { trust } = account;
  if (trust.mode === 'key') return isSignedBy(trust.alipay_public_key, bytes);
  const sn = bytes.get('alipay_cert_sn');
  if (sn === undefined && trust.keys().some((key) => isSignedBy(key, bytes))) return true;
  const key = await gateway.keyOfLetter(account, sn);
  return key !== undefined && isSignedBy(key, bytes);
}

export async function openLetter(
  gateway: Gateway,
  account: AlipayAccount,
  body: Buffer,
): Promise<Letter> {
  const { parameters: bytes, duplicate } = decodeFormBytes(body.toString('latin1'));
  if (duplicate !== undefined) return refused('malformed', 'a parameter has two values');
  if (!bytes.get('sign')) return refused('signature', 'there is no sign');
  if (bytes.get('sign_type') !== 'RSA2') return refused('signature', 'sign_type is not RSA2');
  const charset = charsetNamed(bytes.get('charset') ?? 'utf-8');
  if (!charset) return refused('malformed', 'the charset is unknown');
  if (!(await isGenuine(gateway, account, bytes))) {
    const what = account.trust.mode === 'key' ? 'Alipay public key' : 'Alipay certificates';
    return refused('signature', `the signature does not verify with the configured ${what}`);
  }
  return { ok: true, parameters: decodeValues(withoutEmpty(bytes), charset) };
}
