import { once } from 'node:events';
import { crc32, createDeflateRaw } from 'node:zlib';
import iconv from 'iconv-lite';
import { buildZip, type PackedEntry } from '../../../protocols/alipay/bill-zip.ts';

/**
 * The archive of a bill: names and text in GBK. What GBK lacks becomes a question mark, as the
 * wallet's own files have it; nothing larger than a piece of text is held uncompressed.
 */
export interface Csv {
  readonly name: string;
  readonly pieces: Iterable<string>;
}

const BATCH = 65_536;

export async function packBill(files: readonly Csv[]): Promise<Buffer> {
  const entries: PackedEntry[] = [];
  for (const file of files) entries.push(await pack(file));
  return buildZip(entries);
}

async function pack({ name, pieces }: Csv): Promise<PackedEntry> {
  const deflate = createDeflateRaw();
  const chunks: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => chunks.push(chunk));
  let size = 0;
  let sum = 0;
  const write = async (text: string) => {
    const bytes = iconv.encode(text, 'gbk');
    size += bytes.length;
    sum = crc32(bytes, sum);
    if (!deflate.write(bytes)) await once(deflate, 'drain');
  };
  let batch = '';
  for (const piece of pieces) {
    batch += piece;
    if (batch.length < BATCH) continue;
    await write(batch);
    batch = '';
  }
  await write(batch);
  deflate.end();
  await once(deflate, 'end');
  return {
    name: iconv.encode(name, 'gbk'),
    deflated: Buffer.concat(chunks),
    size,
    crc32: sum,
  };
}
