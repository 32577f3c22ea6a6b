import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import type { App } from '../app.ts';
import { sql } from '../db/pool.ts';
import { listen } from '../http/listen.ts';
import { createServer } from '../http/server.ts';
import { newId, sha256 } from '../ids.ts';
import { merchantRoutes } from '../merchants/routes.ts';
import { platformRoutes } from '../platforms/routes.ts';
import { walletAccountRoutes } from '../wallet-accounts/routes.ts';
import { webhookApp } from '../webhooks/testing.ts';
import { AuthenticationError, createClient, type Hutong, PermissionError } from './client.ts';

let app: App;
let base_url: string;
let operator: Hutong;
let stop: () => Promise<void>;

beforeAll(async () => {
  const built = webhookApp((await createTestDatabase()).url);
  app = built.app;
  const routes = [...platformRoutes(app), ...merchantRoutes(app), ...walletAccountRoutes(app)];
  const server = createServer(app, { routes });
  const listening = await listen(app, server, { host: '127.0.0.1', port: 0 });
  base_url = listening.url;
  const api_key = `sk_test_${randomBytes(24).toString('hex')}`;
  await app.db.query(sql`
    insert into api_keys (id, key_hash, hint, role, api_version)
    values (${newId('key')}, ${sha256(api_key)}, 'x', 'operator', '2026-11-01')`);
  operator = createClient({ base_url, api_key });
  stop = async () => {
    await listening.stop();
    await built.stop();
  };
});

afterAll(() => stop());

function as(secret: string | null): Hutong {
  return createClient({ base_url, api_key: secret ?? '', max_retries: 0 });
}

it('an operator sets a platform up, and the platform its merchants', async () => {
  const platform = await operator.platforms.create({ slug: 'tea', name: 'Tea shop' });
  const hosts = ['tea.example'];
  expect(await operator.platforms.update(platform.id, { hosts })).toMatchObject({ hosts });
  const minted = await operator.keys.create({ role: 'marketplace', platform: platform.id });
  const shop = as(minted.secret);
  const merchant = await shop.merchants.create({ name: 'Longjing', metadata: { till: '1' } });
  expect(merchant).toMatchObject({ object: 'merchant', platform: platform.id, enrolments: [] });
  await shop.merchants.update(merchant.id, { name: 'Longjing tea' });
  const names: string[] = [];
  for await (const one of shop.merchants.all({ limit: 1 })) names.push(one.name);
  expect(names).toEqual(['Longjing tea']);
  expect((await shop.platforms.get(platform.id)).slug).toBe('tea');
  await expect(shop.walletAccounts.list()).rejects.toBeInstanceOf(PermissionError);
  expect((await operator.walletAccounts.list()).data).toEqual([]);
});

it('a rotated key takes the place of the old one', async () => {
  const platform = await operator.platforms.create({ slug: 'rotates', name: 'Rotates' });
  const old = await operator.keys.create({ role: 'marketplace', platform: platform.id });
  const fresh = await operator.keys.rotate(old.id);
  expect((await as(fresh.secret).keys.list()).data.length).toBeGreaterThan(0);
  await expect(as(old.secret).keys.list()).rejects.toBeInstanceOf(AuthenticationError);
  expect((await operator.keys.revoke(fresh.id)).revoked_at).not.toBeNull();
  await expect(as(fresh.secret).keys.list()).rejects.toBeInstanceOf(AuthenticationError);
});
