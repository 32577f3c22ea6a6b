import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEmptyDatabase } from '../../test/support/database.ts';
import { migrate, migrationFolder, readMigrations } from './migrate.ts';
import { withClient } from './postgres-admin.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutong-migrations-'));
  write('0001_shops.sql', 'create table shops (id text primary key);');
  write('0002_stalls.sql', "create table stalls (id text);\ninsert into shops values ('a');");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function shopsIn(url: string): Promise<string[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ id: string }>('select id from shops');
    return rows.map(({ id }) => id);
  });
}

describe('migrate', () => {
  test('applies each file once, in order', async () => {
    const { url } = await createEmptyDatabase();
    expect(await migrate(url, { folder })).toEqual(['0001_shops.sql', '0002_stalls.sql']);
    expect(await migrate(url, { folder })).toEqual([]);
    write('0003_more.sql', "insert into shops values ('b')");
    expect(await migrate(url, { folder })).toEqual(['0003_more.sql']);
    expect(await shopsIn(url)).toEqual(['a', 'b']);
  });

  test('of several processes that start at once, one migrates and the others wait', async () => {
    const { url } = await createEmptyDatabase();
    const results = await Promise.all([1, 2, 3, 4].map(() => migrate(url, { folder })));
    expect(results.filter(({ length }) => length > 0)).toHaveLength(1);
    expect(await shopsIn(url)).toEqual(['a']);
  });

  test('refuses to start when an applied file was changed, and names it', async () => {
    const { url } = await createEmptyDatabase();
    await migrate(url, { folder });
    write('0001_shops.sql', 'create table shops (id text primary key, name text);');
    await expect(migrate(url, { folder })).rejects.toThrow(/0001_shops\.sql was changed/);
  });

  test('refuses a database that a newer release migrated', async () => {
    const { url } = await createEmptyDatabase();
    await migrate(url, { folder });
    rmSync(join(folder, '0002_stalls.sql'));
    await expect(migrate(url, { folder })).rejects.toThrow(/0002_stalls\.sql.*does not know/);
  });

  test('a file that fails half-way leaves nothing behind and can be corrected', async () => {
    const { url } = await createEmptyDatabase();
    write('0002_stalls.sql', "insert into shops values ('half'); select nothing_like_that();");
    await expect(migrate(url, { folder })).rejects.toThrow(/0002_stalls\.sql failed/);
    expect(await shopsIn(url)).toEqual([]);
    write('0002_stalls.sql', "insert into shops values ('whole')");
    expect(await migrate(url, { folder })).toEqual(['0002_stalls.sql']);
    expect(await shopsIn(url)).toEqual(['whole']);
  });

  test('gives up with a clear message when another process holds the lock too long', async () => {
    const { url } = await createEmptyDatabase();
    await withClient(url, async (holder) => {
      await holder.query('select pg_advisory_lock(114784937635431)');
      const attempt = migrate(url, { folder, lock_timeout_ms: 50 });
      await expect(attempt).rejects.toThrow(/another process has been migrating/);
    });
  });
});

describe('readMigrations', () => {
  test('refuses gaps, repeated numbers and other names', () => {
    write('0004_gap.sql', '');
    expect(() => readMigrations(folder)).toThrow(/expected a file named 0003_/);
    rmSync(join(folder, '0004_gap.sql'));
    write('0002_again.sql', '');
    expect(() => readMigrations(folder)).toThrow(/expected a file named 0003_/);
    rmSync(join(folder, '0002_again.sql'));
    write('notes.txt', '');
    expect(() => readMigrations(folder)).toThrow(/notes\.txt/);
  });

  test('line ends do not change a checksum', () => {
    const before = readMigrations(folder).map(({ checksum }) => checksum);
    write('0002_stalls.sql', "create table stalls (id text);\r\ninsert into shops values ('a');");
    expect(readMigrations(folder).map(({ checksum }) => checksum)).toEqual(before);
  });

  test('finds the files of this release', () => {
    expect(readMigrations(migrationFolder()).length).toBeGreaterThan(0);
  });
});
