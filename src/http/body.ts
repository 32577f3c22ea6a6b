import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../errors.ts';

export const MAX_BODY_BYTES = 64 * 1024;

/**
 * The raw bytes of a request, refused by Content-Length before reading and by count while reading.
 * @throws Refusal('body_too_large'); Refusal('invalid_json') when the sender breaks off.
 */
export async function readBody(message: IncomingMessage, max_bytes: number): Promise<Buffer> {
  const announced = Number(message.headers['content-length'] ?? 0);
  if (announced > max_bytes) throw tooLarge(max_bytes);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (settle: () => void) => {
      message.off('data', take).off('end', end).off('error', broken).off('close', broken);
      settle();
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > max_bytes) {
        message.pause();
        finish(() => reject(tooLarge(max_bytes)));
      } else chunks.push(chunk);
    };
    const end = () =>
      finish(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    const broken = () =>
      finish(() => reject(new Refusal('invalid_json', { message: 'the body broke off' })));
    if (message.destroyed && !message.readableEnded) return broken();
    message.on('data', take).on('end', end).on('error', broken).on('close', broken);
  });
}

function tooLarge(max_bytes: number): Refusal {
  return new Refusal('body_too_large', { message: `this call takes at most ${max_bytes} bytes` });
}

/** The JSON value of a request; `{}` for an empty body. @throws Refusal naming what is wrong. */
export async function readJson(message: IncomingMessage, max_bytes: number): Promise<unknown> {
  const bytes = await readBody(message, max_bytes);
  if (bytes.length === 0) return {};
  const type = message.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw new Refusal('unsupported_media_type');
  }
  if (!isUtf8(bytes)) throw new Refusal('invalid_json', { message: 'the body is not UTF-8' });
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'cannot be parsed';
    throw new Refusal('invalid_json', { message: `the body is not JSON: ${reason}`, cause });
  }
}
