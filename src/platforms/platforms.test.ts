import { beforeAll, describe, expect, test } from 'vitest';
import { type HubAnswer, startTestHub, type TestHub } from '../../test/support/hub.ts';
import { sql } from '../db/pool.ts';
import { sha256, ulid } from '../ids.ts';
import { WALLETS } from '../wallets/wallet.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

async function made(answer: Promise<HubAnswer>): Promise<Readonly<Record<string, unknown>>> {
  const { status, json, text } = await answer;
  expect(status, text).toBe(201);
  return json;
}

async function platform(over: Record<string, unknown> = {}) {
  const slug = `p_${ulid().toLowerCase()}`;
  const body = { slug, name: '淘宝 demo', hosts: ['shop.example'], ...over };
  const json = await made(hub.call('POST', '/v1/platforms', { body }));
  return { json, id: String(json['id']) };
}

async function keyFor(platform_id: string) {
  const body = { role: 'marketplace', platform: platform_id };
  const json = await made(hub.call('POST', '/v1/keys', { body }));
  return { id: String(json['id']), secret: String(json['secret']), json };
}

async function listed(path: string, key: string): Promise<unknown[]> {
  const { json, status } = await hub.call('GET', path, { key });
  expect(status).toBe(200);
  return Array.isArray(json['data']) ? json['data'] : [];
}

describe('a platform', () => {
  test('is made with an open gate to every wallet', async () => {
    const { id, json } = await platform({ metadata: { city: '杭州' } });
    expect(json).toMatchObject({
      object: 'platform',
      livemode: false,
      name: '淘宝 demo',
      hosts: ['shop.example'],
      metadata: { city: '杭州' },
    });
    const gates = await hub.app.db.query<{ wallet: string; state: string }>(sql`
      select wallet, state from gates where platform_id = ${id} order by wallet`);
    expect(gates).toEqual([...WALLETS].sort().map((wallet) => ({ wallet, state: 'open' })));
  });

  test('has a slug of its own', async () => {
    const { json } = await platform();
    const body = { slug: json['slug'], name: 'again' };
    const again = await hub.call('POST', '/v1/platforms', { body });
    expect([again.status, again.error?.code, again.error?.param]).toEqual([
      409,
      'reference_taken',
      'slug',
    ]);
  });

  test('registers hosts, not URLs', async () => {
    for (const host of ['https://shop.example', 'shop.example/x', 'Shop.example', 'a b', '*', '']) {
      const body = { slug: 'never', name: 'x', hosts: ['ok.example', host] };
      const answer = await hub.call('POST', '/v1/platforms', { body });
      expect([answer.status, answer.error?.param]).toEqual([400, 'hosts[1]']);
    }
  });

  test('changes its own hosts, and the change counts at once', async () => {
    const { id } = await platform();
    const { secret } = await keyFor(id);
    expect((await hub.call('GET', '/v1/keys', { key: secret })).status).toBe(200);
    const body = { hosts: ['new.example'], metadata: {} };
    const changed = await hub.call('PATCH', `/v1/platforms/${id}`, { key: secret, body });
    expect(changed.json).toMatchObject({ id, name: '淘宝 demo', hosts: ['new.example'] });
    const read = await hub.call('GET', `/v1/platforms/${id}`, { key: secret });
    expect(read.json).toEqual(changed.json);
  });

  test('sees itself only', async () => {
    const [one, other] = [await platform(), await platform()];
    const { secret } = await keyFor(one.id);
    expect(await listed('/v1/platforms', secret)).toEqual([one.json]);
    const foreign = await hub.call('GET', `/v1/platforms/${other.id}`, { key: secret });
    expect(foreign.status).toBe(404);
    const all = await listed('/v1/platforms?limit=100', hub.operator_key);
    expect(all).toEqual(expect.arrayContaining([one.json, other.json]));
  });
});

describe('a key', () => {
  test('is stored hashed and shown once', async () => {
    const { id } = await platform();
    const { secret, json } = await keyFor(id);
    expect(secret).toMatch(/^sk_test_[A-Za-z0-9_-]{32}$/);
    expect(json).toMatchObject({ role: 'marketplace', platform: id, hint: secret.slice(-4) });
    const rows = await hub.app.db.query<{ row: string; key_hash: string }>(sql`
      select key_hash, api_keys::text as row from api_keys where id = ${json['id']}`);
    expect(rows[0]?.key_hash).toBe(sha256(secret));
    expect(rows[0]?.row).not.toContain(secret.slice(8, -4));
    const { text } = await hub.call('GET', '/v1/keys?limit=100');
    expect(text).toContain(String(json['id']));
    expect(text).not.toContain('"secret"');
  });

  test('is refused at once after it was revoked, also twice', async () => {
    const { id } = await platform();
    const old = await keyFor(id);
    const key = (await keyFor(id)).secret;
    expect((await hub.call('GET', '/v1/platforms', { key: old.secret })).status).toBe(200);
    const first = await hub.call('POST', `/v1/keys/${old.id}/revoke`, { key });
    expect(first.status).toBe(200);
    expect(first.json['revoked_at']).not.toBeNull();
    const refused = await hub.call('GET', '/v1/platforms', { key: old.secret });
    expect([refused.status, refused.error?.code]).toEqual([401, 'unauthenticated']);
    const again = await hub.call('POST', `/v1/keys/${old.id}/revoke`, { key });
    expect(again.json).toEqual(first.json);
  });

  test('that is rotated ends at once, or after the overlap that was asked for', async () => {
    const { id } = await platform();
    const old = await keyFor(id);
    const path = `/v1/keys/${old.id}/rotate`;
    const next = await made(hub.call('POST', path, { body: { overlap_seconds: 3600 } }));
    for (const key of [old.secret, String(next['secret'])]) {
      expect((await hub.call('GET', '/v1/platforms', { key })).status).toBe(200);
    }
    expect(next).toMatchObject({ role: 'marketplace', platform: id, revoked_at: null });
    const last = await made(hub.call('POST', `/v1/keys/${String(next['id'])}/rotate`));
    const ended = await hub.call('GET', '/v1/platforms', { key: String(next['secret']) });
    expect(ended.status).toBe(401);
    const key = String(last['secret']);
    expect((await hub.call('GET', '/v1/platforms', { key })).status).toBe(200);
    const dead = await hub.call('POST', `/v1/keys/${String(next['id'])}/rotate`);
    expect([dead.status, dead.error?.code]).toEqual([409, 'state_conflict']);
  });

  test('a second rotation never lengthens the life of the first', async () => {
    const { id } = await platform();
    const old = await keyFor(id);
    const path = `/v1/keys/${old.id}/rotate`;
    await made(hub.call('POST', path, { body: { overlap_seconds: 60 } }));
    const end = async () =>
      (
        await hub.app.db.query<{ revoked_at: Date }>(sql`
          select revoked_at from api_keys where id = ${old.id}`)
      )[0]?.revoked_at;
    const first = await end();
    await made(hub.call('POST', path, { body: { overlap_seconds: 3600 } }));
    expect(await end()).toEqual(first);
  });

  test('names whom its role stands for', async () => {
    const { id } = await platform();
    const wrong = [
      [{ role: 'marketplace' }, 400, 'platform'],
      [{ role: 'merchant' }, 400, 'merchant'],
      [{ role: 'wallet' }, 400, 'wallet'],
      [{ role: 'marketplace', platform: `plt_${'0'.repeat(28)}` }, 404, 'platform'],
      [{ role: 'merchant', merchant: `mer_${'0'.repeat(28)}` }, 404, 'merchant'],
    ] as const;
    for (const [body, status, param] of wrong) {
      const answer = await hub.call('POST', '/v1/keys', { body });
      expect([answer.status, answer.error?.param]).toEqual([status, param]);
    }
    const { secret } = await keyFor(id);
    const own = await made(
      hub.call('POST', '/v1/keys', { key: secret, body: { role: 'marketplace' } }),
    );
    expect(own['platform']).toBe(id);
  });
});
