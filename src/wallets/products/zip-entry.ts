import { crc32 } from 'node:zlib';
import { type InflateLimits, inflate } from './bill-files.ts';
import { BillError } from './bills.ts';

/** The content of an entry of an archive, held against what the directory claims of it. */
export interface ZipEntry {
  readonly method: 'stored' | 'deflated';
  readonly data: Buffer;
  readonly size: number;
  readonly crc32: number;
}

/** Throws at the end when the content is not what the directory says of it. */
export async function* entryContent(
  entry: ZipEntry,
  limits: InflateLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const form = entry.method === 'stored' ? 'stored' : 'raw';
  let size = 0;
  let sum = 0;
  for await (const chunk of inflate(entry.data, form, limits)) {
    size += chunk.length;
    sum = crc32(chunk, sum);
    if (size > entry.size) throw new BillError(0, 'an entry is larger than it claims to be');
    yield chunk;
  }
  if (size !== entry.size || sum !== entry.crc32) {
    throw new BillError(0, 'an entry is not what its checksum says');
  }
}
