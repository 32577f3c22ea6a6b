import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { openDb, sql } from '../src/db/pool.ts';
import { sha256 } from '../src/ids.ts';
import { claimMode, refuseUnready } from '../src/installation.ts';
import { type BuiltApp, createApp } from '../src/wiring.ts';
import { createTestDatabase } from './support/database.ts';

const dir = mkdtempSync(join(tmpdir(), 'hutong-installation-'));
let database_url = '';
let built: BuiltApp;

function production(env: Record<string, string> = {}) {
  return loadConfig({
    HUTONG_MODE: 'production',
    HUTONG_DATA_DIR: dir,
    HUTONG_MASTER_KEY_FILE: join(dir, 'master.key'),
    HUTONG_LOG_LEVEL: 'silent',
    ...env,
  });
}

beforeAll(async () => {
  ({ url: database_url } = await createTestDatabase());
  writeFileSync(join(dir, 'master.key'), '7'.repeat(64), { mode: 0o600 });
  const config = production({ HUTONG_PUBLIC_URL: 'http://hub.example' });
  built = await createApp({ config, database_url, name: 'test', public_url: 'http://hub.example' });
});

afterAll(async () => {
  await built.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe('an installation', () => {
  test('is production or sandbox for good', async () => {
    await claimMode(built.app.db, 'production');
    await claimMode(built.app.db, 'production');
    await expect(claimMode(built.app.db, 'sandbox')).rejects.toThrow(/HUTONG_MODE=production/);
  });

  test('cannot begin on a database without a schema, and says what to run', async () => {
    const bare = openDb({ url: database_url, max_connections: 1 });
    try {
      await bare.query(sql`set search_path to pg_temp`);
      await expect(claimMode(bare, 'sandbox')).rejects.toThrow(/hutong migrate/);
    } finally {
      await bare.end();
    }
  });

  test('has no movable clock in production', async () => {
    await expect(
      built.app.db.query(sql`update installation set clock_offset_ms = 1`),
    ).rejects.toThrow(/check constraint/);
  });

  test('starts in production only on a database of its own and behind https', async () => {
    const refusal = refuseUnready(built.app);
    await expect(refusal).rejects.toThrow(/DATABASE_URL/);
    await expect(refusal).rejects.toThrow(/HUTONG_PUBLIC_URL/);
    const config = production({
      HUTONG_PUBLIC_URL: 'https://hub.example',
      DATABASE_URL: 'postgres://db.example/hutong',
    });
    await expect(refuseUnready({ ...built.app, config })).resolves.toBeUndefined();
  });

  test('gets its first operator key from the command line, shown once and stored hashed', async () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'src/main.ts', 'mint-key'],
      {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], DATABASE_URL: database_url, HUTONG_MODE: 'production' },
      },
    );
    expect(status).toBe(0);
    const secret = stdout.trim();
    expect(secret).toMatch(/^sk_live_[\w-]{32}$/);
    const [key] = await built.app.db.query<{ role: string; key_hash: string }>(sql`
      select role, key_hash from api_keys`);
    expect(key).toEqual({ role: 'operator', key_hash: sha256(secret) });
  });

  test('never makes a master key in production', async () => {
    const config = production({ HUTONG_MASTER_KEY_FILE: join(dir, 'none.key') });
    const start = createApp({
      config,
      database_url,
      name: 'test',
      public_url: 'https://hub.example',
    });
    await expect(start).rejects.toThrow(/HUTONG_MASTER_KEY_FILE/);
  });
});
