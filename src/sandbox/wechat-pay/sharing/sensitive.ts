import { textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { oaepDecrypt } from '../../../protocols/wechat-pay/oaep.ts';
import { parameterError } from '../api/refusal.ts';
import type { Merchant } from '../merchants/keys.ts';

/** One encrypted field in clear; throws for a ciphertext that was made for another key. */
export function decryptField(merchant: Merchant, ciphertext: string, pointer: string): string {
  const clear = oaepDecrypt(merchant.sign_key, ciphertext);
  if (clear !== undefined && clear !== '') return clear;
  throw parameterError({
    field: pointer,
    issue: 'not encrypted with the key that Wechatpay-Serial names',
    location: 'body',
    message: '请确认待处理的消息是否为加密后的密文',
  });
}

/** The same for a field that may be missing. */
export function decryptOptional(
  merchant: Merchant,
  body: WireObject,
  place: { name: string; pointer: string },
): string | undefined {
  const given = textField(body, place.name);
  return given === undefined ? undefined : decryptField(merchant, given, place.pointer);
}
