import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withClient } from '../src/db/postgres-admin.ts';
import { dumpSchema } from '../src/db/schema-dump.ts';
import { packageRoot } from '../src/package-root.ts';
import { createEmptyDatabase, createTestDatabase } from './support/database.ts';

const file = join(packageRoot(), 'src', 'db', 'schema.sql');

describe('schema.sql', () => {
  test('is what the migrations make (else run: node --import tsx scripts/schema.ts)', async () => {
    const { url } = await createTestDatabase();
    expect(await dumpSchema(url)).toBe(readFileSync(file, 'utf8'));
  });

  test('makes the same schema in an empty database', async () => {
    const { url } = await createEmptyDatabase();
    await withClient(url, (client) => client.query(readFileSync(file, 'utf8')));
    expect(await dumpSchema(url)).toBe(readFileSync(file, 'utf8'));
  });

  test('shows every kind of change', async () => {
    const { url } = await createEmptyDatabase();
    const before = await dumpSchema(url);
    const changes = [
      'create table stalls (id text primary key, name text)',
      "alter table stalls alter column name set default 'x'",
      'alter table stalls alter column name set not null',
      'alter table stalls add constraint short check (length(name) < 10)',
      'create index stalls_by_name on stalls (name) where name is not null',
      'create table visits (stall text references stalls (id))',
      'create function one() returns integer language sql as $$ select 1 $$',
      'revoke update, delete on stalls from current_user',
      'alter table stalls enable row level security',
      "create policy own on stalls using (name = current_setting('my.name'))",
      'alter table visits set (fillfactor = 70)',
    ];
    let last = before;
    for (const change of changes) {
      await withClient(url, (client) => client.query(change));
      const now = await dumpSchema(url);
      expect(now, change).not.toBe(last);
      last = now;
    }
    const again = await createEmptyDatabase();
    await withClient(again.url, (client) => client.query(last));
    expect(await dumpSchema(again.url)).toBe(last);
  });
});

describe('tables that grow with traffic', () => {
  test('carry the book first in their primary key and in every unique index', async () => {
    const { url } = await createTestDatabase();
    const { rows } = await withClient(url, (client) =>
      client.query<{ name: string; first: string }>(
        `select x.relname as name, a.attname as first
         from pg_index i
         join pg_class c on c.oid = i.indrelid
         join pg_class x on x.oid = i.indexrelid
         join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
         where i.indisunique and c.relnamespace = 'public'::regnamespace
           and exists (select from pg_attribute b where b.attrelid = c.oid
                         and b.attname = 'book' and c.relname <> 'platforms')`,
      ),
    );
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter(({ first }) => first !== 'book')).toEqual([]);
  });
});
