import { randomBytes } from 'node:crypto';
import { type CheckReport, checkDatabase } from '../check/check.ts';
import { migrationFolder, readMigrations } from '../db/migrate.ts';
import { createDatabase, dropDatabase, withClient } from '../db/postgres-admin.ts';
import { LAWS } from '../laws/every.ts';
import { readLedger, STEADY_TEXT, takeInventory } from './inventory.ts';
import type { Manifest } from './manifest.ts';
import { type Restored, type RestoreOptions, restore } from './restore.ts';
import { countSealed, type SealedSecrets } from './sealed.ts';
import { measureTable } from './table-text.ts';

/**
 * Proves that a backup can be restored: into a scratch database that is dropped afterwards, with
 * every table read back and compared byte for byte, every law tried, and the master key on every
 * secret.
 */
export interface DrillReport extends Restored {
  /** The scratch database; it is gone. */
  readonly database: string;
  readonly check: CheckReport;
  /** What is not as the backup says; empty when the drill went well. */
  readonly differences: readonly string[];
  /** Whether the given master key opens what it should. */
  readonly secrets: SealedSecrets;
}

export interface ScratchPlace {
  /** Of a role that may create databases. */
  readonly admin_url: string;
  readonly owner: string | undefined;
  urlOf(database: string): string;
}

export async function drill(
  place: ScratchPlace,
  folder: string,
  options: RestoreOptions & { readonly master_key_file: string },
): Promise<DrillReport> {
  const name = `hutong_drill_${randomBytes(6).toString('hex')}`;
  await createScratch(place, name);
  try {
    const url = place.urlOf(name);
    const differences: string[] = [];
    const onLoaded = async (manifest: Manifest) => {
      differences.push(...(await compareWith(url, manifest)));
    };
    const restored = await restore(url, folder, { ...options, onLoaded });
    const check = await checkDatabase(url, LAWS);
    const secrets = await countSealed(url, options.master_key_file);
    return { ...restored, database: name, check, differences, secrets };
  } finally {
    await dropDatabase(place.admin_url, name);
  }
}

async function createScratch({ admin_url, owner }: ScratchPlace, name: string): Promise<void> {
  try {
    await createDatabase(admin_url, { name, ...(owner === undefined ? {} : { owner }) });
  } catch (cause) {
    throw new Error(
      'the role of DATABASE_URL may not create the scratch database: grant it CREATEDB for the ' +
        'drill, or restore by hand into an empty database with "hutong restore"',
      { cause },
    );
  }
}

/** Before later migrations are applied: after them tables may rightly look different. */
function compareWith(url: string, manifest: Manifest): Promise<string[]> {
  return withClient(url, async (client) => {
    await client.query('begin isolation level repeatable read, read only');
    await client.query(STEADY_TEXT);
    const theirs = readMigrations(migrationFolder()).slice(0, manifest.migrations.length);
    const { tables } = await takeInventory(client, theirs);
    const found: string[] = [];
    for (const source of tables) {
      const now = await measureTable(client, source);
      const then = manifest.tables.find((table) => table.name === now.name);
      if (now.sha256 !== then?.sha256) {
        found.push(
          `${now.name}: ${now.rows} rows, not those of the backup (${then?.rows ?? 'none'})`,
        );
      }
    }
    const ledger = await readLedger(client);
    if (!sameLedger(ledger, manifest.ledger)) {
      found.push(`the ledger ends at ${JSON.stringify(ledger)}, not where the backup's did`);
    }
    await client.query('commit');
    return found;
  });
}

function sameLedger(a: Manifest['ledger'], b: Manifest['ledger']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
