import { oaepDecrypt, oaepEncrypt } from '../../../protocols/wechat-pay/oaep.ts';
import type { MerchantAccount } from '../account.ts';
import type { Client } from './send.ts';

/**
 * Sensitive fields of one request, all under one key of WeChat Pay's, whose `serial` goes with the
 * call (`Call.serial`): the public key where the account has one, else the newest platform
 * certificate.
 */
export interface Sealer {
  readonly serial: string;
  /** Undefined when the text is longer than the key can take. */
  encrypt(text: string): string | undefined;
}

/** Undefined when there is no key to encrypt to: no certificate could be had just now. */
export async function openSealer(
  client: Client,
  account: MerchantAccount,
): Promise<Sealer | undefined> {
  const { public_key_id } = account;
  const public_key = public_key_id && account.public_keys.get(public_key_id);
  if (public_key_id && public_key) {
    return { serial: public_key_id, encrypt: (text) => oaepEncrypt(public_key, text) };
  }
  if (!client.ring.newest(account)) await client.ring.refresh(client, account);
  const certificate = client.ring.newest(account);
  if (!certificate) return undefined;
  const { serial, key } = certificate;
  return { serial, encrypt: (text) => oaepEncrypt(key, text) };
}

/** A field of an answer, encrypted to this merchant's certificate; undefined when it is not. */
export function decryptField(account: MerchantAccount, ciphertext: string): string | undefined {
  return oaepDecrypt(account.private_key, ciphertext);
}
