import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../test/support/hub.ts';
import { sql } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { mintKey } from '../platforms/keys.ts';

/** Combined orders as the API takes and shows them. */
let hub: TestHub;
let key: string;
let merchant_key: string;
const merchants: string[] = [];
let stranger: string;

beforeAll(async () => {
  hub = await startTestHub();
  const { app } = hub;
  const [own, other] = [newId('plt'), newId('plt')];
  for (const id of [own, other]) {
    await app.db.query(sql`
      insert into platforms (id, slug, name) values (${id}, ${`p${id.slice(-6).toLowerCase()}`}, 'P')`);
  }
  for (const platform of [own, own, other]) {
    const id = newId('mer');
    await app.db.query(sql`
      insert into merchants (id, platform_id, name) values (${id}, ${platform}, 'Stall')`);
    merchants.push(id);
  }
  stranger = merchants.pop() ?? '';
  key = (await mintKey(app, app.db, { role: 'marketplace', platform_id: own })).secret;
  const merchant_id = merchants[0] ?? '';
  merchant_key = (await mintKey(app, app.db, { role: 'merchant', merchant_id, platform_id: own }))
    .secret;
});

function create(over: Record<string, unknown>) {
  const parts = merchants.map((merchant, index) => ({
    merchant,
    amount: 100 + index,
    description: `Order ${index}`,
    reference: `${index}`,
  }));
  const order = { reference: randomUUID() };
  const body = { amount: 201, currency: 'CNY', description: 'Two shops', order, parts, ...over };
  return hub.call('POST', '/v1/payments', { key, idempotency: randomUUID(), body });
}

test('a combined order shows its parts, to its marketplace only', async () => {
  const made = await create({});
  expect(made.status).toBe(201);
  expect(made.json).toMatchObject({
    merchant: merchants[0],
    amount: 201,
    parts: [
      { merchant: merchants[0], amount: 100, refunded_amount: 0, reference: '0' },
      { merchant: merchants[1], amount: 101, refunded_amount: 0, reference: '1' },
    ],
  });
  const path = `/v1/payments/${String(made.json['id'])}`;
  expect((await hub.call('GET', path, { key })).json).toEqual(made.json);
  expect((await hub.call('GET', path, { key: merchant_key })).status).toBe(404);
  const list = await hub.call('GET', '/v1/payments', { key: merchant_key });
  expect(list.json['data']).toEqual([]);
  expect((await hub.call('GET', '/v1/payments', { key })).text).toContain('Order 1');
});

test('parts that do not make up the payment are refused, and nothing is made', async () => {
  const part = { merchant: merchants[0], amount: 100, description: 'x', reference: 'a' };
  const wrong: readonly [Record<string, unknown>, string][] = [
    [{ amount: 200 }, 'amount'],
    [{ merchant: merchants[0] }, 'merchant'],
    [{ parts: undefined }, 'merchant'],
    [{ parts: [part] }, 'parts'],
    [{ amount: 200, parts: [part, part] }, 'parts'],
    [{ amount: 200, parts: [part, { ...part, merchant: stranger, reference: 'b' }] }, 'merchant'],
    [{ amount: 200, parts: [part, { ...part, reference: 'b' }], capture: 'escrow' }, 'parts'],
  ];
  const count = async () => hub.app.db.query(sql`select count(*) as n from payments`);
  const before = await count();
  for (const [over, param] of wrong) {
    const answer = await create(over);
    expect([answer.status, answer.error?.param], JSON.stringify(over)).toEqual([400, param]);
  }
  expect(await count()).toEqual(before);
});
