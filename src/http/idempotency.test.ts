import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type HubAnswer, startTestHub, type TestHub } from '../../test/support/hub.ts';
import { sql } from '../db/pool.ts';
import { ulid } from '../ids.ts';
import { canonicalJson, jsonText } from './canonical-json.ts';
import { type CallKey, findKey, finishKey, forgetOldKeys } from './idempotency.ts';

const COPIES = 64;
let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

async function slugs(slug: string): Promise<number> {
  const rows = await hub.app.db.query(sql`select 1 from platforms where slug = ${slug}`);
  return rows.length;
}

async function keys(): Promise<number> {
  const rows = await hub.app.db.query(sql`select 1 from api_keys`);
  return rows.length;
}

function newSlug(): string {
  return `s_${ulid().toLowerCase()}`;
}

function create(slug: string, idempotency: string, over: Record<string, unknown> = {}) {
  return hub.call('POST', '/v1/platforms', { idempotency, body: { slug, name: 'A', ...over } });
}

describe('one key', () => {
  test(`of ${COPIES} concurrent copies makes one object and gives every copy the same answer`, async () => {
    const slug = newSlug();
    const answers = await Promise.all(
      Array.from({ length: COPIES }, () => create(slug, `copies-${slug}`)),
    );
    expect(await slugs(slug)).toBe(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    const bodies = answers.map(({ json }) => canonicalJson(json));
    expect(new Set(bodies).size).toBe(1);
    const fresh = answers.filter(({ headers }) => headers.get('idempotent-replayed') === null);
    expect(fresh).toHaveLength(1);
  });

  test('with the same body in another spelling is replayed, with another body refused', async () => {
    const slug = newSlug();
    const first = await create(slug, slug, { metadata: { a: '1', b: '2' } });
    const raw = ` {"metadata":{"b":"2","a":"1"},"name":"\\u0041","slug":"${slug}"}`;
    const again = await hub.call('POST', '/v1/platforms', { idempotency: slug, raw });
    expect([again.status, again.json]).toEqual([201, first.json]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await create(slug, slug, { name: 'B' });
    expect([other.status, other.error?.code]).toEqual([422, 'idempotency_conflict']);
    expect(await slugs(slug)).toBe(1);
  });

  test('is free again after a refusal, which leaves nothing behind', async () => {
    const [taken, free] = [newSlug(), newSlug()];
    await create(taken, `first-${taken}`);
    const refused = await create(taken, `second-${taken}`);
    expect([refused.status, refused.error?.code]).toEqual([409, 'reference_taken']);
    expect((await create(free, `second-${taken}`)).status).toBe(201);
  });

  test('belongs to its path and to its caller', async () => {
    const slug = newSlug();
    const made = await create(slug, slug);
    const platform = made.json['id'];
    const merchant = { name: 'M', platform };
    const elsewhere = await hub.call('POST', '/v1/merchants', {
      idempotency: slug,
      body: merchant,
    });
    expect([elsewhere.status, elsewhere.json['object']]).toEqual([201, 'merchant']);
    const body = { role: 'marketplace', platform };
    const minted = await hub.call('POST', '/v1/keys', { body });
    const key = String(minted.json['secret']);
    const own = { idempotency: slug, key, body: { name: 'M' } };
    const first = await hub.call('POST', '/v1/merchants', own);
    expect(first.json['id']).not.toBe(elsewhere.json['id']);
    // A rotated API key is the same caller.
    const rotated = await hub.call('POST', `/v1/keys/${String(minted.json['id'])}/rotate`);
    const again = await hub.call('POST', '/v1/merchants', {
      ...own,
      key: String(rotated.json['secret']),
    });
    expect([again.status, again.json]).toEqual([201, first.json]);
  });

  test('never replays a secret', async () => {
    const request = { idempotency: newSlug(), body: { role: 'operator' } };
    const before = await keys();
    const first = await hub.call('POST', '/v1/keys', request);
    const again = await hub.call('POST', '/v1/keys', request);
    expect(String(first.json['secret'])).toMatch(/^sk_test_/);
    expect(again.json).toEqual({ ...first.json, secret: null });
    expect(await keys()).toBe(before + 1);
    const rows = await hub.app.db.query<{ response: string }>(sql`
      select response from idempotency_keys`);
    expect(rows.some(({ response }) => response?.includes(String(first.json['secret'])))).toBe(
      false,
    );
  });

  test('is 1 to 255 visible characters', async () => {
    for (const idempotency of ['x'.repeat(256), 'a b']) {
      const answer = await create(newSlug(), idempotency);
      expect([answer.status, answer.error?.param]).toEqual([400, 'Idempotency-Key']);
    }
    expect((await create(newSlug(), 'y'.repeat(255))).status).toBe(201);
  });

  test('is asked for where money moves', async () => {
    const slug = newSlug();
    const platform = (await create(slug, slug)).json['id'];
    const body = { role: 'marketplace', platform };
    const key = String((await hub.call('POST', '/v1/keys', { body })).json['secret']);
    const answer: HubAnswer = await hub.call('POST', '/v1/payments', { key, body: {} });
    expect([answer.status, answer.error?.code]).toEqual([400, 'idempotency_key_required']);
  });
});

describe('a key in flight to a wallet', () => {
  async function begin(lease_ms: number): Promise<CallKey> {
    const key: CallKey = {
      book: 0,
      key_hash: ulid(),
      body_digest: 'same',
      lease_until: new Date(Date.now() + lease_ms),
    };
    await hub.app.db.query(sql`
      insert into idempotency_keys (book, key_hash, body_digest, state, lease_until, object_id)
      values (0, ${key.key_hash}, 'same', 'in_flight', ${key.lease_until}, 'att_x')`);
    return key;
  }

  test('makes a copy wait within its lease', async () => {
    const key = await begin(60_000);
    await expect(findKey(hub.app.db, key)).rejects.toMatchObject({
      code: 'idempotency_in_flight',
      detail: { retry_after_s: 1 },
    });
    const other = { ...key, body_digest: 'other' };
    await expect(findKey(hub.app.db, other)).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
  });

  test('names its object when the lease is over, and when the call is', async () => {
    const object = { kind: 'object', object_id: 'att_x' };
    expect(await findKey(hub.app.db, await begin(-1))).toEqual(object);
    const key = await begin(60_000);
    await finishKey(hub.app.db, key);
    expect(await findKey(hub.app.db, key)).toEqual(object);
    expect(await findKey(hub.app.db, { ...key, key_hash: 'unknown' })).toBeUndefined();
  });
});

test('keys are kept for 30 days and then forgotten', async () => {
  const { app } = hub;
  await app.db.query(sql`
    insert into idempotency_keys
      (book, key_hash, body_digest, state, lease_until, status, response, created_at)
    select 0, age || '', '', 'done', now(), 200, '{}', now() - make_interval(days => age)
    from unnest(array[29, 31, 400]) as age`);
  await forgetOldKeys.run(app);
  const left = await app.db.query<{ key_hash: string }>(sql`
    select key_hash from idempotency_keys where length(key_hash) < 4 order by key_hash`);
  expect(left).toEqual([{ key_hash: '29' }]);
});

describe('canonical JSON', () => {
  test('is the same for any order of keys, and means what the value means', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([k, v]) => [k, shuffled(v)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(shuffled(value))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('refuses deep nesting instead of running out of stack', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 10_000; i += 1) deep = [deep];
    expect(() => canonicalJson(deep)).toThrow('nests deeper');
  });

  test('an amount is written as an integer, and one that JSON cannot hold not at all', () => {
    expect(jsonText({ amount: 9_007_199_254_740_991n })).toBe('{"amount":9007199254740991}');
    expect(() => jsonText({ amount: 9_007_199_254_740_992n })).toThrow(RangeError);
  });
});
