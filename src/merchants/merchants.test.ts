import { beforeAll, describe, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../test/support/hub.ts';
import { sql } from '../db/pool.ts';
import { newId, ulid } from '../ids.ts';
import { createPlatform } from '../platforms/create.ts';
import { mintKey } from '../platforms/keys.ts';
import { ensureEnrolment } from './enrol.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

/** A platform with a key of its own. */
async function shop(): Promise<{ platform: string; key: string }> {
  const { db } = hub.app;
  const { id } = await createPlatform(db, { slug: `m_${ulid().toLowerCase()}`, name: 'Shop' });
  const holder = { role: 'marketplace', platform_id: id } as const;
  return { platform: id, key: (await mintKey(hub.app, db, holder)).secret };
}

async function merchant(key: string, name = 'Tea house'): Promise<string> {
  const answer = await hub.call('POST', '/v1/merchants', { key, body: { name } });
  expect(answer.status, answer.text).toBe(201);
  return String(answer.json['id']);
}

async function account(wallet: string, state = 'active'): Promise<string> {
  const id = newId('wac');
  await hub.app.db.query(sql`
    insert into wallet_accounts
      (id, wallet, name, custody, wallet_merchant, settings, credentials, state)
    values (${id}, ${wallet}, 'A', 'merchant_own', ${ulid()}, '{}', '', ${state})`);
  return id;
}

function enrol(key: string, id: string, body: Record<string, unknown>) {
  return hub.call('POST', `/v1/merchants/${id}/enrolments`, { key, body });
}

describe('a merchant', () => {
  test('is made, read and changed by its platform', async () => {
    const { key, platform } = await shop();
    const body = { name: '胡同茶馆', metadata: { licence: '123' } };
    const made = await hub.call('POST', '/v1/merchants', { key, body });
    expect(made.json).toMatchObject({ object: 'merchant', platform, ...body, enrolments: [] });
    const path = `/v1/merchants/${String(made.json['id'])}`;
    expect((await hub.call('GET', path, { key })).json).toEqual(made.json);
    const changed = await hub.call('PATCH', path, { key, body: { name: 'Tea' } });
    expect(changed.json).toEqual({ ...made.json, name: 'Tea' });
  });

  test('is of a platform that an operator names and that exists', async () => {
    const { platform } = await shop();
    const named = { name: 'x', platform };
    expect((await hub.call('POST', '/v1/merchants', { body: named })).status).toBe(201);
    const nobody = { name: 'x', platform: `plt_${'0'.repeat(28)}` };
    const answer = await hub.call('POST', '/v1/merchants', { body: nobody });
    expect([answer.status, answer.error?.param]).toEqual([404, 'platform']);
  });

  test('is listed by pages, for its platform only', async () => {
    const { key } = await shop();
    const other = await shop();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push(await merchant(key, `No. ${i}`));
    await merchant(other.key);
    const seen: unknown[] = [];
    let path = '/v1/merchants?limit=2';
    for (let pages = 1; ; pages += 1) {
      const { json } = await hub.call('GET', path, { key });
      const data = Array.isArray(json['data']) ? json['data'] : [];
      seen.push(...data.map((entry: { id: string }) => entry.id));
      if (json['has_more'] === false) {
        expect([pages, json['next_cursor']]).toEqual([3, null]);
        break;
      }
      path = `/v1/merchants?limit=2&cursor=${String(json['next_cursor'])}`;
    }
    expect(seen).toEqual(ids.toReversed());
  });

  test('sees itself with its own key, and nothing it could change', async () => {
    const { key, platform } = await shop();
    const id = await merchant(key);
    const sister = await merchant(key, 'Sister');
    const holder = { role: 'merchant', platform_id: platform, merchant_id: id } as const;
    const own = (await mintKey(hub.app, hub.app.db, holder)).secret;
    expect((await hub.call('GET', `/v1/merchants/${id}`, { key: own })).status).toBe(200);
    expect((await hub.call('GET', `/v1/merchants/${sister}`, { key: own })).status).toBe(404);
    const list = await hub.call('GET', '/v1/merchants', { key: own });
    expect(list.json).toMatchObject({ data: [{ id }], has_more: false });
    const change = await hub.call('PATCH', `/v1/merchants/${id}`, { key: own, body: {} });
    expect(change.status).toBe(403);
  });
});

describe('an enrolment', () => {
  test('takes the one active account at a wallet, and asks for a name among several', async () => {
    const { key } = await shop();
    const id = await merchant(key);
    const none = await enrol(key, id, { wallet: 'alipay' });
    expect([none.status, none.error?.param]).toEqual([400, 'wallet_account']);
    await account('alipay', 'suspended');
    const only = await account('alipay');
    const made = await enrol(key, id, { wallet: 'alipay' });
    expect([made.status, made.json['wallet_account']]).toEqual([201, only]);
    const second = await account('alipay');
    const other = await merchant(key);
    const unclear = await enrol(key, other, { wallet: 'alipay' });
    expect(unclear.error).toMatchObject({ code: 'invalid_parameter', param: 'wallet_account' });
    expect(unclear.error?.message).toContain('several');
    const named = await enrol(key, other, { wallet: 'alipay', wallet_account: second });
    expect(named.json['wallet_account']).toBe(second);
  });

  test('is one per wallet: the same again is the same, another account is refused', async () => {
    const { key } = await shop();
    const id = await merchant(key);
    const [first, second] = [await account('wechat_pay'), await account('wechat_pay')];
    const body = { wallet: 'wechat_pay', wallet_account: first };
    const copies = await Promise.all([1, 2, 3, 4].map(() => enrol(key, id, body)));
    expect(new Set(copies.map(({ text }) => text)).size).toBe(1);
    const other = await enrol(key, id, { wallet: 'wechat_pay', wallet_account: second });
    expect([other.status, other.error?.code]).toEqual([409, 'state_conflict']);
    const read = await hub.call('GET', `/v1/merchants/${id}`, { key });
    expect(read.json['enrolments']).toEqual([copies[0]?.json]);
  });

  test('that is ensured stays as it is, and is made through the account that is named', async () => {
    const { key } = await shop();
    const { db } = hub.app;
    const wallet = 'douyin_pay';
    const accounts = [await account(wallet), await account(wallet)] as const;
    const merchant_id = await merchant(key);
    const through = async (wallet_account_id: string) =>
      (await ensureEnrolment(db, { merchant_id, wallet, wallet_account_id })).wallet_account_id;
    expect(await through(accounts[1])).toBe(accounts[1]);
    expect(await through(accounts[0])).toBe(accounts[1]);
  });

  test('does not take an account of another wallet', async () => {
    const { key } = await shop();
    const body = { wallet: 'alipay', wallet_account: await account('wechat_pay') };
    const answer = await enrol(key, await merchant(key), body);
    expect([answer.status, answer.error?.param]).toEqual([400, 'wallet_account']);
  });
});
