import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withClient } from '../../src/db/postgres-admin.ts';
import { type Ended, runHutong } from '../support/command.ts';
import { createEmptyDatabase, createTestDatabase } from '../support/database.ts';

let root: string;
let source: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hutong-commands-'));
  ({ url: source } = await createTestDatabase());
  await withClient(source, (client) =>
    client.query(`insert into installation (mode) values ('sandbox');
      insert into platforms (id, slug, name) values ('plt_1', 'one', 'One')`),
  );
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function run(url: string, ...args: string[]): Promise<Ended> {
  return runHutong(args, { DATABASE_URL: url, HUTONG_DATA_DIR: join(root, 'data') });
}

/** Four programs in a row, on a machine that may have other work. */
const PATIENCE_MS = 240_000;

test('backup, restore and drill work as commands', { timeout: PATIENCE_MS }, async () => {
  const folder = join(root, 'monday');
  const backup = await run(source, 'backup', folder);
  expect(backup).toMatchObject({ code: 0, err: '' });
  expect(backup.out).toMatch(/written +platforms +1 rows/);
  expect(backup.out).toContain('THE MASTER KEY IS NOT IN THIS BACKUP');

  const { url } = await createEmptyDatabase();
  const restored = await run(url, 'restore', folder);
  expect(restored).toMatchObject({ code: 0, err: '' });
  expect(restored.out).toMatch(/laws tried in \d+ s: all well/);
  const drill = await run(url, 'drill');
  expect(drill).toMatchObject({ code: 0, err: '' });
  expect(drill.out).toMatch(/can be restored: \d+ tables/);
  await withClient(url, (client) =>
    client.query(`insert into webhook_endpoints (id, platform_id, url, secret)
      values ('whe_1', 'plt_1', 'https://shop.example', 'sealed')`),
  );
  const keyless = await run(url, 'drill');
  expect(keyless).toMatchObject({ code: 1, err: '' });
  expect(keyless.out).toContain('THE MASTER KEY OF THIS BACKUP IS NOT HERE: 0 of 1 secrets');
  writeFileSync(join(folder, 'jobs.copy.gz'), '');
  const damaged = await run(url, 'drill', '--backup', folder);
  expect(damaged).toMatchObject({ code: 1, err: expect.stringContaining('damaged') });
});
