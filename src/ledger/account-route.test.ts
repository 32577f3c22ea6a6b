import { beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../test/support/hub.ts';
import { createClient, NotFoundError } from '../client/client.ts';
import { sql } from '../db/pool.ts';
import { newId, ulid } from '../ids.ts';
import { createPlatform } from '../platforms/create.ts';
import { mintKey } from '../platforms/keys.ts';
import { createReceiver } from '../receivers/create.ts';
import { merchantAccount, platformAccount, receiverAccount, suspense } from './accounts.ts';
import type { AccountSpec, NewPosting } from './ledger.ts';
import { end, fund, move, transfer } from './testing-moves.ts';

/** One account of the ledger over HTTP: what it says of any moment, and to whom. */
let hub: TestHub;
let own: Shop;
let other: Shop;

interface Shop {
  readonly key: string;
  readonly platform: AccountSpec;
  readonly receiver: AccountSpec;
}

async function openShop(book = 0): Promise<Shop> {
  const { app } = hub;
  const slug = ulid().toLowerCase();
  const { id } = await createPlatform(app.db, { slug, name: 'Shop', book });
  const receiver = await createReceiver(app.db, {
    platform_id: id,
    name: 'Referrer',
    kind: 'merchant',
    accounts: { alipay: { account: '2088' } },
  });
  const { secret } = await mintKey(app, app.db, { role: 'marketplace', platform_id: id });
  return { key: secret, platform: platformAccount(id), receiver: receiverAccount(receiver.id) };
}

beforeAll(async () => {
  hub = await startTestHub();
});

beforeEach(async () => {
  [own, other] = await Promise.all([openShop(), openShop()]);
});

function post(...postings: NewPosting[]) {
  return hub.app.ledger.submit(move(postings));
}

function look({ id }: { id: string }, { query = '', key }: { query?: string; key?: string } = {}) {
  const path = `/v1/ledger/accounts/${id}${query}`;
  return hub.call('GET', path, key === undefined ? {} : { key });
}

/** A moment after all that was written, and before all that will be. */
async function between(): Promise<string> {
  const [row] = await hub.app.db.query<{ at: Date }>(sql`
    select date_trunc('milliseconds', clock_timestamp()) as at, pg_sleep(0.002)`);
  return row!.at.toISOString();
}

test('an account is said as it is now, and as it was before, between and after postings', async () => {
  const { platform, receiver } = own;
  const nothing = { posted: 0, reserved: 0, available: 0, incoming: 0 };
  const before = await between();
  await fund(hub.app.ledger, platform, 1_000n);
  const funded = await between();
  const held = transfer(platform, receiver, 300n, { kind: 'pending' });
  await post(held);
  const reserved = await between();
  await post(end('post', held));
  const over = await between();
  const told = [
    [platform, before, nothing],
    [platform, funded, { posted: 1_000, reserved: 0, available: 1_000, incoming: 0 }],
    [platform, reserved, { posted: 1_000, reserved: 300, available: 700, incoming: 0 }],
    [platform, over, { posted: 700, reserved: 0, available: 700, incoming: 0 }],
    [receiver, funded, nothing],
    [receiver, reserved, { ...nothing, incoming: 300 }],
    [receiver, over, { posted: 300, reserved: 0, available: 300, incoming: 0 }],
  ] as const;
  for (const [account, at, amounts] of told) {
    const { status, json } = await look(account, { query: `?at=${at}` });
    expect([status, json]).toEqual([
      200,
      {
        object: 'ledger_account',
        account: account.id,
        book: 0,
        currency: 'CNY',
        at,
        normal: 'credit',
        ...amounts,
        floor: null,
        cap: null,
      },
    ]);
  }
  const now = (await look(platform)).json;
  expect(now).toMatchObject({ posted: 700, available: 700 });
  expect(Date.parse(String(now['at']))).toBeGreaterThan(Date.parse(over));
  const again = await look(platform, { query: `?at=${now['at']}` });
  expect(again.json).toEqual(now);
});

test('what leaves and comes is on the account’s own side, and its limits are said', async () => {
  const wallet = newId('wac');
  const owed = suspense({ id: wallet, custody: 'hub_held' });
  const at_wallet: AccountSpec = { id: `wallet:${wallet}`, normal: 'debit', cap: 9_000n };
  await post(transfer(at_wallet, owed, 500n));
  await post(transfer(at_wallet, owed, 20n, { kind: 'pending' }));
  await post(transfer(owed, at_wallet, 70n, { kind: 'pending' }));
  const amounts = { posted: 500, reserved: 70, available: 430, incoming: 20 };
  const left = { normal: 'credit', ...amounts, floor: 0, cap: null };
  const right = { normal: 'debit', ...amounts, floor: null, cap: 9_000 };
  expect((await look(owed)).json).toMatchObject(left);
  expect((await look(at_wallet)).json).toMatchObject(right);
});

test('a time that is none, or has not come, and a book that there cannot be are refused', async () => {
  await fund(hub.app.ledger, own.platform, 1n);
  const wrong = [
    ['at', '?at=yesterday', /at: .*date/i],
    ['at', '?at=2026-02-30T00:00:00Z', /at: .*date/i],
    ['at', '?at=2026-01-01', /at: .*date/i],
    ['at', '?at=9999-01-01T00:00:00Z', /in the future/],
    ['at', '?at=2026-01-01T00:00:00Z&at=2026-01-01T00:00:00Z', /at: /],
    ['book', '?book=1024', /must be 0 to 1023/],
    ['book', '?book=-1', /whole number/],
  ] as const;
  for (const [param, query, message] of wrong) {
    const { status, error } = await look(own.platform, { query });
    expect([query, status, error?.code, error?.param]).toEqual([
      query,
      400,
      'invalid_parameter',
      param,
    ]);
    expect(error?.message).toMatch(message);
  }
  const long_ago = await look(own.platform, { query: '?at=0000-01-01T00:00:00Z' });
  expect([long_ago.status, long_ago.json['posted']]).toEqual([200, 0]);
});

test('an account that is not there does not exist, in that book', async () => {
  await fund(hub.app.ledger, own.platform, 5n);
  expect((await look(own.platform, { query: '?book=0' })).status).toBe(200);
  for (const [account, query] of [
    [own.platform, '?book=1'],
    [platformAccount(newId('plt')), ''],
    [platformAccount(newId('plt')), '?at=2026-01-01T00:00:00Z'],
    [{ id: '%00' }, ''],
    [{ id: '%E4%BD%99' }, ''],
  ] as const) {
    const { status, error } = await look(account, { query });
    expect([account.id, status, error?.code]).toEqual([account.id, 404, 'not_found']);
  }
});

test('a platform reads its own account and those of its receivers, in its own book', async () => {
  const shop = await openShop(7);
  const posting = transfer(shop.platform, shop.receiver, 30n);
  await hub.app.ledger.submit(move([posting], { book: 7 }));
  const { ledger } = createClient({ base_url: hub.url, api_key: shop.key });
  expect(await ledger.account(shop.receiver.id)).toMatchObject({ book: 7, posted: 30 });
  expect(await ledger.account(shop.platform.id, { book: 7 })).toMatchObject({ posted: -30 });
  const at = '2020-01-01T00:00:00.000Z';
  expect(await ledger.account(shop.receiver.id, { at })).toMatchObject({ at, posted: 0 });
  await expect(ledger.account(own.platform.id)).rejects.toBeInstanceOf(NotFoundError);
  expect((await look(shop.receiver, { query: '?book=7' })).json).toMatchObject({ posted: 30 });
});

test('for a platform no other account exists, whether it is there or not', async () => {
  const wallet = newId('wac');
  const foreign: AccountSpec[] = [
    other.platform,
    other.receiver,
    merchantAccount(newId('mer')),
    suspense({ id: wallet, custody: 'hub_held' }),
    { id: `wallet:${wallet}`, normal: 'debit' },
    { id: `wallet_fees:${wallet}`, normal: 'credit' },
    { id: `${own.platform.id}:x`, normal: 'credit' },
    { id: own.platform.id.replace(':', ''), normal: 'credit' },
    { id: own.platform.id.toUpperCase(), normal: 'credit' },
  ];
  for (const account of foreign) {
    await fund(hub.app.ledger, account, 1n);
    expect((await look(account)).status, account.id).toBe(200);
  }
  const absent = await look(own.platform, { key: own.key });
  expect(absent.status).toBe(404);
  for (const { id } of foreign) {
    for (const query of ['', '?at=9999-01-01T00:00:00Z', '?book=1']) {
      const { status, error } = await look({ id }, { key: own.key, query });
      const { request_id, ...rest } = error!;
      expect([id, status, rest]).toEqual([id, 404, { ...absent.error, request_id: undefined }]);
      expect(request_id).toMatch(/^req_/);
    }
  }
});

test('other keys read no account', async () => {
  const { app } = hub;
  const { secret } = await mintKey(app, app.db, { role: 'wallet', wallet: 'alipay' });
  await fund(app.ledger, own.platform, 1n);
  expect((await look(own.platform, { key: secret })).status).toBe(403);
  const nobody = await hub.call('GET', `/v1/ledger/accounts/${own.platform.id}`, { key: null });
  expect(nobody.status).toBe(401);
});
