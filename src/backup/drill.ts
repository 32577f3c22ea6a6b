import { randomBytes } from 'node:crypto';
import { type CheckReport, checkDatabase } from '../check/check.ts';
import { migrationFolder, readMigrations } from '../db/migrate.ts';
import { createDatabase, dropDatabase, withClient } from '../db/postgres-admin.ts';
import { LAWS } from '../laws/every.ts';
import { readLedger, STEADY_TEXT, takeInventory } from './inventory.ts';
import type { Manifest } from './manifest.ts';
import { type Restored, type RestoreOptions, restore } from './restore.ts';
import { measureTable } from './table-text.ts';

/**
 * Proves that a backup can be restored: into a scratch database that is dropped afterwards, with
 * every law tried on it, and every table read back and compared byte for byte.
 */
export interface DrillReport extends Restored {
  /** The scratch database; it is gone. */
  readonly database: string;
  readonly check: CheckReport;
  /** What is not as the backup says; empty when the drill went well. */
  readonly differences: readonly string[];
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
  options: RestoreOptions,
): Promise<DrillReport> {
  const name = `hutong_drill_${randomBytes(6).toString('hex')}`;
  await createScratch(place, name);
  try {
    const url = place.urlOf(name);
    const restored = await restore(url, folder, options);
    const check = await checkDatabase(url, LAWS);
    return { ...restored, database: name, check, differences: await compareWith(url, restored) };
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

/** After a later migration tables may rightly look different: then rows are counted only. */
function compareWith(url: string, { manifest, applied }: Restored): Promise<string[]> {
  return withClient(url, async (client) => {
    await client.query('begin isolation level repeatable read, read only');
    await client.query(STEADY_TEXT);
    const { tables } = await takeInventory(client, readMigrations(migrationFolder()));
    const found: string[] = [];
    for (const source of tables) {
      const now = await measureTable(client, source);
      const then = manifest.tables.find((table) => table.name === now.name);
      if (applied.length === 0 && now.sha256 !== then?.sha256) {
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
