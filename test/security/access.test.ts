import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import type { Role } from '../../src/http/caller.ts';
import { newId } from '../../src/ids.ts';
import { type HubRig, startHubRig } from './hub-rig.ts';
import { footprint } from './notify.ts';
import { filledPath, type PublicRoute, publicRoutes } from './public-routes.ts';
import { idOf, member, newPayment, openShop, paidPayment, type Shop, until } from './shop.ts';

const KINDS = ['operator', 'marketplace', 'merchant', 'wallet'] as const;
let rig: HubRig;
let shop: Shop;
let neighbour: Shop;
let routes: readonly PublicRoute[];
const keys = new Map<Role, string>();

beforeAll(async () => {
  rig = await startHubRig();
  shop = await openShop(rig);
  neighbour = await openShop(rig);
  routes = await publicRoutes(rig.url);
  keys.set('operator', rig.operator_key);
  keys.set('marketplace', neighbour.key);
  keys.set('merchant', await mint({ role: 'merchant', merchant: neighbour.merchant }));
  keys.set('wallet', await mint({ role: 'wallet', wallet: 'alipay' }));
});

async function mint(body: Record<string, unknown>): Promise<string> {
  return member(await rig.call('POST', '/v1/keys', { key: rig.operator_key, body }), 'secret');
}

function ask({ method, path }: PublicRoute, key: string | undefined) {
  return rig.call(method, filledPath(path), {
    ...(key === undefined ? {} : { key }),
    ...(method === 'GET' ? {} : { body: {}, idempotency: randomUUID() }),
  });
}

test('every route is served to the roles it names and to nobody else', async () => {
  expect(routes.length).toBeGreaterThan(30);
  const wrong: string[] = [];
  for (const route of routes) {
    for (const role of KINDS) {
      const { status } = await ask(route, keys.get(role));
      const admitted = status !== 403 && status !== 401;
      if (admitted !== route.roles.includes(role)) {
        wrong.push(`${route.method} ${route.path} as ${role}: ${status}`);
      }
      if (status >= 500) wrong.push(`${route.method} ${route.path} as ${role}: ${status}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('without a key of this installation no route is served', async () => {
  const revoked = await rig.call('POST', '/v1/keys', {
    key: rig.operator_key,
    body: { role: 'operator' },
  });
  await rig.call('GET', '/v1/keys', { key: member(revoked, 'secret') });
  const path = `/v1/keys/${idOf(revoked)}/revoke`;
  await rig.call('POST', path, { key: rig.operator_key });
  const strangers: readonly [string, string | undefined, string][] = [
    ['no key', undefined, 'unauthenticated'],
    ['a revoked key', member(revoked, 'secret'), 'unauthenticated'],
    ['an unknown key', `sk_test_${'A'.repeat(32)}`, 'unauthenticated'],
    ['a key cut short', rig.operator_key.slice(0, -1), 'unauthenticated'],
    ['a live key', rig.operator_key.replace('sk_test_', 'sk_live_'), 'wrong_mode_key'],
    ['a key with SQL in it', "sk_test_' or '1'='1", 'unauthenticated'],
  ];
  for (const route of routes) {
    for (const [what, key, code] of strangers) {
      const answer = await ask(route, key);
      expect(answer.status, `${route.method} ${route.path} with ${what}`).toBe(401);
      expect(answer.body).toMatchObject({ error: { type: 'authentication', code } });
    }
  }
});

interface Own {
  readonly payment: string;
  readonly attempt: string;
  readonly refund: string;
  readonly hold: string;
  readonly receiver: string;
  readonly settlement: string;
  readonly payout: string;
  readonly endpoint: string;
  readonly key: string;
}

/** A settled day and its payout, as a night's work leaves them. */
async function sellersMoney(): Promise<{ settlement: string; payout: string }> {
  const [settlement, payout] = [newId('stl'), newId('pyo')];
  const ours = [shop.platform, shop.merchant, rig.accounts.alipay];
  await rig.rows(
    `insert into settlements (book, id, platform_id, merchant_id, wallet_account_id, wallet, custody,
      business_date, state, gross, refunds, wallet_fees, platform_fees, adjustments, net, line_count,
      created_at)
    values (0, $4, $1, $2, $3, 'alipay', 'hub_held', '2026-01-01', 'settled', 500, 0, 3, 0, 0, 497, 2,
      now())`,
    [...ours, settlement],
  );
  await rig.rows(
    `insert into payouts (book, id, platform_id, merchant_id, wallet_account_id, wallet, kind, state,
      amount, currency, payout_reference, reservation_id, sub_merchant, created_at)
    values (0, $4, $1, $2, $3, 'alipay', 'withdrawal', 'succeeded', 497, 'CNY', $4, $4, 'S', now())`,
    [...ours, payout],
  );
  return { settlement, payout };
}

/** One of everything that belongs to the shop. */
async function belongings(): Promise<Own> {
  const over = { capture: 'escrow' };
  const { payment, attempt } = await paidPayment(rig, shop, {
    wallet: 'alipay',
    amount: 500,
    over,
  });
  const { key } = shop;
  const paid = await rig.call('GET', `/v1/payments/${payment}`, { key });
  const receiver = await rig.call('POST', '/v1/receivers', {
    key,
    body: { name: 'Own', kind: 'merchant', accounts: { alipay: { account: '2088' } } },
  });
  const refund = await rig.call('POST', `/v1/payments/${payment}/refunds`, {
    key,
    idempotency: randomUUID(),
    body: { amount: 100, reference: 'R', reason: 'broken' },
  });
  const hook = { url: 'http://127.0.0.1:9/hook', event_types: [] };
  const endpoint = await rig.call('POST', '/v1/webhook_endpoints', { key, body: hook });
  const minted = await rig.call('POST', '/v1/keys', { key, body: { role: 'marketplace' } });
  return {
    payment,
    attempt: attempt.id,
    refund: idOf(refund),
    hold: member(paid, 'hold'),
    receiver: idOf(receiver),
    ...(await sellersMoney()),
    endpoint: idOf(endpoint),
    key: idOf(minted),
  };
}

/** Once the refund has come about, and nothing was told or done about it for a while. */
async function footprintAtRest(): Promise<Record<string, unknown>> {
  let last = '';
  await until(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const now = JSON.stringify(await footprint(rig), (_k, v: unknown) =>
        typeof v === 'bigint' ? `${v}` : v,
      );
      const same = now === last;
      last = now;
      const open = await rig.rows(`select id from refunds where state <> 'succeeded'`);
      return same && open.length === 0;
    },
    (atRest) => atRest,
  );
  return footprint(rig);
}

test('what belongs to one platform does not exist for another, and stays as it is', async () => {
  const own = await belongings();
  const ids: Record<string, string> = {
    ...own,
    merchant: shop.merchant,
    platform: shop.platform,
    account: `platform:${shop.platform}`,
  };
  const bodies: Record<string, object> = {
    '/v1/payments/{payment}/attempts': { wallet: 'alipay', presentation: 'qr' },
    '/v1/payments/{payment}/refunds': { amount: 1, reference: 'X', reason: 'x' },
    '/v1/payments/{payment}/dispute': { reason: 'x' },
    '/v1/payments/{payment}/dispute/resolve': { outcome: 'return' },
    '/v1/refunds/{refund}/resolve': { to: 'merchant_account' },
    '/v1/merchants/{merchant}': { name: 'Stolen' },
    '/v1/merchants/{merchant}/enrolments': { wallet: 'alipay' },
    '/v1/platforms/{platform}': { name: 'Stolen' },
    '/v1/webhook_endpoints/{endpoint}': { url: 'http://127.0.0.1:9/stolen' },
  };
  const before = await footprintAtRest();
  const about = routes.filter(({ path }) =>
    [...path.matchAll(/\{(\w+)\}/g)].some(([, name]) => name !== undefined && name in ids),
  );
  expect(about.length).toBeGreaterThan(12);
  for (const { method, path, roles, body } of about) {
    for (const role of ['marketplace', 'merchant'] as const) {
      if (!roles.includes(role)) continue;
      const target = path.replaceAll(
        /\{(\w+)\}/g,
        (_all, name: string) => ids[name] ?? newId('evt'),
      );
      const answer = await rig.call(method, target, {
        key: keys.get(role) ?? '',
        ...(method === 'GET' ? {} : { idempotency: randomUUID() }),
        ...(body === undefined ? {} : { body: bodies[path] ?? {} }),
      });
      expect(answer.status, `${method} ${path} as ${role}: ${answer.text}`).toBe(404);
      expect(answer.body).toMatchObject({ error: { code: 'not_found' } });
    }
  }
  expect(await footprint(rig)).toEqual(before);
  const still = await rig.call('GET', '/v1/merchants', { key: shop.key });
  expect(still.status).toBe(200);
  expect(still.text).not.toContain('Stolen');
});

test('no list of one platform shows what belongs to another', async () => {
  const payment = await newPayment(rig, shop);
  const lists = routes.filter(({ method, path }) => method === 'GET' && !path.includes('{'));
  for (const { path, roles } of lists) {
    for (const role of ['marketplace', 'merchant'] as const) {
      if (!roles.includes(role)) continue;
      const answer = await rig.call('GET', path, { key: keys.get(role) ?? '' });
      expect(answer.status, `${path} as ${role}`).toBe(200);
      for (const id of [shop.platform, shop.merchant, payment]) {
        expect(answer.text, `${path} as ${role}`).not.toContain(id);
      }
    }
  }
});

test('a platform cannot act for another by naming it', async () => {
  const { key } = neighbour;
  const foreign = [
    ['/v1/merchants', { name: 'x', platform: shop.platform }],
    ['/v1/keys', { role: 'marketplace', platform: shop.platform }],
    ['/v1/keys', { role: 'merchant', merchant: shop.merchant }],
    ['/v1/webhook_endpoints', { url: 'http://127.0.0.1:9/x', platform: shop.platform }],
  ] as const;
  for (const [path, body] of foreign) {
    const answer = await rig.call('POST', path, { key, body, idempotency: randomUUID() });
    expect(answer.status, path).toBe(404);
  }
  const body = {
    merchant: shop.merchant,
    amount: 1,
    currency: 'CNY',
    description: 'x',
    order: { reference: 'x' },
  };
  const made = await rig.call('POST', '/v1/payments', { key, body, idempotency: randomUUID() });
  expect(made.status).toBe(400);
  expect(made.body).toMatchObject({ error: { param: 'merchant' } });
  for (const role of ['operator', 'wallet']) {
    const wanted = { role, wallet: 'alipay' };
    const answer = await rig.call('POST', '/v1/keys', { key, body: wanted });
    expect(answer.status, role).toBe(403);
  }
});

test('a merchant’s key sees its own payments and no other merchant’s', async () => {
  const other = await rig.call('POST', '/v1/merchants', { key: shop.key, body: { name: 'Other' } });
  const own = await mint({ role: 'merchant', merchant: shop.merchant });
  const theirs = await mint({ role: 'merchant', merchant: idOf(other) });
  const payment = await newPayment(rig, shop);
  expect((await rig.call('GET', `/v1/payments/${payment}`, { key: own })).status).toBe(200);
  expect((await rig.call('GET', `/v1/payments/${payment}`, { key: theirs })).status).toBe(404);
  const list = await rig.call('GET', `/v1/payments?merchant=${shop.merchant}`, { key: theirs });
  expect(list.text).not.toContain(payment);
});
