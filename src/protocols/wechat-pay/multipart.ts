import { randomBytes } from 'node:crypto';

/**
 * Uploads: multipart/form-data with a JSON part `meta` and the file; the signature covers the text
 * of `meta` alone. https://pay.weixin.qq.com/doc/v3/partner/4012760432
 */
export interface UploadFile {
  readonly name: string;
  readonly content_type: string;
  readonly bytes: Buffer;
}

export interface Upload {
  /** The JSON text exactly as sent. */
  readonly meta: string;
  readonly file: UploadFile;
}

export function buildUpload({ meta, file }: Upload): { content_type: string; body: Buffer } {
  const boundary = randomBytes(18).toString('hex');
  const name = file.name.replace(/["\r\n\\]/g, '_');
  const head =
    `--${boundary}\r\nContent-Disposition: form-data; name="meta"\r\n` +
    `Content-Type: application/json\r\n\r\n${meta}\r\n` +
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n` +
    `Content-Type: ${file.content_type}\r\n\r\n`;
  return {
    content_type: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([Buffer.from(head), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

interface Part {
  readonly name: string;
  readonly filename: string | undefined;
  readonly content_type: string;
  readonly bytes: Buffer;
}

const MAX_PARTS = 4;
const MAX_PART_HEAD = 2048;
const BOUNDARY = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i;

/** Undefined when the body is not exactly one `meta` and one `file`. */
export function parseUpload(content_type: string, body: Buffer): Upload | undefined {
  const found = BOUNDARY.exec(content_type);
  const boundary = found?.[1] ?? found?.[2];
  if (boundary === undefined) return undefined;
  const parts = split(body, boundary);
  const meta = parts?.find(({ name }) => name === 'meta');
  const file = parts?.find(({ name }) => name === 'file');
  if (parts?.length !== 2 || !meta || !file?.filename) return undefined;
  return {
    meta: meta.bytes.toString('utf8'),
    file: { name: file.filename, content_type: file.content_type, bytes: file.bytes },
  };
}

function split(body: Buffer, boundary: string): Part[] | undefined {
  const mark = Buffer.from(`--${boundary}`);
  const between = Buffer.from(`\r\n--${boundary}`);
  if (!body.subarray(0, mark.length).equals(mark)) return undefined;
  const parts: Part[] = [];
  let at = mark.length;
  for (;;) {
    const after = body.subarray(at, at + 2).toString('latin1');
    if (after === '--') return parts;
    if (after !== '\r\n' || parts.length === MAX_PARTS) return undefined;
    const end = body.indexOf(between, at);
    const part = end < 0 ? undefined : readPart(body.subarray(at + 2, end));
    if (!part) return undefined;
    parts.push(part);
    at = end + between.length;
  }
}

function readPart(bytes: Buffer): Part | undefined {
  const blank = bytes.indexOf('\r\n\r\n');
  if (blank < 0 || blank > MAX_PART_HEAD) return undefined;
  const head = bytes.subarray(0, blank).toString('utf8');
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
  const name = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1];
  if (name === undefined) return undefined;
  return {
    name,
    filename: /[;\s]filename="([^"]*)"/i.exec(disposition)?.[1],
    content_type: /^content-type:\s*([^\s;]+)/im.exec(head)?.[1] ?? '',
    bytes: bytes.subarray(blank + 4),
  };
}
