import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import type { App } from '../app.ts';
import { verifyWebhook } from '../client/verify-webhook.ts';
import { sql } from '../db/pool.ts';
import { deliverWebhook } from './deliver.ts';
import { type Endpoint, MAX_ENDPOINTS } from './endpoint.ts';
import { createEndpoint, rotateEndpointSecret } from './endpoints.ts';
import { addPlatform, newEvent, publish, receiver, until, webhookApp } from './testing.ts';

let app: App;
let stop: () => Promise<void>;

beforeAll(async () => {
  const { url } = await createTestDatabase();
  ({ app, stop } = webhookApp(url));
  app.jobs.start(app, [deliverWebhook], []);
});

afterAll(() => stop());

async function endpointOf(platform_id: string, url: string) {
  const input = { platform_id, url, event_types: [] };
  return app.db.transaction((tx) => createEndpoint(app, tx, input));
}

describe('an endpoint', () => {
  it('is signed for with both secrets while a rotation overlaps, then with one', async () => {
    const platform = await addPlatform(app);
    const shop = await receiver();
    const old = await endpointOf(platform, shop.url);
    const { id } = old.endpoint;
    const rotated = await rotateEndpointSecret(app, app.db, { id, overlap_s: 3_600 });
    await publish(app, [newEvent(platform)]);
    await until(() => shop.received.length === 1);
    await app.db.query(sql`update webhook_endpoints set previous_until = now() where id = ${id}`);
    await publish(app, [newEvent(platform)]);
    await until(() => shop.received.length === 2);
    const verifies = (nth: number, secrets: string) => {
      const { body = '', headers = {} } = shop.received[nth] ?? {};
      return () => verifyWebhook({ body, headers, secrets });
    };
    expect(verifies(0, old.secret)).not.toThrow();
    expect(verifies(0, rotated.secret)).not.toThrow();
    expect(verifies(1, old.secret)).toThrow(expect.objectContaining({ mistake: 'wrong_secret' }));
    expect(verifies(1, rotated.secret)).not.toThrow();
  });

  it('keeps its secret sealed', async () => {
    const platform = await addPlatform(app);
    const { endpoint, secret } = await endpointOf(platform, 'https://shop.example/hook');
    expect(endpoint.secret.includes(secret)).toBe(false);
    expect(app.vault.open(endpoint.secret, endpoint.id)).toBe(secret);
  });

  it('is refused where the hub may not call', async () => {
    const platform = await addPlatform(app);
    for (const url of [
      'http://shop.example/hook',
      'https://10.0.0.1/hook',
      'https://169.254.169.254/latest',
      'https://[fd00:ec2::254]/',
      'https://intranet/hook',
      'https://user:word@shop.example/',
      'https://shop.example/#part',
      'ftp://shop.example/',
      'not a url',
    ]) {
      const refused = endpointOf(platform, url);
      await expect(refused).rejects.toMatchObject({ code: 'url_not_allowed' });
    }
  });

  it('on loopback is refused in production', async () => {
    const live = { ...app, config: { ...app.config, mode: 'production' as const } };
    for (const url of ['http://127.0.0.1/', 'https://localhost/', 'https://[::1]/']) {
      const input = { platform_id: await addPlatform(app), url, event_types: [] };
      const refused = app.db.transaction((tx) => createEndpoint(live, tx, input));
      await expect(refused).rejects.toMatchObject({ code: 'url_not_allowed' });
    }
  });

  it('is one of a limited number, at any concurrency', async () => {
    const platform = await addPlatform(app);
    const made = await Promise.allSettled(
      Array.from({ length: MAX_ENDPOINTS + 4 }, () =>
        endpointOf(platform, 'https://shop.example/hook'),
      ),
    );
    const endpoints = made.flatMap((one): Endpoint[] =>
      one.status === 'fulfilled' ? [one.value.endpoint] : [],
    );
    expect(endpoints).toHaveLength(MAX_ENDPOINTS);
  });
});
