import type { KeyObject } from 'node:crypto';
import { answerMessage, isFresh, rsaVerify } from '../../../protocols/wechat-pay/signature.ts';
import type { MerchantAccount } from '../account.ts';
import type { Source } from './ring.ts';
import type { Client } from './send.ts';

/**
 * Whether an answer or a notification is WeChat Pay's. The key is chosen by the Wechatpay-Serial of
 * this very message, from the account's public keys and its platform certificates: during a switch
 * both arrive.
 */
export type SignatureVerdict = 'valid' | 'unsigned' | 'unknown_key' | 'bad_signature' | 'stale';

export interface SignedBytes {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Real time of arrival. */
  readonly real: Date;
}

export function judgeWith(
  keyOf: (serial: string) => KeyObject | undefined,
  { headers, body, real }: SignedBytes,
): SignatureVerdict {
  const timestamp = headers['wechatpay-timestamp'];
  const nonce = headers['wechatpay-nonce'];
  const serial = headers['wechatpay-serial'];
  const signature = headers['wechatpay-signature'];
  if (!timestamp || !nonce || !serial || !signature) return 'unsigned';
  const key = keyOf(serial);
  if (!key) return 'unknown_key';
  if (!rsaVerify(key, answerMessage({ timestamp, nonce, body }), signature)) return 'bad_signature';
  return isFresh(timestamp, real) ? 'valid' : 'stale';
}

/** An unknown certificate is looked for at the wallet, as often as the ring allows, then judged. */
export async function judge(
  client: Client,
  account: MerchantAccount,
  signed: SignedBytes,
  source: Source = 'answer',
): Promise<SignatureVerdict> {
  const keyOf = (serial: string) =>
    account.public_keys.get(serial) ?? client.ring.key(account, serial, signed.real);
  const verdict = judgeWith(keyOf, signed);
  if (verdict !== 'unknown_key' || account.trust === 'public_key') return verdict;
  const serial = signed.headers['wechatpay-serial'] ?? '';
  if (!/^[0-9A-Fa-f]{8,64}$/.test(serial)) return verdict;
  await client.ring.refresh(client, account, source);
  return judgeWith(keyOf, signed);
}
