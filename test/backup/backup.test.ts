import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backUp } from '../../src/backup/backup.ts';
import { drill } from '../../src/backup/drill.ts';
import { readSequences } from '../../src/backup/inventory.ts';
import { type Manifest, readManifest, sealManifest } from '../../src/backup/manifest.ts';
import { restore } from '../../src/backup/restore.ts';
import { countSealed } from '../../src/backup/sealed.ts';
import { brokenLaws } from '../../src/check/run.ts';
import { migrate, migrationFolder, readMigrations } from '../../src/db/migrate.ts';
import { openDb, sql } from '../../src/db/pool.ts';
import { withClient } from '../../src/db/postgres-admin.ts';
import { dumpSchema } from '../../src/db/schema-dump.ts';
import { LAWS } from '../../src/laws/every.ts';
import { makeRichBooks } from '../check/rich-books.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { type MoneyRig, startMoneyRig } from '../support/money-rig.ts';
import { urlOf } from '../support/test-server.ts';

let rig: MoneyRig;
let source: string;
let root: string;
let kept: string;
let manifest: Manifest;

const HUTONG = { hutong: '0.0.0' };
const SANDBOX = { mode: 'sandbox' } as const;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hutong-backup-'));
  kept = join(root, 'kept');
  rig = await startMoneyRig();
  await makeRichBooks(rig);
  source = rig.app.db.pool.options.connectionString ?? '';
  ({ manifest } = await backUp(source, kept, HUTONG));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A copy of the good backup, to be spoiled. */
function copy(name: string): string {
  const folder = join(root, name);
  cpSync(kept, folder, { recursive: true });
  return folder;
}

async function tablesOf(url: string): Promise<number> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ n: number }>(
      `select count(*)::int as n from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`,
    ),
  );
  return rows[0]?.n ?? -1;
}

describe('a backup', () => {
  test('restores to the same rows, schema, laws and rights', async () => {
    const { url } = await createEmptyDatabase();
    const { applied } = await restore(url, kept, SANDBOX);
    expect(applied).toEqual([]);
    expect(manifest.tables.length).toBe(await tablesOf(url));
    expect(await dumpSchema(url)).toBe(await dumpSchema(source));
    const again = await backUp(url, join(root, 'again'), HUTONG);
    expect(again.manifest.tables).toEqual(manifest.tables);
    expect(again.manifest.ledger).toEqual(manifest.ledger);
    const db = openDb({ url, max_connections: 1 });
    expect(await brokenLaws(db, LAWS)).toEqual([]);
    const change = db.query(sql`update postings set amount = amount + 1`);
    await expect(change).rejects.toMatchObject({ code: '42501' });
    await db.end();
  });

  test('has every row of one moment, whatever is written meanwhile', async () => {
    const written: Promise<unknown>[] = [];
    const { manifest: during } = await backUp(source, join(root, 'during'), {
      ...HUTONG,
      onTable() {
        written.push(rig.create());
      },
    });
    expect((await Promise.all(written)).length).toBeGreaterThan(20);
    expect(during.tables).toEqual(manifest.tables);
  });

  test('says which tables are not the hub’s and leaves them out', async () => {
    const { url } = await createEmptyDatabase();
    await restore(url, kept, SANDBOX);
    await withClient(url, (client) => client.query('create table sandbox_records (id text)'));
    const { left_out, manifest: made } = await backUp(url, join(root, 'mixed'), HUTONG);
    expect(left_out).toEqual(['sandbox_records']);
    expect(made.tables.map(({ name }) => name)).not.toContain('sandbox_records');
  });

  test('of an earlier release is brought to this one', async () => {
    const migrations = readMigrations(migrationFolder());
    const folder = join(root, 'earlier-migrations');
    cpSync(migrationFolder(), folder, { recursive: true });
    const last = migrations.at(-1)?.name ?? '';
    rmSync(join(folder, last));
    const { url: earlier } = await createEmptyDatabase();
    await migrate(earlier, { folder });
    await withClient(earlier, (client) =>
      client.query(`insert into installation (mode) values ('sandbox')`),
    );
    const made = join(root, 'earlier');
    await backUp(earlier, made, HUTONG);
    const { url } = await createEmptyDatabase();
    expect((await restore(url, made, SANDBOX)).applied).toEqual([last]);
    expect(await dumpSchema(url)).toBe(await dumpSchema(source));
  });

  test('never overwrites one that is there', async () => {
    await expect(backUp(source, kept, HUTONG)).rejects.toThrow('is there already');
    expect(readdirSync(root).filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('keeps where sequences are', async () => {
    const { url } = await createEmptyDatabase();
    const text = 'create table stalls (id bigint generated always as identity, name text);';
    const migration = { number: 1, name: '0001_stalls.sql', text, checksum: '' };
    await withClient(url, async (client) => {
      await client.query(`${text} create sequence strange; insert into stalls (name) values ('a')`);
      expect(await readSequences(client, [migration])).toEqual([
        { name: 'stalls_id_seq', last_value: '1', is_called: true },
      ]);
    });
  });

  test('holds no secret that the master key alone does not open', async () => {
    const { url } = await createEmptyDatabase();
    await restore(url, kept, SANDBOX);
    const right = await countSealed(url, rig.app.config.master_key_file);
    expect(right.sealed).toBeGreaterThan(4);
    expect(right.opened).toBe(right.sealed);
    const other = join(root, 'other.key');
    writeFileSync(other, '0'.repeat(64));
    expect((await countSealed(url, other)).opened).toBe(0);
    expect(await countSealed(url, join(root, 'none.key'))).toMatchObject({
      opened: 0,
      problem: expect.stringContaining('no master key'),
    });
  });
});

describe('nothing is written', () => {
  let empty: string;

  beforeAll(async () => {
    ({ url: empty } = await createEmptyDatabase());
  });

  const spoils: [string, string, (folder: string) => void][] = [
    ['a file that was cut', 'cannot be read to its end', (folder) => spoil(folder, cut)],
    ['a file with one other byte', 'the backup is damaged', (folder) => spoil(folder, flip)],
    [
      'a file of other rows',
      'not what the manifest says',
      (folder) => cpSync(join(folder, 'jobs.copy.gz'), join(folder, 'payments.copy.gz')),
    ],
    [
      'a missing file',
      'cannot be read to its end',
      (folder) => rmSync(join(folder, 'events.copy.gz')),
    ],
    ['no manifest', 'no finished backup', (folder) => rmSync(join(folder, 'manifest.json'))],
    [
      'a manifest that was changed',
      'is damaged',
      (folder) => {
        const file = join(folder, 'manifest.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('"sandbox"', '"production"'));
      },
    ],
    [
      'a backup of a later release',
      'which this release does not know',
      (folder) => rewrite(folder, (was) => ({ ...was, migrations: [...was.migrations, LATER] })),
    ],
    [
      'a backup of the other mode',
      'set HUTONG_MODE=production',
      (folder) => rewrite(folder, (was) => ({ ...was, mode: 'production' })),
    ],
  ];

  test.each(spoils)('of %s', async (name, why, spoilIt) => {
    const folder = copy(name.replaceAll(' ', '-'));
    spoilIt(folder);
    await expect(restore(empty, folder, SANDBOX)).rejects.toThrow(why);
    expect(await tablesOf(empty)).toBe(0);
  });

  test('over a database that is not empty', async () => {
    const { url } = await createEmptyDatabase();
    await withClient(url, (client) => client.query('create table mine (id text)'));
    await expect(restore(url, kept, SANDBOX)).rejects.toThrow('not empty (it has mine)');
    expect(await tablesOf(url)).toBe(1);
  });

  test('when the last row cannot be', async () => {
    const folder = copy('ledger-elsewhere');
    rewrite(folder, (was) => ({ ...was, ledger: [] }));
    await expect(restore(empty, folder, SANDBOX)).rejects.toThrow('the ledger that was loaded');
    expect(await tablesOf(empty)).toBe(0);
  });
});

const LATER = { number: 9_999, name: '9999_later.sql', checksum: 'a'.repeat(64) };

function rewrite(folder: string, change: (was: Manifest) => Manifest): void {
  writeFileSync(join(folder, 'manifest.json'), sealManifest(change(readManifest(folder))));
}

function spoil(folder: string, how: (bytes: Buffer) => Buffer): void {
  const file = join(folder, 'postings.copy.gz');
  writeFileSync(file, how(readFileSync(file)));
}

function cut(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length - 20);
}

function flip(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

describe('the drill', () => {
  const place = () => ({
    admin_url: source,
    owner: undefined,
    urlOf: (database: string) => urlOf(source, database),
  });

  async function isThere(database: string): Promise<boolean> {
    const { rows } = await withClient(source, (client) =>
      client.query('select 1 from pg_database where datname = $1', [database]),
    );
    return rows.length > 0;
  }

  test('restores, checks and compares in a scratch database, and drops it', async () => {
    const { check, differences, database, secrets } = await drill(place(), kept, rig.app.config);
    expect(differences).toEqual([]);
    expect(secrets.opened).toBe(secrets.sealed);
    expect(check.laws.filter(({ count }) => count > 0)).toEqual([]);
    expect(check.laws).toHaveLength(LAWS.length);
    expect(await isThere(database)).toBe(false);
  });

  test('names a law that the backed up rows break', async () => {
    const { url } = await createEmptyDatabase();
    await restore(url, kept, SANDBOX);
    await withClient(url, (client) => client.query(`delete from refunds`));
    const folder = join(root, 'broken-books');
    await backUp(url, folder, HUTONG);
    const { check, database } = await drill(place(), folder, rig.app.config);
    const broken = check.laws.filter(({ count }) => count > 0).map(({ law }) => law.name);
    expect(broken).toContain('payments.refund-totals');
    expect(await isThere(database)).toBe(false);
  });
});
