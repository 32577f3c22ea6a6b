import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type pg from 'pg';
import {
  compare,
  freeLock,
  type Migration,
  migrationFolder,
  readMigrations,
  takeLock,
} from '../db/migrate.ts';
import { withClient } from '../db/postgres-admin.ts';
import { readLedger, readSequences, STEADY_TEXT, takeInventory } from './inventory.ts';
import { type BackupTable, MANIFEST_FILE, type Manifest, sealManifest } from './manifest.ts';
import { writeTable } from './table-text.ts';

/**
 * A whole backup of the hub's database, taken from one snapshot while the hub works, restorable on
 * any PostgreSQL that Hutong runs on (decision 0020). The master key is never in it.
 */
export interface Backup {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Tables of this database that no migration made; they are not in the backup. */
  readonly left_out: readonly string[];
}

export interface BackupOptions {
  /** This release, for the manifest. */
  readonly hutong: string;
  readonly onTable?: (table: BackupTable) => void;
}

/** @throws when the folder holds something, or the database cannot be read whole. */
export async function backUp(url: string, folder: string, options: BackupOptions): Promise<Backup> {
  const target = resolve(folder);
  await requireFree(target);
  const partial = `${target}.partial-${process.pid}`;
  await mkdir(dirname(target), { recursive: true });
  await mkdir(partial, { mode: 0o700 });
  let made: Backup;
  try {
    const { manifest, left_out } = await withClient(url, (client) =>
      writeAll(client, partial, options),
    );
    await writeDurably(join(partial, MANIFEST_FILE), sealManifest(manifest));
    await syncFolder(partial);
    made = { folder: target, manifest, left_out };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  await giveName(partial, target);
  return made;
}

/** A folder takes the place of none or of an empty one; whatever else is there stays. */
async function giveName(partial: string, target: string): Promise<void> {
  try {
    await rename(partial, target);
  } catch (cause) {
    throw new Error(
      `this backup is whole, in ${partial}, but could not be named ${target}: ` +
        'what is there now stays as it is; move the backup where you want it',
      { cause },
    );
  }
  await syncFolder(dirname(target));
}

async function requireFree(target: string): Promise<void> {
  if (!existsSync(target)) return;
  const names = await readdir(target).catch(() => ['a file']);
  if (names.length > 0) throw new Error(`${target} is there already: name a folder that is not`);
}

async function writeAll(
  client: pg.Client,
  folder: string,
  options: BackupOptions,
): Promise<Pick<Backup, 'manifest' | 'left_out'>> {
  const migrations = readMigrations(migrationFolder());
  // A table that a migration rewrites between the snapshot and its lock would look empty.
  await takeLock(client);
  await client.query('begin isolation level repeatable read, read only');
  await client.query(STEADY_TEXT);
  const applied = await readApplied(client, migrations);
  const { tables, strange } = await takeInventory(client, migrations);
  // No migration may change them until the snapshot is read; ordinary work goes on.
  const names = tables.map(({ name }) => name).join(', ');
  await client.query(`lock table ${names} in access share mode`);
  await freeLock(client);
  const head = await readHead(client);
  const written: BackupTable[] = [];
  for (const source of tables) {
    const table = await writeTable(client, source, folder);
    written.push(table);
    options.onTable?.(table);
  }
  const manifest: Manifest = {
    format: 'hutong-backup-1',
    made_at: head.now.toISOString(),
    mode: head.mode,
    hutong: options.hutong,
    postgres: head.postgres,
    migrations: applied,
    tables: written,
    sequences: await readSequences(client, migrations),
    ledger: await readLedger(client),
  };
  await client.query('commit');
  return { manifest, left_out: strange };
}

async function readApplied(
  client: pg.Client,
  migrations: readonly Migration[],
): Promise<Manifest['migrations']> {
  const { rows: there } = await client.query<{ there: boolean }>(
    `select to_regclass('schema_migrations') is not null as there`,
  );
  if (!there[0]?.there)
    throw new Error('this database has no schema of Hutong: nothing to back up');
  const { rows } = await client.query<Manifest['migrations'][number]>(
    'select number, name, checksum from schema_migrations order by number',
  );
  compare(migrations, rows);
  return rows;
}

interface Head {
  readonly now: Date;
  readonly mode: Manifest['mode'];
  readonly postgres: string;
}

async function readHead(client: pg.Client): Promise<Head> {
  const { rows } = await client.query<Head>(
    `select now() as now, mode, current_setting('server_version') as postgres from installation`,
  );
  if (!rows[0]) throw new Error('no hub has started on this database yet: nothing to back up');
  return rows[0];
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
