import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import type { App } from '../app.ts';
import { createClient, type Hutong, NotFoundError, verifyWebhook } from '../client/client.ts';
import { sql } from '../db/pool.ts';
import { listen } from '../http/listen.ts';
import { createServer } from '../http/server.ts';
import { newId, sha256 } from '../ids.ts';
import { jobRoutes } from '../jobs/routes.ts';
import { deliverWebhook } from './deliver.ts';
import { webhookRoutes } from './routes.ts';
import { sealEvents } from './sealer.ts';
import { addPlatform, newEvent, publish, receiver, until, webhookApp } from './testing.ts';

let app: App;
let url: string;
let stop: () => Promise<void>;

beforeAll(async () => {
  const built = webhookApp((await createTestDatabase()).url);
  app = built.app;
  const server = createServer(app, { routes: [...webhookRoutes(app), ...jobRoutes(app)] });
  const listening = await listen(app, server, { host: '127.0.0.1', port: 0 });
  url = listening.url;
  stop = async () => {
    await listening.stop();
    await built.stop();
  };
  app.jobs.start(app, [deliverWebhook], []);
});

afterAll(() => stop());

async function keyOf(role: 'operator' | 'marketplace' | 'merchant', platform: string | null) {
  const key = `sk_test_${randomBytes(24).toString('base64url')}`;
  const merchant = role === 'merchant' ? newId('mer') : null;
  if (merchant !== null) {
    await app.db.query(sql`
      insert into merchants (id, platform_id, name) values (${merchant}, ${platform}, 'A seller')`);
  }
  await app.db.query(sql`
    insert into api_keys (id, key_hash, hint, role, platform_id, merchant_id, api_version)
    values (${newId('key')}, ${sha256(key)}, 'x', ${role},
      ${role === 'marketplace' ? platform : null}, ${merchant}, '2026-11-01')`);
  return key;
}

async function shop(): Promise<{ platform: string; client: Hutong; key: string }> {
  const platform = await addPlatform(app);
  const key = await keyOf('marketplace', platform);
  return { platform, key, client: createClient({ base_url: url, api_key: key, max_retries: 0 }) };
}

function post(path: string, key: string, body: unknown, idempotency_key?: string) {
  return fetch(url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...(idempotency_key === undefined ? {} : { 'idempotency-key': idempotency_key }),
    },
    body: JSON.stringify(body),
  });
}

describe('webhook endpoints', () => {
  it('are made, read, changed, listed and deleted by their platform', async () => {
    const { client, platform } = await shop();
    const made = await client.webhookEndpoints.create({
      url: 'https://shop.example/hook',
      event_types: ['payment.succeeded'],
    });
    expect(made).toMatchObject({ object: 'webhook_endpoint', platform, state: 'enabled' });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const read = await client.webhookEndpoints.get(made.id);
    expect(read).not.toHaveProperty('secret');
    expect(read.public_key).toBe(made.public_key);
    const off = await client.webhookEndpoints.update(made.id, { state: 'disabled' });
    expect(off).toMatchObject({ state: 'disabled', event_types: ['payment.succeeded'] });
    const on = await client.webhookEndpoints.update(made.id, { state: 'enabled', event_types: [] });
    expect(on).toMatchObject({ state: 'enabled', disabled_reason: null, event_types: [] });
    const second = await client.webhookEndpoints.create({ url: 'https://shop.example/two' });
    const ids: string[] = [];
    for await (const one of client.webhookEndpoints.all({ limit: 1 })) ids.push(one.id);
    expect(ids).toEqual([second.id, made.id]);
    await client.webhookEndpoints.delete(made.id);
    await expect(client.webhookEndpoints.get(made.id)).rejects.toBeInstanceOf(NotFoundError);
  });

  it('of another platform do not exist for a caller', async () => {
    const [own, other] = [await shop(), await shop()];
    const { id } = await own.client.webhookEndpoints.create({ url: 'https://shop.example/' });
    const { webhookEndpoints, events } = other.client;
    for (const call of [
      () => webhookEndpoints.get(id),
      () => webhookEndpoints.update(id, { state: 'disabled' }),
      () => webhookEndpoints.rotateSecret(id),
      () => webhookEndpoints.delete(id),
      () => webhookEndpoints.list({ platform: own.platform }),
      () => events.list({ platform: own.platform }),
    ]) {
      await expect(call()).rejects.toBeInstanceOf(NotFoundError);
    }
    expect((await own.client.webhookEndpoints.get(id)).state).toBe('enabled');
  });

  it('are made by an operator for a platform it names, and not by a merchant', async () => {
    const { platform } = await shop();
    const operator = await keyOf('operator', null);
    const body = { url: 'https://shop.example/' };
    const nameless = await post('/v1/webhook_endpoints', operator, body);
    expect(nameless.status).toBe(400);
    const named = await post('/v1/webhook_endpoints', operator, { ...body, platform });
    expect(named.status).toBe(201);
    const merchant = await post('/v1/webhook_endpoints', await keyOf('merchant', platform), body);
    expect(merchant.status).toBe(403);
    const nobody = await post('/v1/webhook_endpoints', 'sk_test_nobodynobodynobodynobody', body);
    expect(nobody.status).toBe(401);
  });

  it('show their secret once: a replayed creation has none', async () => {
    const { key } = await shop();
    const body = { url: 'https://shop.example/' };
    const [first, again] = await Promise.all([
      post('/v1/webhook_endpoints', key, body, 'endpoint-1'),
      post('/v1/webhook_endpoints', key, body, 'endpoint-1'),
    ]);
    const answers = [first, again].map(async (answer) => {
      const parsed = (await answer.json()) as { id: string; secret: string | null };
      return { ...parsed, replayed: answer.headers.get('idempotent-replayed') };
    });
    const [one, two] = await Promise.all(answers);
    expect(one?.id).toBe(two?.id);
    const secrets = [one, two].filter((answer) => answer?.secret !== null);
    expect(secrets).toHaveLength(1);
    expect(secrets[0]?.replayed).toBeNull();
  });

  it('refuse bad input by name', async () => {
    const { key } = await shop();
    const cases = [
      [{ url: 'http://shop.example/' }, 422, 'url_not_allowed'],
      [{ url: 'https://192.168.0.1/' }, 422, 'url_not_allowed'],
      [{ url: 5 }, 400, 'invalid_parameter'],
      [{}, 400, 'invalid_parameter'],
      [{ url: 'https://a.example/', event_types: ['payment.exploded'] }, 400, 'invalid_parameter'],
      [{ url: 'https://a.example/', colour: 'red' }, 400, 'invalid_parameter'],
      [{ url: 'https://a.example/\u0000' }, 400, 'invalid_parameter'],
    ] as const;
    for (const [body, status, code] of cases) {
      const answer = await post('/v1/webhook_endpoints', key, body);
      expect(answer.status).toBe(status);
      expect(await answer.json()).toMatchObject({ error: { code } });
    }
  });
});

describe('a platform that lost webhooks', () => {
  it('catches up from the feed, sees why, rotates its secret and replays', async () => {
    const { client, platform } = await shop();
    let up = false;
    const receiving = await receiver(() => (up ? 204 : 410));
    const endpoint = await client.webhookEndpoints.create({ url: receiving.url });
    const events = Array.from({ length: 5 }, () => newEvent(platform));
    await publish(app, events);
    await until(async () => {
      const failed = await client.deliveries.list({ state: 'failed' });
      return failed.data.length === 5;
    });
    await sealEvents.run(app);
    const caught: string[] = [];
    for await (const event of client.events.all({ limit: 2 })) caught.push(event.id);
    expect(caught.sort()).toEqual(events.map((event) => event.id).sort());
    const first = await client.events.get(caught[0] ?? '');
    const rest = await client.events.list({ after: first.position ?? 0 });
    expect(rest.data.map((event) => event.id)).not.toContain(first.id);

    const { data } = await client.deliveries.list({ event: first.id });
    const [lost] = data;
    if (!lost) throw new Error('the delivery is not listed');
    expect(lost).toMatchObject({ endpoint: endpoint.id, event_type: 'payment.succeeded' });
    await expect(client.deliveries.replay(lost.id)).rejects.toMatchObject({
      code: 'state_conflict',
    });
    up = true;
    await client.webhookEndpoints.update(endpoint.id, { state: 'enabled' });
    const rotated = await client.webhookEndpoints.rotateSecret(endpoint.id, { overlap_seconds: 0 });
    expect(rotated.previous_secret_until).toBeNull();
    const before = receiving.received.length;
    await client.deliveries.replay(lost.id);
    await until(async () => (await client.deliveries.get(lost.id)).state === 'delivered');
    const { body = '', headers = {} } = receiving.received[before] ?? {};
    const event = verifyWebhook({ body, headers, secrets: rotated.secret });
    expect(event).toMatchObject({ id: first.id, position: first.position });
  });
});

describe('dead jobs', () => {
  it('are seen and replayed by operators alone', async () => {
    const [operator, { key }] = [await keyOf('operator', null), await shop()];
    const job = newId('job');
    const delivery = newId('dlv');
    await app.db.query(sql`
      insert into jobs (book, id, kind, key, state, tries, last_error)
      values (0, ${job}, 'webhook.deliver', ${delivery}, 'dead', 10, 'out of luck')`);
    const list = (bearer: string) =>
      fetch(`${url}/v1/dead_jobs`, { headers: { authorization: `Bearer ${bearer}` } });
    expect((await list(key)).status).toBe(403);
    expect(await (await list(operator)).json()).toMatchObject({
      data: [{ id: job, kind: 'webhook.deliver', key: delivery, last_error: 'out of luck' }],
      has_more: false,
    });
    const replayed = await post(`/v1/dead_jobs/${job}/replay`, operator, {});
    expect(replayed.status).toBe(202);
    expect((await post(`/v1/dead_jobs/${job}/replay`, operator, {})).status).toBe(404);
    await app.jobs.idle();
    const rows = await app.db.query(sql`select id from jobs where id = ${job}`);
    expect(rows).toEqual([]);
  });
});
