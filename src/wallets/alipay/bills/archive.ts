import { type FoundEntry, readZip } from '../../../protocols/alipay/bill-zip.ts';
import {
  INFLATE_LIMITS,
  type InflateLimits,
  type TextLine,
  textLines,
} from '../../products/bill-files.ts';
import { BillError } from '../../products/bills.ts';
import { entryContent } from '../../products/zip-entry.ts';

/**
 * The tables inside a bill's ZIP, told apart by their first line and never by name or place. What
 * an entry claims of its size is held against what comes out; no name is ever used as a path.
 */
const MAX_ENTRIES = 32;

export interface Table {
  /** First line of the file, e.g. `#支付宝业务明细查询`. */
  readonly title: string;
  /** All lines, the first one too; may be read again. */
  lines(): AsyncIterable<TextLine>;
}

export async function openArchive(
  file: Buffer,
  limits: InflateLimits = INFLATE_LIMITS,
): Promise<Table[]> {
  const entries = readZip(file, MAX_ENTRIES);
  if (typeof entries === 'string')
    throw new BillError(0, `the bill cannot be unpacked: ${entries}`);
  const claimed = entries.reduce((all, { size }) => all + size, 0);
  if (claimed > limits.max_bytes) {
    throw new BillError(0, `the archive claims to hold ${claimed} bytes`);
  }
  const tables: Table[] = [];
  for (const entry of entries) {
    const lines = () => linesOf(entry, limits);
    const first = await firstOf(lines());
    if (first) tables.push({ title: first.text, lines });
  }
  return tables;
}

async function firstOf(lines: AsyncGenerator<TextLine>): Promise<TextLine | undefined> {
  try {
    const { value, done } = await lines.next();
    return done ? undefined : value;
  } finally {
    await lines.return(undefined);
  }
}

async function* linesOf(
  entry: FoundEntry,
  limits: InflateLimits,
): AsyncGenerator<TextLine, void, undefined> {
  const content = entryContent(entry, limits);
  const start = await content.next();
  if (start.done) return;
  const bom = start.value.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]));
  yield* textLines(withFirst(start.value, content), bom ? 'utf-8' : 'gb18030');
}

async function* withFirst(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
