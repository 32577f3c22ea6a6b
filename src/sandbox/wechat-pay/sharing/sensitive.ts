import { textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { parameterError } from '../api/refusal.ts';
import type { RouteCall } from '../api/route.ts';

/** Opens what was encrypted to the key that the call's Wechatpay-Serial names. */
export type Opener = RouteCall['open'];

/** A call whose body has encrypted fields. */
export type SensitiveCall = Pick<RouteCall, 'body' | 'open'>;

/** One encrypted field in clear; throws for a ciphertext that was made for another key. */
export function decryptField(open: Opener, ciphertext: string, pointer: string): string {
  const clear = open(ciphertext);
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
  open: Opener,
  body: WireObject,
  place: { name: string; pointer: string },
): string | undefined {
  const given = textField(body, place.name);
  return given === undefined ? undefined : decryptField(open, given, place.pointer);
}
