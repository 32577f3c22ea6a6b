import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFolder } from '../../test/support/processes.ts';
import { withClient } from './postgres-admin.ts';
import { attachPostgres, hasCluster } from './postgres-attach.ts';
import { keepPostgres } from './postgres-supervisor.ts';

let folder: string;

beforeAll(() => {
  folder = openFolder();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function processOf(url: string): Promise<unknown> {
  return withClient(url, async (client) => {
    const { rows } = await client.query('select pg_postmaster_start_time()::text as started');
    return rows[0]?.started;
  });
}

test('a command uses the server that runs, waits for one that was killed, or starts it', async () => {
  expect(hasCluster(folder)).toBe(false);
  const alone = await attachPostgres(folder);
  expect(hasCluster(folder)).toBe(true);
  expect(await processOf(alone.connectionString('postgres'))).toBeTypeOf('string');
  await alone.release();

  const kept = await keepPostgres({ data_dir: folder });
  const same = await attachPostgres(folder);
  const started = await processOf(kept.connectionString('postgres'));
  expect(await processOf(same.connectionString('postgres'))).toBe(started);
  await same.release();
  expect(await processOf(kept.connectionString('postgres'))).toBe(started);

  process.kill(kept.pid(), 'SIGKILL');
  const after = await attachPostgres(folder);
  const again = await processOf(after.connectionString('postgres'));
  expect(again).not.toBe(started);
  expect(await processOf(kept.connectionString('postgres'))).toBe(again);
  await after.release();
  expect(kept.restarts()).toBe(1);
  await kept.stop();
});
