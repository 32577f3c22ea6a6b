import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { packageRoot } from '../package-root.ts';
import { withClient } from './postgres-admin.ts';

/**
 * Forward-only migrations: `NNNN_name.sql`, numbered from 0001 without a gap, one transaction each.
 * A file that was applied never changes again; a mistake is corrected by the next number.
 */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

export interface MigrateOptions {
  /** Default: the hub's own folder in the package. */
  readonly folder?: string;
  readonly log?: { info(fields: object, message: string): void };
  /** How long to wait for another process that is migrating. Default 60 s. */
  readonly lock_timeout_ms?: number;
}

const LEAST_VERSION = 15;
const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;
/** Any fixed number that nothing else in the database locks: "hutong" in ASCII. */
const LOCK = '114784937635431';
const LOCK_TIMEOUT_MS = 60_000;

export function migrationFolder(): string {
  return join(packageRoot(), 'src', 'db', 'migrations');
}

/** Reads the numbered files of a folder. @throws on a gap, a repeated number or another name. */
export function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort();
  return names.map((name, index) => {
    const number = Number(FILE_NAME.exec(name)?.[1]);
    if (number !== index + 1) {
      const expected = String(index + 1).padStart(4, '0');
      throw new Error(`${join(folder, name)}: expected a file named ${expected}_<name>.sql here`);
    }
    // Line ends must not change the checksum of a checkout on another system.
    const text = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n');
    return { number, name, text, checksum: createHash('sha256').update(text).digest('hex') };
  });
}

/**
 * Brings the database to today's schema; of several processes one works and the others wait.
 * @returns the names of the files applied now.
 * @throws naming the file when an applied one was changed, or when the database is newer than this
 * release.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<string[]> {
  const migrations = readMigrations(options.folder ?? migrationFolder());
  return withClient(url, async (client) => {
    await requireVersion(client);
    await takeLock(client, options.lock_timeout_ms);
    const applied = await readApplied(client);
    compare(migrations, applied);
    const missing = migrations.slice(applied.length);
    for (const migration of missing) {
      await apply(client, migration);
      options.log?.info({ migration: migration.name }, 'migration applied');
    }
    return missing.map(({ name }) => name);
    // The lock ends with the connection.
  });
}

export async function requireVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string }>('show server_version_num');
  const major = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
  if (major >= LEAST_VERSION) return;
  throw new Error(
    `the database runs PostgreSQL ${major}, and Hutong needs ${LEAST_VERSION} or newer: ` +
      'upgrade it, or point DATABASE_URL at another one',
  );
}

/** Until the connection ends nobody else migrates this database. */
export async function takeLock(
  client: pg.Client,
  timeout_ms: number = LOCK_TIMEOUT_MS,
): Promise<void> {
  await client.query(`set lock_timeout = ${Math.trunc(timeout_ms)}`);
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
  } catch (cause) {
    throw new Error(
      `another process has been migrating this database for ${timeout_ms} ms: look for it in ` +
        'pg_stat_activity, then start again',
      { cause },
    );
  }
}

/** Before the connection ends. */
export async function freeLock(client: pg.Client): Promise<void> {
  await client.query('select pg_advisory_unlock($1)', [LOCK]);
}

export interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

const RECORD = `create table if not exists schema_migrations (
  number integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now()
)`;

async function readApplied(client: pg.Client): Promise<Applied[]> {
  await client.query(RECORD);
  const { rows } = await client.query<Applied>(
    'select number, name, checksum from schema_migrations order by number',
  );
  return rows;
}

/** @throws naming the migration that is not of this release, or was changed. */
export function compare(migrations: readonly Migration[], applied: readonly Applied[]): void {
  for (const [index, row] of applied.entries()) {
    const file = migrations[index];
    if (file === undefined) {
      throw new Error(
        `the database holds migration ${row.name}, which this release does not know: ` +
          'start the newer release that applied it',
      );
    }
    if (file.checksum !== row.checksum || file.number !== row.number) {
      throw new Error(
        `migration ${file.name} was changed after it was applied as ${row.name}: ` +
          'restore the file, and write the change as a new migration',
      );
    }
  }
}

/** Makes the schema as these left it, in the caller's transaction, and records none of them. */
export async function makeSchema(
  client: pg.Client,
  migrations: readonly Migration[],
): Promise<void> {
  await client.query(RECORD);
  for (const { text } of migrations) await client.query(text);
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(migration.text);
    await client.query(
      'insert into schema_migrations (number, name, checksum) values ($1, $2, $3)',
      [migration.number, migration.name, migration.checksum],
    );
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback');
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`migration ${migration.name} failed and changed nothing: ${reason}`, { cause });
  }
}
