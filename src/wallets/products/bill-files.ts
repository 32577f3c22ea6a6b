import type { Readable } from 'node:stream';
import { createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { BillError, type BillFile } from './bills.ts';

/**
 * Reading bill files of any wallet: decompressing within limits, cutting into lines, finding cells
 * by the name of their column. Everything streams; nothing larger than one line is kept, and what
 * is wrong becomes a BillError.
 */
export interface InflateLimits {
  /** Largest content, bytes. */
  readonly max_bytes: number;
  /** Largest content as a multiple of the compressed bytes; small files may always have 1 MiB. */
  readonly max_ratio: number;
}

/** A day of a hundred thousand lines is some 50 MB; bills compress about ten times. */
export const INFLATE_LIMITS: InflateLimits = { max_bytes: 1024 * 1024 * 1024, max_ratio: 200 };
const FREE_BYTES = 1024 * 1024;
/** A file that is not packed comes in pieces too, so that nobody ever holds its text as a whole. */
const PIECE = 65_536;
const MAX_LINE = 65_536;
const MAX_COLUMNS = 200;

const UNPACKERS = { gzip: createGunzip, zlib: createInflate, raw: createInflateRaw } as const;

export async function* inflate(
  source: Buffer,
  form: keyof typeof UNPACKERS | 'stored',
  limits: InflateLimits = INFLATE_LIMITS,
): AsyncGenerator<Buffer, void, undefined> {
  if (form === 'stored') {
    for (let at = 0; at < source.length; at += PIECE) yield source.subarray(at, at + PIECE);
    return;
  }
  const most = Math.min(limits.max_bytes, Math.max(FREE_BYTES, source.length * limits.max_ratio));
  const stream = UNPACKERS[form]();
  stream.end(source);
  let size = 0;
  for await (const chunk of chunksOf(stream)) {
    size += chunk.length;
    if (size > most) throw new BillError(0, 'the compressed file grows beyond every sensible size');
    yield chunk;
  }
}

async function* chunksOf(stream: Readable): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
  } catch (cause) {
    if (cause instanceof BillError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new BillError(0, `the compressed file is damaged: ${message}`, cause);
  }
}

/** `gzip` by its first bytes. */
export function isGzip(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** How many bytes `isPacked` wants to see. */
export const HEAD_BYTES = 2;

/** A gzip file or a ZIP archive by its first bytes. */
export function isPacked(head: Buffer): boolean {
  return isGzip(head) || head.subarray(0, HEAD_BYTES).equals(Buffer.from('PK'));
}

/** For wallets whose bills are archives. @throws BillError for plain text */
export function archiveOf(file: BillFile): Buffer {
  if (Buffer.isBuffer(file)) return file;
  throw new BillError(0, 'the file is no ZIP archive, as this wallet gives its bills out');
}

export interface TextLine {
  /** From 1, empty lines counted. */
  readonly number: number;
  readonly text: string;
}

/** Lines without their ends, byte order mark and tabs at the edges; empty ones are left out. */
export async function* textLines(
  chunks: AsyncIterable<Buffer>,
  encoding: 'utf-8' | 'gb18030',
): AsyncGenerator<TextLine, void, undefined> {
  const decoder = new TextDecoder(encoding);
  let rest = '';
  let number = 0;
  const line = (text: string): TextLine | undefined => {
    number += 1;
    if (text.length > MAX_LINE) throw new BillError(number, 'longer than any line of a bill');
    const trimmed = trimCell(text);
    return trimmed === '' ? undefined : { number, text: trimmed };
  };
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_LINE) throw new BillError(number + 1, 'longer than any line of a bill');
    for (const part of parts) {
      const found = line(part);
      if (found) yield found;
    }
  }
  const last = line(rest + decoder.decode());
  if (last) yield last;
}

/** Spaces, tabs and line ends around a value; spreadsheets are the reason for the tabs. */
export function trimCell(text: string): string {
  // Not by a pattern: one for blanks at the end takes ages over blanks in the middle.
  return text.trim();
}

/** Brackets come in two widths, and a column is the same with either. */
function columnName(text: string): string {
  const plain = trimCell(text)
    .replace(/^`/, '')
    .replace(/^"(.*)"$/, '$1');
  return plain.replaceAll('（', '(').replaceAll('）', ')').replace(/\s+/g, '');
}

/** Values of one row by column; a column that the file lacks has none. */
export class BillRow {
  readonly line: number;
  readonly #table: BillTable;
  readonly #cells: readonly string[];

  constructor(table: BillTable, line: number, cells: readonly string[]) {
    this.#table = table;
    this.line = line;
    this.#cells = cells;
  }

  optional(column: string): string | undefined {
    const index = this.#table.indexOf(column);
    const value = index === undefined ? undefined : this.#cells[index];
    return value === undefined || value === '' ? undefined : value;
  }

  text(column: string): string {
    const value = this.optional(column);
    if (value === undefined) throw this.error(`${column} is empty`);
    return value;
  }

  /** Reads a value with `parse`; what it does not understand is an error of this line. */
  read<T>(column: string, parse: (text: string) => T | undefined): T {
    const text = this.text(column);
    const value = parse(text);
    if (value === undefined) throw this.error(`${column} cannot be "${text.slice(0, 40)}"`);
    return value;
  }

  readOr<T>(column: string, parse: (text: string) => T | undefined, absent: T): T {
    return this.optional(column) === undefined ? absent : this.read(column, parse);
  }

  error(message: string): BillError {
    return new BillError(this.line, message);
  }
}

/**
 * What to make of a row with more values than columns: free text that holds the separator. Gives a
 * row of the right width, or undefined when that cannot be told.
 */
export type MendRow = (cells: readonly string[], table: BillTable) => string[] | undefined;

/** The header of a table of a bill: where each column is, in whatever order they come. */
export class BillTable {
  readonly width: number;
  readonly #index = new Map<string, number>();
  readonly #asked = new Map<string, number>();
  readonly #mend: MendRow;

  constructor(header: TextLine, mend: MendRow) {
    const names = header.text.split(',').map(columnName);
    while (names.at(-1) === '') names.pop();
    if (names.length > MAX_COLUMNS) throw new BillError(header.number, 'too many columns');
    for (const [index, name] of names.entries()) {
      if (name !== '' && !this.#index.has(name)) this.#index.set(name, index);
    }
    this.width = names.length;
    this.#mend = mend;
  }

  /** Asked for every value of every row, so each way to write a name is worked out once. */
  indexOf(column: string): number | undefined {
    let place = this.#asked.get(column);
    if (place === undefined) {
      place = this.#index.get(columnName(column)) ?? -1;
      this.#asked.set(column, place);
    }
    return place < 0 ? undefined : place;
  }

  has(column: string): boolean {
    return this.indexOf(column) !== undefined;
  }

  /** Throws when a column is missing without which the lines say nothing. */
  require(columns: readonly string[], line: number): void {
    const missing = columns.filter((column) => !this.has(column));
    if (missing.length > 0) throw new BillError(line, `columns are missing: ${missing.join(', ')}`);
  }

  /** The values of a row as it was cut; throws when they do not fit the header. */
  row(line: number, cut: readonly string[]): BillRow {
    const cells = cut.map(trimCell);
    const fitting = cells.length > this.width ? this.#mend(cells, this) : cells;
    if (fitting?.length !== this.width) {
      throw new BillError(line, `has ${cells.length} values for ${this.width} columns`);
    }
    return new BillRow(this, line, fitting);
  }
}

/** For tables whose free text is one column, or several side by side. */
export function joinFreeText(columns: readonly string[]): MendRow {
  return (cells, table) => {
    const places = columns.map((column) => table.indexOf(column)).filter((at) => at !== undefined);
    const first = Math.min(...places);
    const last = Math.max(...places);
    if (places.length === 0 || last - first !== places.length - 1) return undefined;
    const after = cells.length - (table.width - last - 1);
    const empty = Array.from({ length: last - first }, () => '');
    return [
      ...cells.slice(0, first),
      cells.slice(first, after).join(','),
      ...empty,
      ...cells.slice(after),
    ];
  };
}

/** `2026-11-21 12:00:00` in Asia/Shanghai. */
export function shanghaiDate(text: string): Date | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})$/.exec(text);
  if (!match) return undefined;
  const date = new Date(`${match[1]}T${match[2]}+08:00`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
