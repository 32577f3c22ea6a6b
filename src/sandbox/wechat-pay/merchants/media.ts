import { createHash, timingSafeEqual } from 'node:crypto';
import { textField } from '../../../protocols/wechat-pay/messages.ts';
import { randomLetters } from '../../random.ts';
import { checkFields, type Fields } from '../api/fields.ts';
import { parameterError } from '../api/refusal.ts';
import type { RouteCall } from '../api/route.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from './keys.ts';

/**
 * POST /v3/merchant/media/upload: a picture for an application. The digest in `meta` must be the
 * file's; the picture itself is looked at and forgotten, its number is kept.
 */
export interface Media {
  readonly media_id: string;
  readonly mchid: string;
  readonly filename: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly uploaded_at: number;
}

const MAX_BYTES = 5 * 1024 * 1024;
const NUMBER_LENGTH = 120;
const FIELDS: Fields = {
  filename: {
    type: 'string',
    label: '媒体文件名称',
    required: true,
    max: 256,
    pattern: /\.(?:jpe?g|bmp|png)$/i,
  },
  sha256: {
    type: 'string',
    label: '媒体文件SHA256摘要',
    required: true,
    max: 64,
    pattern: /^[0-9a-fA-F]{64}$/,
  },
};

/** How the three kinds of picture begin. */
const BEGINNINGS = [
  Buffer.from('ffd8ff', 'hex'),
  Buffer.from('BM'),
  Buffer.from('89504e47', 'hex'),
];

export function uploadMedia(
  context: SandboxContext,
  merchant: Merchant,
  { body, file }: RouteCall,
): object {
  checkFields(FIELDS, body);
  const bytes = file?.bytes ?? Buffer.alloc(0);
  if (bytes.length > MAX_BYTES) throw wrongFile('more than 5 MB', '图片大小不能超过5M');
  if (!BEGINNINGS.some((beginning) => bytes.subarray(0, beginning.length).equals(beginning))) {
    throw wrongFile('not a jpg, bmp or png', '图片格式只支持JPG、BMP、PNG');
  }
  const sha256 = textField(body, 'sha256') ?? '';
  const digest = createHash('sha256').update(bytes).digest();
  if (!timingSafeEqual(digest, Buffer.from(sha256, 'hex'))) {
    throw wrongFile('sha256 is not the digest of the file', '图片sha256值与实际文件不一致');
  }
  const media_id = randomLetters(context.random, NUMBER_LENGTH);
  mediaOf(context).put(media_id, {
    media_id,
    mchid: merchant.mchid,
    filename: textField(body, 'filename') ?? '',
    sha256: sha256.toLowerCase(),
    bytes: bytes.length,
    uploaded_at: context.clock.now().getTime(),
  });
  return { media_id };
}

/** Did this merchant upload the picture of that number? */
export function hasMedia(context: SandboxContext, mchid: string, media_id: string): boolean {
  return mediaOf(context).get(media_id)?.mchid === mchid;
}

function mediaOf({ store }: SandboxContext) {
  return store.collection<Media>('media');
}

function wrongFile(issue: string, message: string) {
  return parameterError({ field: '/file', issue, location: 'body', message });
}
