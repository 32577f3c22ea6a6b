import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backUp } from '../../src/backup/backup.ts';
import { drill } from '../../src/backup/drill.ts';
import { MANIFEST_FILE, readManifest, sealManifest } from '../../src/backup/manifest.ts';
import { restore } from '../../src/backup/restore.ts';
import { brokenLaws } from '../../src/check/run.ts';
import { migrate, migrationFolder, readMigrations, takeLock } from '../../src/db/migrate.ts';
import { openDb } from '../../src/db/pool.ts';
import { withClient } from '../../src/db/postgres-admin.ts';
import { CHAIN_LAWS } from '../../src/laws/chain.ts';
import { unchained } from '../check/plant.ts';
import { createEmptyDatabase, createTestDatabase } from '../support/database.ts';
import { urlOf } from '../support/test-server.ts';

/** What others do while a backup is made, and what older releases left. */
const HUTONG = { hutong: '0.0.0' };
const SANDBOX = { mode: 'sandbox' } as const;
const ROWS = `insert into installation (mode) values ('sandbox');
  insert into platforms (id, slug, name) values ('plt_1', 'one', 'One'), ('plt_2', 'two', 'Two')`;

const OUTSIDER = `insert into postings (book, id, move_id, debit_account, credit_account, amount,
    currency, kind, reason, business_at)
  values (0, 'pst_0', 'mov_0', 'x', 'y', 5, 'CNY', 'posted', 'gift', '2020-01-01')`;

let root: string;
let source: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hutong-meanwhile-'));
  ({ url: source } = await createTestDatabase());
  await withClient(source, (client) => client.query(ROWS));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

test('of two backups with one name both are kept', async () => {
  const folder = join(root, 'twice');
  const second = backUp(source, folder, {
    ...HUTONG,
    onTable() {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, MANIFEST_FILE), 'the first');
    },
  });
  await expect(second).rejects.toThrow(/this backup is whole, in .*twice\.partial-\d+, but/);
  expect(readFileSync(join(folder, MANIFEST_FILE), 'utf8')).toBe('the first');
  expect(readManifest(`${folder}.partial-${process.pid}`).tables.length).toBeGreaterThan(20);
});

test('a table that a migration rewrites meanwhile is in the backup whole', async () => {
  const { url } = await createTestDatabase();
  const made = await withClient(url, async (client) => {
    await client.query(ROWS);
    await takeLock(client);
    await client.query(`begin; alter table platforms add column rewritten uuid
      default gen_random_uuid()`);
    const backup = backUp(url, join(root, 'rewritten'), HUTONG);
    const waiting = `select from pg_locks where not granted and (select oid from pg_database
      where datname = current_database()) = database`;
    while ((await client.query(waiting)).rowCount === 0)
      await client.query('select pg_sleep(0.01)');
    await client.query('commit; select pg_advisory_unlock_all()');
    return backup;
  });
  expect(made.manifest.tables.find(({ name }) => name === 'platforms')?.rows).toBe(2);
});

test('postings from before the chain come back', async () => {
  await withClient(source, (client) => client.query(unchained(OUTSIDER)));
  await backUp(source, join(root, 'old'), HUTONG);
  const { url } = await createEmptyDatabase();
  await restore(url, join(root, 'old'), SANDBOX);
  const db = openDb({ url, max_connections: 1 });
  expect(await brokenLaws(db, CHAIN_LAWS)).toEqual([]);
  await db.end();
});

test('a drill with a backup of an earlier release compares every row', async () => {
  const earlier = join(root, 'earlier-migrations');
  cpSync(migrationFolder(), earlier, { recursive: true });
  const names = readMigrations(earlier).map(({ name }) => name);
  const later = names.slice(names.findIndex((name) => name.endsWith('_positions.sql')));
  for (const name of later) rmSync(join(earlier, name));
  const { url } = await createEmptyDatabase();
  await migrate(url, { folder: earlier });
  await withClient(url, (client) => client.query(`${ROWS}; ${OUTSIDER}`));
  const folder = join(root, 'earlier');
  await backUp(url, folder, HUTONG);
  const place = { admin_url: url, owner: undefined, urlOf: (name: string) => urlOf(url, name) };
  const options = { ...SANDBOX, master_key_file: join(root, 'none.key') };
  turnRound(folder);
  const report = await drill(place, folder, options);
  expect(report.check.laws.find(({ law }) => law === CHAIN_LAWS[0])?.count).toBe(0);
  expect(report).toMatchObject({
    applied: later,
    differences: ['platforms: 2 rows, not those of the backup (2)'],
    secrets: { sealed: 0, opened: 0 },
  });
});

/** The same rows in another order, which loading them does not keep. */
function turnRound(folder: string): void {
  const file = join(folder, 'platforms.copy.gz');
  const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n');
  const text = `${lines.reverse().join('\n')}\n`;
  writeFileSync(file, gzipSync(text));
  const sha256 = createHash('sha256').update(text).digest('hex');
  const was = readManifest(folder);
  const tables = was.tables.map((each) => (each.name === 'platforms' ? { ...each, sha256 } : each));
  writeFileSync(join(folder, MANIFEST_FILE), sealManifest({ ...was, tables }));
}
