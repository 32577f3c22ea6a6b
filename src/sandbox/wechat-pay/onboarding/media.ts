import { isWireObject, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { parameterError } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { hasMedia } from '../merchants/media.ts';

/** Fields that hold the number of an uploaded picture, by how they are called. */
const PICTURES = /(?:_copy|_copy_back|_national|_pics?|_letter|_authorisation|_commitment)$/;
const OTHERS: ReadonlySet<string> = new Set([
  'activities_additions',
  'qualifications',
  'store_qr_code',
]);

/** Throws for a picture that this merchant has not uploaded. */
export function checkMedia(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
  pointer = '',
): void {
  for (const [name, value] of Object.entries(body)) {
    const at = `${pointer}/${name}`;
    const values: unknown[] = Array.isArray(value) ? value : [value];
    const picture = PICTURES.test(name) || OTHERS.has(name);
    for (const item of values) {
      if (isWireObject(item)) checkMedia(context, merchant, item, at);
      if (!picture || typeof item !== 'string') continue;
      if (!hasMedia(context, merchant.mchid, item)) throw unknownPicture(at, item);
    }
  }
}

function unknownPicture(field: string, value: string) {
  return parameterError({
    field,
    value: value.slice(0, 32),
    issue: 'no such picture of this merchant',
    location: 'body',
    message: '图片MediaID无效，请先通过图片上传接口上传',
  });
}
