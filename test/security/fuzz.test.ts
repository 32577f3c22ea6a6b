import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { brokenLaws } from '../../src/check/run.ts';
import { LAWS } from '../../src/laws/every.ts';
import { WALLETS } from '../../src/wallets/wallet.ts';
import { apiRequest, type Known, pageRequest } from './fuzz-requests.ts';
import { FACTOR, noFailure, SEED, storm, wellFormed } from './fuzz-storm.ts';
import { Dice, mutated } from './fuzz-values.ts';
import { type HubRig, startHubRig } from './hub-rig.ts';
import { send } from './notify.ts';
import { type PublicRoute, publicRoutes } from './public-routes.ts';
import {
  idOf,
  member,
  newAttempt,
  newPayment,
  openShop,
  paidPayment,
  type Shop,
  until,
} from './shop.ts';
import { voices } from './wallet-voice.ts';

let rig: HubRig;
let shop: Shop;
let routes: readonly [PublicRoute, ...PublicRoute[]];
let known: Known;
let pages: readonly [string, ...string[]];

beforeAll(async () => {
  rig = await startHubRig();
  shop = await openShop(rig);
  const [first, ...more] = await publicRoutes(rig.url);
  if (!first) throw new Error('the hub tells no routes');
  routes = [first, ...more];
  const { payment } = await paidPayment(rig, shop, { wallet: 'alipay', amount: 5_000 });
  const open = await rig.call('POST', '/v1/payments', {
    key: shop.key,
    idempotency: randomUUID(),
    body: {
      merchant: shop.merchant,
      amount: 100,
      currency: 'CNY',
      description: 'x',
      order: { reference: randomUUID() },
    },
  });
  const refund = await rig.call('POST', `/v1/payments/${payment}/refunds`, {
    key: shop.key,
    idempotency: randomUUID(),
    body: { amount: 1, reference: 'r', reason: 'x' },
  });
  const ids = [
    idOf(open),
    idOf(refund),
    shop.merchant,
    shop.platform,
    rig.accounts.alipay,
  ] as const;
  known = { keys: [shop.key, shop.key, rig.operator_key], ids };
  const checkout = new URL(member(open, 'checkout_url')).pathname;
  pages = [
    checkout,
    `${checkout}/state`,
    `${checkout}/wallet`,
    `${checkout}/cancel`,
    `${checkout}/login/wechat_pay`,
    `${checkout}/login/alipay`,
    `/c/return/${idOf(open)}`,
    '/c',
    '/docs',
    '/docs/errors',
    '/openapi.json',
    '/assets',
    '/healthz',
    '/readyz',
    '/metrics',
    `/notify/wechat_pay/${rig.accounts.wechat_pay}`,
    `/notify/alipay/${rig.accounts.alipay}`,
    '/',
  ];
});

test('no request to the API makes it fail, hang or speak in another form', async () => {
  const { wrong, taken } = await storm({
    root: rig.url,
    cases: 400 * FACTOR,
    make: (dice, nth) => apiRequest(dice, dice.pick(routes), known, nth),
    judge: wellFormed,
  });
  expect(wrong).toEqual([]);
  expect(taken).toBeGreaterThan(20);
});

test('no request to a page, a probe or the wallets’ door makes it fail or hang', async () => {
  const make = (dice: Dice) => pageRequest(dice, pages);
  const { wrong } = await storm({ root: rig.url, cases: 200 * FACTOR, make, judge: noFailure });
  expect(wrong).toEqual([]);
});

describe.each(WALLETS)('what %s signs', (wallet) => {
  // The storm had an operator's key, and may have suspended what is needed here.
  beforeAll(async () => {
    for (const account of Object.values(rig.accounts)) {
      const path = `/v1/wallet_accounts/${account}`;
      const body = { state: 'active' };
      const { status } = await rig.call('PATCH', path, { key: rig.operator_key, body });
      expect(status).toBe(200);
    }
    shop = await openShop(rig);
  });

  test('may say anything at all without making the hub fail', async () => {
    const voice = voices(rig)[wallet];
    const payment = await newPayment(rig, shop);
    const { wallet_reference } = await newAttempt(rig, shop, { payment, wallet });
    const wrong: string[] = [];
    for (let nth = 0; nth < 80 * FACTOR; nth += 1) {
      const dice = new Dice(SEED + nth);
      const content = (fields: Record<string, unknown>) => ({
        ...fields,
        ...Object.fromEntries(Object.entries(Object(mutated(dice, fields)))),
      });
      const refund_reference = dice.chance(0.4) ? { refund_reference: wallet_reference } : {};
      const said = { wallet_reference, amount: 6_900n, ...refund_reference };
      const answer = await send(rig, { wallet }, await voice.letter(said, { content }));
      if (answer.status >= 500) wrong.push(`seed ${SEED} case ${nth}: ${answer.text}`);
    }
    expect(wrong).toEqual([]);
    await until(
      () => rig.rows('select id, content from notifications where processed_at is null'),
      (rows) => rows.length === 0,
    );
  });

  test('may hold what no database stores or indexes, in any one field', async () => {
    const voice = voices(rig)[wallet];
    const payment = await newPayment(rig, shop);
    const { wallet_reference } = await newAttempt(rig, shop, { payment, wallet });
    const said = { wallet_reference, amount: 6_900n };
    let names: readonly string[] = [];
    const note = (fields: Record<string, unknown>) => {
      names = Object.keys(fields);
      return fields;
    };
    await voice.letter(said, { content: note });
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      for (const value of ['S\u0000', 'S\ud800', 'S'.repeat(4_000)]) {
        const content = (fields: Record<string, unknown>) => ({ ...fields, [name]: value });
        const answer = await send(rig, { wallet }, await voice.letter(said, { content }));
        expect([name, answer.status < 500]).toEqual([name, true]);
      }
    }
  });
});

test('after all that the hub is ready, takes a payment, and its ledger is clean', async () => {
  expect((await rig.call('GET', '/readyz')).status).toBe(200);
  const fresh = await openShop(rig);
  for (const wallet of WALLETS) await paidPayment(rig, fresh, { wallet, amount: 700 });
  const path = '/v1/dead_jobs';
  const dead = await rig.call('GET', path, { key: rig.operator_key });
  expect(dead.body).toMatchObject({ data: [] });
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});
