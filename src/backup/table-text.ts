import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { type BackupTable, fileOf } from './manifest.ts';

/** A table as the text of COPY, streamed: memory does not grow with the rows. */
export interface TableSource {
  readonly name: string;
  readonly columns: readonly string[];
  /** `order by` terms that make the text of equal rows equal: the primary key. */
  readonly order: readonly string[];
}

type Measured = Pick<BackupTable, 'rows' | 'bytes' | 'sha256'>;

const NEWLINE = 0x0a;
const COMPRESSION = { level: 6 };

/** Passes text on; every row of COPY is one line, as newlines within are escaped. */
class Meter extends Transform {
  readonly #hash = createHash('sha256');
  #rows = 0;
  #bytes = 0;

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, out: Buffer) => void) {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) {
      this.#rows += 1;
    }
    done(null, chunk);
  }

  /** Once, when all has passed. */
  measured(): Measured {
    return { rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

function copyOut(client: pg.Client, { name, columns, order }: TableSource) {
  const by = order.length > 0 ? ` order by ${order.join(', ')}` : '';
  return client.query(copyTo(`copy (select ${columns.join(', ')} from ${name}${by}) to stdout`));
}

/** Writes a table to its file, durably. */
export async function writeTable(
  client: pg.Client,
  source: TableSource,
  folder: string,
): Promise<BackupTable> {
  const { name, columns } = source;
  const meter = new Meter();
  const file = createWriteStream(join(folder, fileOf(source)), {
    flags: 'wx',
    mode: 0o600,
    flush: true,
  });
  await pipeline(copyOut(client, source), meter, createGzip(COMPRESSION), file);
  return { name, columns: [...columns], ...meter.measured() };
}

/** The same measures of a table that is not written down. */
export async function measureTable(client: pg.Client, source: TableSource): Promise<BackupTable> {
  const meter = new Meter();
  await pipeline(copyOut(client, source), meter, nowhere());
  return { name: source.name, columns: [...source.columns], ...meter.measured() };
}

/** @throws an Error when the file is not what the manifest says. */
export async function verifyTable(table: BackupTable, folder: string): Promise<void> {
  const file = join(folder, fileOf(table));
  const meter = new Meter();
  try {
    await pipeline(createReadStream(file), createGunzip(), meter, nowhere());
  } catch (cause) {
    throw new Error(`the backup is damaged: ${file} cannot be read to its end`, { cause });
  }
  const { rows, bytes, sha256 } = meter.measured();
  if (rows !== table.rows || bytes !== table.bytes || sha256 !== table.sha256) {
    throw new Error(`the backup is damaged: ${file} is not what the manifest says`);
  }
}

/** @returns how many rows were loaded. */
export async function loadTable(
  client: pg.Client,
  table: BackupTable,
  folder: string,
): Promise<number> {
  const target = client.query(
    copyFrom(`copy ${table.name} (${table.columns.join(', ')}) from stdin`),
  );
  await pipeline(createReadStream(join(folder, fileOf(table))), createGunzip(), target);
  return target.rowCount;
}
