import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * What a backup is: a folder of one gzipped text per table, as COPY writes it, and this manifest,
 * which is written last. Digests are of the text before compression, so `gunzip -c` and `sha256sum`
 * prove a file without Hutong.
 */
export const MANIFEST_FILE = 'manifest.json';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const tableName = z.string().regex(/^[a-z_][a-z0-9_]*$/);

const table = z.object({
  name: tableName,
  columns: z.array(tableName).min(1),
  rows: z.int().min(0),
  /** Of the text before compression. */
  bytes: z.int().min(0),
  sha256,
});

const manifest = z.object({
  format: z.literal('hutong-backup-1'),
  made_at: z.iso.datetime(),
  mode: z.enum(['sandbox', 'production']),
  hutong: z.string(),
  postgres: z.string(),
  migrations: z.array(z.object({ number: z.int(), name: z.string(), checksum: sha256 })).min(1),
  /** In an order in which no row refers to one that is not there yet. */
  tables: z.array(table),
  sequences: z.array(
    z.object({ name: tableName, last_value: z.string().regex(/^-?\d+$/), is_called: z.boolean() }),
  ),
  ledger: z.array(
    z.object({
      book: z.int(),
      postings: z.int(),
      amount: z.string(),
      position: z.string(),
      hash: z.string(),
    }),
  ),
});

export type BackupTable = z.infer<typeof table>;
export type Manifest = z.infer<typeof manifest>;
/** Where the ledger of one book ends: postings, their sum in fen, and the head of the chain. */
export type LedgerHead = Manifest['ledger'][number];

const sealed = z.object({ manifest, sha256 });

export function fileOf(table: Pick<BackupTable, 'name'>): string {
  return `${table.name}.copy.gz`;
}

/** The manifest with a digest of itself: a slip of a bit in it is found as well. */
export function sealManifest(content: Manifest): string {
  return `${JSON.stringify({ manifest: content, sha256: digestOf(content) }, undefined, 2)}\n`;
}

function digestOf(content: Manifest): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** @throws an Error that says in what way the folder is not a whole backup. */
export function readManifest(folder: string): Manifest {
  const file = join(folder, MANIFEST_FILE);
  if (!existsSync(file)) {
    throw new Error(`${folder} is no finished backup: it has no ${MANIFEST_FILE}`);
  }
  const read = sealed.safeParse(jsonOf(file));
  if (!read.success || digestOf(read.data.manifest) !== read.data.sha256) {
    throw new Error(`${file} is damaged, or of another version of Hutong`);
  }
  return read.data.manifest;
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
