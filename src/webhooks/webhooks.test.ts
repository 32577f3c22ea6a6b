import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import type { App } from '../app.ts';
import { verifyWebhook } from '../client/verify-webhook.ts';
import { sql } from '../db/pool.ts';
import { isId } from '../ids.ts';
import { deliverWebhook, RETRY_GAPS_MS } from './deliver.ts';
import type { Endpoint } from './endpoint.ts';
import { deleteEndpoint, findEndpoint } from './endpoint-queries.ts';
import { changeEndpoint, createEndpoint } from './endpoints.ts';
import { publishEvents } from './publish.ts';
import { type Delivery, selectDeliveries } from './queries.ts';
import { replayDelivery } from './replay.ts';
import { createSigner } from './signing.ts';
import { addPlatform, newEvent, publish, receiver, until, webhookApp } from './testing.ts';

let app: App;
let stop: () => Promise<void>;

beforeAll(async () => {
  const { url } = await createTestDatabase();
  ({ app, stop } = webhookApp(url));
  app.jobs.start(app, [deliverWebhook], []);
});

afterAll(() => stop());

async function endpointOf(platform_id: string, url: string, event_types: readonly string[] = []) {
  return app.db.transaction((tx) => createEndpoint(app, tx, { platform_id, url, event_types }));
}

function deliveriesOf(platform_id: string): Promise<Delivery[]> {
  const any = { endpoint_id: null, event_id: null, payment_id: null, state: null, before: null };
  return selectDeliveries(app.db, { book: 0, platform_id, ...any, limit: 100 });
}

function disable(id: string): Promise<Endpoint> {
  return changeEndpoint(app, app.db, { id, change: { state: 'disabled' } });
}

async function replay(delivery: Delivery): Promise<Delivery> {
  const reopened = await app.db.transaction((tx) => replayDelivery(tx, delivery));
  app.jobs.wake();
  return reopened;
}

async function settled(platform_id: string): Promise<Delivery[]> {
  let deliveries: Delivery[] = [];
  await until(async () => {
    deliveries = await deliveriesOf(platform_id);
    return deliveries.length > 0 && deliveries.every((one) => one.state !== 'pending');
  });
  return deliveries;
}

describe('a webhook', () => {
  it('arrives signed, as the event, and is written down', async () => {
    const platform = await addPlatform(app);
    const shop = await receiver();
    const { secret } = await endpointOf(platform, shop.url);
    const event = newEvent(platform);
    await publish(app, [event]);
    const [delivery] = await settled(platform);
    expect(delivery).toMatchObject({ state: 'delivered', tries: 1, last_status: 204 });
    expect(delivery?.delivered_at).toBeInstanceOf(Date);
    expect(isId('dlv', delivery?.id ?? '')).toBe(true);
    const [request] = shop.received;
    expect(request?.headers['webhook-id']).toBe(event.id);
    const { body = '', headers = {} } = request ?? {};
    expect(verifyWebhook({ body, headers, secrets: secret })).toMatchObject({
      id: event.id,
      object: 'event',
      type: 'payment.succeeded',
      livemode: false,
      platform,
      sequence: 1,
      position: null,
      data: { object: { id: event.object_id, amount: 1234 } },
    });
  });

  it('is verified by the public key alone', async () => {
    const platform = await addPlatform(app);
    const shop = await receiver();
    const { endpoint, secret } = await endpointOf(platform, shop.url);
    await publish(app, [newEvent(platform)]);
    await settled(platform);
    const { public_key } = createSigner(app.vault, endpoint.id, secret);
    const { body = '', headers = {} } = shop.received[0] ?? {};
    expect(verifyWebhook({ body, headers, secrets: public_key }).platform).toBe(platform);
  });

  it('is tried again after failures with the same id, until it is taken', async () => {
    const platform = await addPlatform(app);
    const answers = ['never', 500, 302, 204] as const;
    const shop = await receiver((nth) => answers[nth - 1] ?? 204);
    await endpointOf(platform, shop.url);
    const event = newEvent(platform);
    await publish(app, [event]);
    const [delivery] = await settled(platform);
    expect(delivery).toMatchObject({ state: 'delivered', tries: 4 });
    expect(shop.received.map((request) => request.headers['webhook-id'])).toEqual(
      Array.from({ length: 4 }, () => event.id),
    );
    expect(shop.received.every((request) => request.path === '/hook')).toBe(true);
  });

  it('goes to every endpoint that wants its type, and to no other platform', async () => {
    const platform = await addPlatform(app);
    const [all, refunds, gone, foreign] = await Promise.all([
      receiver(),
      receiver(),
      receiver(),
      receiver(),
    ]);
    await endpointOf(platform, all.url);
    await endpointOf(platform, refunds.url, ['refund.succeeded']);
    const disabled = await endpointOf(platform, gone.url);
    await disable(disabled.endpoint.id);
    await endpointOf(await addPlatform(app), foreign.url);
    await publish(app, [
      newEvent(platform),
      newEvent(platform, { type: 'refund.succeeded' }),
      newEvent(platform, { type: 'attempt.created', public: false, sequence: 0 }),
    ]);
    const deliveries = await settled(platform);
    expect(deliveries).toHaveLength(3);
    expect(new Set(deliveries.map((one) => one.id)).size).toBe(3);
    expect(all.received).toHaveLength(2);
    expect(refunds.received).toHaveLength(1);
    expect(gone.received).toHaveLength(0);
    expect(foreign.received).toHaveLength(0);
  });

  it('of each of a hundred events in one batch arrives, whatever fails between', async () => {
    const platform = await addPlatform(app);
    const shop = await receiver((nth) => (nth % 3 === 0 ? 503 : 200));
    await endpointOf(platform, shop.url);
    const events = Array.from({ length: 100 }, () => newEvent(platform));
    await publish(app, events);
    await settled(platform);
    const ids = new Set(shop.received.map((request) => request.headers['webhook-id']));
    expect(ids).toEqual(new Set(events.map((event) => event.id)));
  });

  it('answered with 410 disables its endpoint', async () => {
    const platform = await addPlatform(app);
    const shop = await receiver(() => 410);
    const { endpoint } = await endpointOf(platform, shop.url);
    await publish(app, [newEvent(platform)]);
    const [delivery] = await settled(platform);
    expect(delivery).toMatchObject({ state: 'failed', tries: 1, last_status: 410 });
    expect(await findEndpoint(app.db, endpoint.id)).toMatchObject({
      state: 'disabled',
      disabled_reason: 'the receiver answered 410 Gone',
    });
  });

  it('whose endpoint was deleted fails without a request', async () => {
    const platform = await addPlatform(app);
    const shop = await receiver();
    const { endpoint } = await endpointOf(platform, shop.url);
    await app.db.transaction(async (tx) => {
      await publishEvents(tx, [newEvent(platform)]);
      await deleteEndpoint(tx, endpoint.id);
    });
    app.jobs.wake();
    const [delivery] = await settled(platform);
    expect(delivery).toMatchObject({ state: 'failed', last_error: 'the endpoint was deleted' });
    expect(shop.received).toHaveLength(0);
  });
});

describe('a delivery that failed', () => {
  /** As if all but the last try were made already. */
  async function failed(url: string): Promise<{ platform: string; delivery: Delivery }> {
    const platform = await addPlatform(app);
    await endpointOf(platform, url);
    const event = newEvent(platform);
    await app.db.transaction(async (tx) => {
      await publishEvents(tx, [event]);
      await tx.query(sql`
        update deliveries set tries = ${RETRY_GAPS_MS.length} where event_id = ${event.id}`);
    });
    app.jobs.wake();
    const [delivery] = await settled(platform);
    if (!delivery) throw new Error('no delivery was made');
    return { platform, delivery };
  }

  it('stays failed after its last try, and is delivered by a replay', async () => {
    const shop = await receiver((nth) => (nth <= 2 ? 500 : 204));
    const { platform, delivery } = await failed(shop.url);
    expect(delivery).toMatchObject({ state: 'failed', tries: 13, last_error: 'answered 500' });
    expect(delivery.next_at).toBeNull();
    const reopened = await replay(delivery);
    expect(reopened.state).toBe('pending');
    const [after] = await settled(platform);
    // The replay has a schedule of its own: its first failure was tried again.
    expect(after).toMatchObject({ state: 'delivered', tries: 15 });
    expect(shop.received).toHaveLength(3);
  });

  it('is delivered again although it was delivered, when asked', async () => {
    const platform = await addPlatform(app);
    const shop = await receiver();
    await endpointOf(platform, shop.url);
    await publish(app, [newEvent(platform)]);
    const [delivery] = await settled(platform);
    if (delivery) await replay(delivery);
    const [after] = await settled(platform);
    expect(after).toMatchObject({ state: 'delivered', tries: 2 });
  });

  it('cannot be replayed to an endpoint that is disabled', async () => {
    const shop = await receiver(() => 500);
    const { delivery } = await failed(shop.url);
    await disable(delivery.endpoint_id);
    await expect(replay(delivery)).rejects.toMatchObject({ code: 'state_conflict' });
  });
});
