import type pg from 'pg';
import {
  compare,
  makeSchema,
  migrate,
  migrationFolder,
  readMigrations,
  requireVersion,
  takeLock,
} from '../db/migrate.ts';
import { withClient } from '../db/postgres-admin.ts';
import { readLedger, STEADY_TEXT } from './inventory.ts';
import { type BackupTable, type Manifest, readManifest } from './manifest.ts';
import { loadTable, verifyTable } from './table-text.ts';

/**
 * Puts a backup into an empty database: everything is read and proven before anything is written,
 * and all of it commits at once or not at all. Then the schema is brought to this release.
 */
export interface Restored {
  readonly manifest: Manifest;
  /** Migrations that this release has beyond the backup. */
  readonly applied: readonly string[];
}

export interface RestoreOptions {
  readonly mode: Manifest['mode'];
  readonly onTable?: (step: 'verified' | 'loaded', table: BackupTable) => void;
  /** When all rows are committed, before migrations of later releases change them. */
  readonly onLoaded?: (manifest: Manifest) => Promise<void>;
}

/** Reads every file of a backup. @throws an Error that names what is damaged or missing. */
export async function verifyBackup(
  folder: string,
  onTable?: RestoreOptions['onTable'],
): Promise<Manifest> {
  const manifest = readManifest(folder);
  for (const table of manifest.tables) {
    await verifyTable(table, folder);
    onTable?.('verified', table);
  }
  return manifest;
}

/** @throws before anything is written when backup, database and mode do not fit together. */
export async function restore(
  url: string,
  folder: string,
  options: RestoreOptions,
): Promise<Restored> {
  const migrations = readMigrations(migrationFolder());
  const { mode, migrations: theirs } = readManifest(folder);
  compare(migrations, theirs);
  if (mode !== options.mode) {
    throw new Error(
      `this is a backup of a ${mode} installation: set HUTONG_MODE=${mode}, and give it a ` +
        'database of its own',
    );
  }
  await withClient(url, requireEmpty);
  const manifest = await verifyBackup(folder, options.onTable);
  await withClient(url, async (client) => {
    await requireVersion(client);
    await takeLock(client);
    await client.query('begin');
    await client.query(STEADY_TEXT);
    await requireEmpty(client);
    await makeSchema(client, migrations.slice(0, theirs.length));
    await load(client, manifest, folder, options);
    await client.query('commit');
    await analyze(client, manifest);
  });
  await options.onLoaded?.(manifest);
  return { manifest, applied: await migrate(url) };
}

/** An empty database is the only one that is written to: nothing can be overwritten by mistake. */
async function requireEmpty(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select relname::text as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')
     order by relname limit 1`,
  );
  if (!rows[0]) return;
  throw new Error(
    `the database is not empty (it has ${rows[0].name}): restore into a new, empty one, and ` +
      'point DATABASE_URL at it when the check is well',
  );
}

async function load(
  client: pg.Client,
  manifest: Manifest,
  folder: string,
  { onTable }: RestoreOptions,
): Promise<void> {
  const refusing = await letOutsidersIn(client);
  for (const table of manifest.tables) {
    await clear(client, table);
    const rows = await loadTable(client, table, folder);
    if (rows !== table.rows) {
      throw new Error(`${table.name}: ${rows} rows were loaded, the backup has ${table.rows}`);
    }
    onTable?.('loaded', table);
  }
  if (refusing) await client.query(REFUSE_OUTSIDERS);
  for (const { name, last_value, is_called } of manifest.sequences) {
    await client.query('select setval($1::regclass, $2, $3)', [name, last_value, is_called]);
  }
  if (JSON.stringify(await readLedger(client)) !== JSON.stringify(manifest.ledger)) {
    throw new Error('the ledger that was loaded is not the one that was backed up');
  }
}

/**
 * Postings from before the chain have no position, and a schema that is made anew refuses them; so
 * its check waits until they are loaded. False when the backup is from before the check.
 */
async function letOutsidersIn(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(
    `select 1 from pg_constraint where conname = 'postings_position_check'`,
  );
  if (rows.length === 0) return false;
  await client.query('alter table postings drop constraint postings_position_check');
  return true;
}

const REFUSE_OUTSIDERS = `
  alter table postings add constraint postings_position_check check (position is not null) not valid;
  do $$ begin
    if not exists (select from postings where position is null) then
      alter table postings validate constraint postings_position_check;
    end if;
  end $$`;

/** Rows that a migration brought are in the backup as they have become since. */
async function clear(client: pg.Client, { name }: BackupTable): Promise<void> {
  const { rows } = await client.query(`select 1 from ${name} limit 1`);
  if (rows.length > 0) await client.query(`delete from ${name}`);
}

/** Plans made without statistics are poor ones. */
async function analyze(client: pg.Client, { tables }: Manifest): Promise<void> {
  for (const { name } of tables) await client.query(`analyze ${name}`);
}
