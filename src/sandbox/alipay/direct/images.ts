import { createHash } from 'node:crypto';
import { GatewayRefusal, requiredText } from '../api/biz.ts';
import { newSecret } from '../numbers.ts';
import { invalidField } from '../trade/fields.ts';
import type { Call } from '../trade/orders.ts';

/**
 * A picture that an application names afterwards; only its digest is kept.
 * https://opendocs.alipay.com/solution/d0814d9c_ant.merchant.expand.indirect.image.upload
 */
const TYPES = ['jpg', 'jpeg', 'png', 'bmp', 'gif'];
const MAX_BYTES = 10 * 1024 * 1024;

/** Parameters come bare, not in `biz_content`, as with every call that carries a file. */
export function uploadImage(call: Call): Record<string, unknown> {
  const { alipay, app, parameters, biz, files } = call;
  if (app.role !== 'platform') throw new GatewayRefusal('isv.insufficient-isv-permissions');
  const fields = biz['image_type'] === undefined ? Object.fromEntries(parameters) : biz;
  const type = requiredText(fields, 'image_type', { max: 10 });
  if (!TYPES.includes(type.toLowerCase())) throw invalidField(`image_type (${TYPES.join(', ')})`);
  const bytes = files?.find(({ name }) => name === 'image_content')?.bytes;
  if (!bytes || bytes.length === 0) throw invalidField('image_content 不能为空 (the file)');
  if (bytes.length > MAX_BYTES) throw invalidField('image_content 超过10M');
  const image_id = `${newSecret(alipay.options.random)}.${type.toLowerCase()}`;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  alipay.direct.images.put(image_id, {
    image_id,
    app_id: app.app_id,
    bytes: bytes.length,
    sha256,
  });
  return { image_id };
}
