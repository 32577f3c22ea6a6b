import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { brokenLaws } from '../../src/check/run.ts';
import { LAWS } from '../../src/laws/every.ts';
import { WALLETS } from '../../src/wallets/wallet.ts';
import { type ApiAnswer, type ApiRequest, type HubRig, startHubRig } from './hub-rig.ts';
import {
  idOf,
  newPayment,
  openShop,
  paidPayment,
  paymentBody,
  type Shop,
  type ShopAttempt,
  until,
} from './shop.ts';

const COPIES = 64;
const MOST_TRIES = 100;
let rig: HubRig;
let shop: Shop;

beforeAll(async () => {
  rig = await startHubRig();
  shop = await openShop(rig);
});

/** Sends again while the first copy runs, as the error says. */
async function persist(path: string, request: ApiRequest): Promise<ApiAnswer> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const answer = await rig.call('POST', path, { key: shop.key, ...request });
    const code = codeOf(answer);
    if (code !== 'idempotency_in_flight' && code !== 'concurrent_change') return answer;
    expect(answer.status).toBe(409);
    if (code === 'idempotency_in_flight') expect(answer.headers.get('retry-after')).toBe('1');
    await sleep(Math.min(50 * (tries + 1), 500));
  }
  throw new Error(`${path} is in flight for ever`);
}

function codeOf({ body }: ApiAnswer): unknown {
  const { error } = body;
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function copies(path: string, request: ApiRequest, times = COPIES): Promise<ApiAnswer[]> {
  return Promise.all(Array.from({ length: times }, () => persist(path, request)));
}

async function count(table: string, column: string, value: string): Promise<number> {
  const [row] = await rig.rows(`select count(*)::int as n from ${table} where ${column} = $1`, [
    value,
  ]);
  return Number(row?.['n']);
}

/** What the wallet's own book says was given back, once all has left: refunds go in a row. */
function refundedAtWallet(
  { wallet, wallet_reference }: ShopAttempt,
  expected: bigint,
): Promise<bigint> {
  return until(
    () => {
      const lines = rig.sandbox(wallet).transactions({ limit: 10_000 });
      return lines.find((line) => line.wallet_reference === wallet_reference)?.refunded ?? 0n;
    },
    (refunded) => refunded >= expected,
  );
}

/** The same object with its members in the opposite order. */
function reversed(body: object): object {
  return Object.fromEntries(Object.entries(body).reverse());
}

test('64 concurrent copies of one create make one payment and 64 equal answers', async () => {
  const body = paymentBody(shop);
  const idempotency = randomUUID();
  const answers = (
    await Promise.all([
      copies('/v1/payments', { body, idempotency }, COPIES / 2),
      copies('/v1/payments', { body: reversed(body), idempotency }, COPIES / 2),
    ])
  ).flat();
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  const first = answers.filter(({ headers }) => headers.get('idempotent-replayed') === null);
  expect(first).toHaveLength(1);
  expect(await count('payments', 'order_reference', body.order.reference)).toBe(1);
  const id = first[0] ? idOf(first[0]) : '';
  expect(await count('idempotency_keys', 'object_id', id)).toBe(1);
  expect(await count('events', 'payment_id', id)).toBe(1);
});

test('the key with another body is refused, and the first answer stays', async () => {
  const body = paymentBody(shop);
  const idempotency = randomUUID();
  const first = await persist('/v1/payments', { body, idempotency });
  for (const other of [
    { ...body, amount: 1 },
    { ...body, metadata: {} },
    { ...body, order: { reference: randomUUID() } },
  ]) {
    const answer = await persist('/v1/payments', { body: other, idempotency });
    expect(answer.status).toBe(422);
    expect(codeOf(answer)).toBe('idempotency_conflict');
  }
  expect((await persist('/v1/payments', { body, idempotency })).text).toBe(first.text);
  expect(await count('payments', 'order_reference', body.order.reference)).toBe(1);
});

test('a refused create leaves its key free', async () => {
  const idempotency = randomUUID();
  const wrong = paymentBody(shop, { return_url: 'https://elsewhere.example/' });
  expect((await persist('/v1/payments', { body: wrong, idempotency })).status).toBe(422);
  const answer = await persist('/v1/payments', { body: paymentBody(shop), idempotency });
  expect(answer.status).toBe(201);
});

test('64 keys for one order make one payment, and 63 answers name it', async () => {
  const body = paymentBody(shop);
  const answers = await Promise.all(
    Array.from({ length: COPIES }, () =>
      persist('/v1/payments', { body, idempotency: randomUUID() }),
    ),
  );
  const made = answers.filter(({ status }) => status === 201);
  expect(made).toHaveLength(1);
  const id = made[0] ? idOf(made[0]) : '';
  const taken = answers.filter(({ status }) => status === 409);
  expect(taken).toHaveLength(COPIES - 1);
  for (const answer of taken) {
    expect(codeOf(answer)).toBe('order_reference_taken');
    expect(answer.text).toContain(id);
  }
  expect(await count('payments', 'order_reference', body.order.reference)).toBe(1);
});

test('a key belongs to its caller and to its path', async () => {
  const neighbour = await openShop(rig);
  const idempotency = randomUUID();
  const mine = await persist('/v1/payments', { body: paymentBody(shop), idempotency });
  const theirs = await persist('/v1/payments', {
    key: neighbour.key,
    body: paymentBody(neighbour),
    idempotency,
  });
  expect(theirs.status).toBe(201);
  expect(idOf(theirs)).not.toBe(idOf(mine));
  const body = { wallet: 'alipay', presentation: 'qr' };
  const attempt = await persist(`/v1/payments/${idOf(mine)}/attempts`, { body, idempotency });
  expect(attempt.status).toBe(201);
  expect(attempt.headers.get('idempotent-replayed')).toBeNull();
});

test.each([
  ['none', undefined, 'idempotency_key_required'],
  ['an empty one', '', 'invalid_parameter'],
  ['one with a blank', 'a b', 'invalid_parameter'],
  ['one of 256 characters', 'k'.repeat(256), 'invalid_parameter'],
])('a key that is %s is refused', async (_what, idempotency, code) => {
  const body = paymentBody(shop);
  const answer = await rig.call('POST', '/v1/payments', {
    key: shop.key,
    body,
    ...(idempotency === undefined ? {} : { idempotency }),
  });
  expect(answer.status).toBe(400);
  expect(codeOf(answer)).toBe(code);
  expect(await count('payments', 'order_reference', body.order.reference)).toBe(0);
});

test.each(WALLETS)('64 copies of one attempt at %s call the wallet once', async (wallet) => {
  const payment = await newPayment(rig, shop);
  const request = { body: { wallet, presentation: 'qr' }, idempotency: randomUUID() };
  const answers = await copies(`/v1/payments/${payment}/attempts`, request);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  for (const { body } of answers) expect(body).toEqual(answers[0]?.body);
  expect(answers[0]?.body).toMatchObject({ state: 'presented', presentation: { kind: 'qr' } });
  expect(await count('attempts', 'payment_id', payment)).toBe(1);
  const calls = await rig.rows(
    "select outcome from wallet_calls where payment_id = $1 and outcome = 'presented'",
    [payment],
  );
  expect(calls).toHaveLength(1);
});

test.each(WALLETS)('64 copies of one refund at %s give money back once', async (wallet) => {
  const { payment, attempt } = await paidPayment(rig, shop, { wallet, amount: 900 });
  const idempotency = randomUUID();
  const path = `/v1/payments/${payment}/refunds`;
  const body = { amount: 300, reference: 'R-1', reason: 'too late' };
  const answers = await copies(path, { body, idempotency });
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect(new Set(answers.map(({ body: refund }) => refund['id'])).size).toBe(1);
  expect(await count('refunds', 'payment_id', payment)).toBe(1);
  const other = await persist(path, { body: { ...body, amount: 301 }, idempotency });
  expect(codeOf(other)).toBe('idempotency_conflict');
  const again = await persist(path, {
    body: { ...body, amount: 301 },
    idempotency: randomUUID(),
  });
  expect(codeOf(again)).toBe('reference_taken');
  expect(await refundedAtWallet(attempt, 300n)).toBe(300n);
});

test.each(WALLETS)('20 concurrent refunds at %s never exceed what was paid', async (wallet) => {
  const { payment, attempt } = await paidPayment(rig, shop, { wallet, amount: 10_000 });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, nth) =>
      persist(`/v1/payments/${payment}/refunds`, {
        body: { amount: 700, reference: `R-${nth}`, reason: 'one of many' },
        idempotency: randomUUID(),
      }),
    ),
  );
  const made = answers.filter(({ status }) => status === 201);
  expect(made).toHaveLength(14);
  const refused = answers.filter(({ status }) => status !== 201);
  expect(new Set(refused.map(codeOf))).toEqual(new Set(['amount_exceeds_refundable']));
  expect(await refundedAtWallet(attempt, 9_800n)).toBe(9_800n);
  const rest = { amount: 200, reference: 'rest', reason: 'the rest' };
  const path = `/v1/payments/${payment}/refunds`;
  expect((await persist(path, { body: rest, idempotency: randomUUID() })).status).toBe(201);
  const more = { amount: 1, reference: 'more', reason: 'too much' };
  const answer = await persist(path, { body: more, idempotency: randomUUID() });
  expect(codeOf(answer)).toBe('amount_exceeds_refundable');
  expect(await refundedAtWallet(attempt, 10_000n)).toBe(10_000n);
});

test('a replayed mint shows no secret', async () => {
  const request = {
    key: rig.operator_key,
    body: { role: 'marketplace', platform: shop.platform },
    idempotency: randomUUID(),
  };
  const first = await persist('/v1/keys', request);
  const again = await persist('/v1/keys', request);
  expect(first.body['secret']).toMatch(/^sk_test_/);
  expect(again.body).toEqual({ ...first.body, secret: null });
});

test('the ledger is clean after all copies', async () => {
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});
