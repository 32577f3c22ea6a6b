/**
 * The ZIP around a bill: entry names in GBK without the flag for UTF-8, so that names look right on
 * a Chinese Windows and nowhere else. Only what such files use: stored or deflated entries, no
 * encryption, no ZIP64, one disk. Content is compressed and expanded by the caller.
 * APPNOTE.TXT 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end)
 */
export interface PackedEntry {
  /** As bytes: their encoding is the writer's. */
  readonly name: Buffer;
  readonly deflated: Buffer;
  readonly size: number;
  readonly crc32: number;
}

export interface FoundEntry {
  readonly name: Buffer;
  /** The name is UTF-8, not the writer's own encoding. */
  readonly utf8: boolean;
  readonly method: 'stored' | 'deflated';
  readonly data: Buffer;
  readonly size: number;
  readonly crc32: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const UTF8_FLAG = 0x0800;
const ENCRYPTED_FLAG = 0x0001;
const DEFLATED = 8;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const MAX_COMMENT = 65_535;
const MAX_NAME = 512;
/** 1 January 1980, the first day of the format. */
const DOS_DATE = 0x0021;

export function buildZip(entries: readonly PackedEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const local = Buffer.concat([localHeader(entry), entry.name]);
    directory.push(centralHeader(entry, offset), entry.name);
    parts.push(local, entry.deflated);
    offset += local.length + entry.deflated.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

/** Version, flags, method, time, sizes and lengths, which both headers have in this order. */
function writeCommon(header: Buffer, at: number, entry: PackedEntry): void {
  header.writeUInt16LE(VERSION, at);
  header.writeUInt16LE(DEFLATED, at + 4);
  header.writeUInt16LE(DOS_DATE, at + 8);
  header.writeUInt32LE(entry.crc32, at + 10);
  header.writeUInt32LE(entry.deflated.length, at + 14);
  header.writeUInt32LE(entry.size, at + 18);
  header.writeUInt16LE(entry.name.length, at + 22);
}

function localHeader(entry: PackedEntry): Buffer {
  const header = Buffer.alloc(LOCAL_BYTES);
  header.writeUInt32LE(LOCAL, 0);
  writeCommon(header, 4, entry);
  return header;
}

function centralHeader(entry: PackedEntry, offset: number): Buffer {
  const header = Buffer.alloc(CENTRAL_BYTES);
  header.writeUInt32LE(CENTRAL, 0);
  header.writeUInt16LE(VERSION, 4);
  writeCommon(header, 6, entry);
  header.writeUInt32LE(offset, 42);
  return header;
}

/** What is in the file, or why it cannot be told. Sizes are claims until the content is read. */
export function readZip(file: Buffer, max_entries: number): FoundEntry[] | string {
  const end = findEnd(file);
  if (end === undefined) return 'it is no ZIP file, or was cut off';
  const count = file.readUInt16LE(end + 10);
  const size = file.readUInt32LE(end + 12);
  const start = file.readUInt32LE(end + 16);
  if (count > max_entries) return `it has ${count} entries`;
  if (start + size > end) return 'its directory is damaged';
  const entries: FoundEntry[] = [];
  let at = start;
  for (let index = 0; index < count; index += 1) {
    const found = readEntry(file, at, end);
    if (typeof found === 'string') return found;
    entries.push(found.entry);
    ({ next: at } = found);
  }
  return entries;
}

function findEnd(file: Buffer): number | undefined {
  const lowest = Math.max(0, file.length - END_BYTES - MAX_COMMENT);
  for (let at = file.length - END_BYTES; at >= lowest; at -= 1) {
    if (file.readUInt32LE(at) === END) return at;
  }
  return undefined;
}

function readEntry(
  file: Buffer,
  at: number,
  limit: number,
): { entry: FoundEntry; next: number } | string {
  if (at + CENTRAL_BYTES > limit || file.readUInt32LE(at) !== CENTRAL) {
    return 'its directory is damaged';
  }
  const flags = file.readUInt16LE(at + 8);
  const method = file.readUInt16LE(at + 10);
  const packed = file.readUInt32LE(at + 20);
  const nameLength = file.readUInt16LE(at + 28);
  const offset = file.readUInt32LE(at + 42);
  const next =
    at + CENTRAL_BYTES + nameLength + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  if (nameLength > MAX_NAME || next > limit) return 'its directory is damaged';
  if ((flags & ENCRYPTED_FLAG) !== 0) return 'an entry is encrypted';
  if (method !== 0 && method !== DEFLATED) return `an entry is packed by method ${method}`;
  const data = dataAt(file, offset, packed);
  if (!data) return 'an entry is damaged';
  const entry: FoundEntry = {
    name: file.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength),
    utf8: (flags & UTF8_FLAG) !== 0,
    method: method === 0 ? 'stored' : 'deflated',
    data,
    size: file.readUInt32LE(at + 24),
    crc32: file.readUInt32LE(at + 16),
  };
  return { entry, next };
}

/** The lengths before the data are the local header's own: extra fields may differ there. */
function dataAt(file: Buffer, offset: number, packed: number): Buffer | undefined {
  if (offset + LOCAL_BYTES > file.length || file.readUInt32LE(offset) !== LOCAL) return undefined;
  const start =
    offset + LOCAL_BYTES + file.readUInt16LE(offset + 26) + file.readUInt16LE(offset + 28);
  return start + packed > file.length ? undefined : file.subarray(start, start + packed);
}
