import { randomBytes } from 'node:crypto';

/** multipart/form-data as calls with files use it; files are never part of a signature. */
export interface Part {
  readonly name: string;
  /** Present for a file. */
  readonly filename?: string;
  readonly content_type?: string;
  readonly bytes: Buffer;
}

const MAX_PARTS = 100;

/** Names go into a quoted string: what would end it is escaped as browsers do. */
function quoted(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

export function buildMultipart(parts: readonly Part[]): { content_type: string; body: Buffer } {
  const boundary = `hutong${randomBytes(16).toString('hex')}`;
  const chunks: Buffer[] = [];
  for (const part of parts) {
    const file = part.filename === undefined ? '' : `; filename="${quoted(part.filename)}"`;
    const type = part.content_type === undefined ? '' : `Content-Type: ${part.content_type}\r\n`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(part.name)}"${file}\r\n${type}\r\n`;
    chunks.push(Buffer.from(head, 'utf8'), part.bytes, Buffer.from('\r\n'));
  }
  chunks.push(Buffer.from(`--${boundary}--\r\n`));
  return { content_type: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(chunks) };
}

/** Undefined when the body is not what its content type says. */
export function parseMultipart(content_type: string, body: Buffer): Part[] | undefined {
  const match = /^multipart\/form-data;.*?boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))/i.exec(
    content_type,
  );
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) return undefined;
  const mark = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  let at = body.indexOf(mark);
  while (at >= 0) {
    const start = at + mark.length;
    if (body.subarray(start, start + 2).toString('latin1') === '--') return parts;
    const headEnd = body.indexOf('\r\n\r\n', start);
    const next = body.indexOf(Buffer.concat([Buffer.from('\r\n'), mark]), headEnd);
    if (headEnd < 0 || next < 0 || parts.length >= MAX_PARTS) return undefined;
    const part = readPart(
      body.subarray(start, headEnd).toString('utf8'),
      body.subarray(headEnd + 4, next),
    );
    if (!part) return undefined;
    parts.push(part);
    at = next + 2;
  }
  return undefined;
}

function readPart(head: string, bytes: Buffer): Part | undefined {
  const disposition = /content-disposition:[^\r\n]*/i.exec(head)?.[0] ?? '';
  const name = /[; ]name="([^"]*)"/i.exec(disposition)?.[1];
  if (name === undefined) return undefined;
  const filename = /[; ]filename="([^"]*)"/i.exec(disposition)?.[1];
  const content_type = /content-type:\s*([^\r\n]+)/i.exec(head)?.[1];
  return {
    name,
    bytes,
    ...(filename !== undefined && { filename }),
    ...(content_type !== undefined && { content_type }),
  };
}
