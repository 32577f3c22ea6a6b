import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../test/support/hub.ts';
import { sql } from '../db/pool.ts';
import { newId } from '../ids.ts';

/** Bills and breaks over the API; what closes a day is tested with the wallets' sandboxes. */
let hub: TestHub;
const account = newId('wac');

beforeAll(async () => {
  hub = await startTestHub();
  await hub.app.db.query(sql`
    insert into wallet_accounts (id, wallet, name, custody, wallet_merchant, settings, credentials)
    values (${account}, 'douyin_pay', 'x', 'merchant_own', '1', '{}',
      ${hub.app.vault.seal('{}', account)})`);
});

async function plant(kind: string, over: { about?: string; amount?: number; days?: number } = {}) {
  const id = newId('brk');
  const { about = 'payment', amount = 100, days = 0 } = over;
  await hub.app.db.query(sql`
    insert into breaks (book, id, wallet_account_id, kind, about, subject, amount, detail,
      created_at)
    values (0, ${id}, ${account}, ${kind}, ${about}, ${id}, ${amount}, '{}',
      now() - ${days} * interval '1 day')`);
  return id;
}

function resolve(id: string, body: object, idempotency = randomUUID()) {
  return hub.call('POST', `/v1/breaks/${id}/resolve`, { body, idempotency });
}

interface Shown {
  readonly id: string;
  readonly kind: string;
  readonly age_days: number;
}

async function list(query: string): Promise<{ data: readonly Shown[]; next: string | null }> {
  const { json } = await hub.call('GET', `/v1/breaks?${query}`);
  return { data: json['data'] as Shown[], next: json['next_cursor'] as string | null };
}

describe('breaks', () => {
  test('are listed by state, kind and age, page by page, each once', async () => {
    const fee = await plant('fee', { days: 3 });
    const shift = await plant('date_shift', { days: 1 });
    await plant('fee');
    const old = await list('state=open&min_age_days=2');
    expect(old.data.map(({ id }) => id)).toEqual([fee]);
    expect(old.data[0]?.age_days).toBe(3);
    expect((await list(`kind=date_shift&wallet_account=${account}`)).data).toMatchObject([
      { id: shift, kind: 'date_shift' },
    ]);
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await list(`limit=1${cursor}`);
      seen.push(...page.data.map(({ id }) => id));
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(seen).toHaveLength(3);
    expect(new Set(seen).size).toBe(3);
    expect((await hub.call('GET', '/v1/breaks?kind=nothing')).status).toBe(400);
  });

  test('end once, by an action that they list, with who and why', async () => {
    const id = await plant('fee');
    const wrong = await resolve(id, { action: 'book_to_merchant', note: 'x' });
    expect(wrong.error).toMatchObject({ code: 'invalid_parameter', param: 'action' });
    const key = randomUUID();
    const body = { action: 'accept', note: 'the wallet pays it back' };
    const answers = await Promise.all([resolve(id, body, key), resolve(id, body, key)]);
    for (const { status } of answers) expect([200, 409]).toContain(status);
    const replay = await resolve(id, body, key);
    expect(replay.json).toMatchObject({
      state: 'resolved',
      actions: [],
      trail: [{ action: 'accept', note: body.note, by: expect.stringMatching(/^key_/) }],
    });
    expect((await resolve(id, body)).error?.code).toBe('state_conflict');
    expect((await resolve(id, { ...body, note: 'y' }, key)).error?.code).toBe(
      'idempotency_conflict',
    );
    expect((await resolve(newId('brk'), body)).status).toBe(404);
  });

  test('about money of nobody name the merchant it is booked to', async () => {
    const id = await plant('missing_here', { about: 'refund', amount: -100 });
    const body = { action: 'book_to_merchant', note: 'refunded by hand' };
    expect((await resolve(id, body)).error).toMatchObject({ param: 'merchant' });
    const platform = newId('plt');
    const merchant = newId('mer');
    await hub.app.db.query(sql`
      insert into platforms (id, slug, name) values (${platform}, 'shop', 'Shop')`);
    await hub.app.db.query(sql`
      insert into merchants (id, platform_id, name) values (${merchant}, ${platform}, 'Shop')`);
    expect((await resolve(id, { ...body, merchant })).status).toBe(200);
    expect(await hub.app.ledger.balance(0, `merchant:${merchant}`)).toMatchObject({
      posted: -100n,
    });
    expect(await hub.app.ledger.balance(0, `wallet:${account}`)).toMatchObject({ posted: -100n });
  });
});

describe('a bill', () => {
  const ask = (body: object) => hub.call('POST', '/v1/bills', { body });

  test('is asked for of a day that is over, at a wallet that has bills', async () => {
    const date = '2026-01-05';
    expect((await ask({ wallet_account: newId('wac'), date })).status).toBe(404);
    expect((await ask({ wallet_account: account, date })).error?.code).toBe('wallet_not_eligible');
    expect((await ask({ wallet_account: account, date: '2026-02-30' })).status).toBe(400);
    expect((await hub.call('GET', `/v1/bills/${newId('bil')}`)).status).toBe(404);
    expect((await hub.call('GET', '/v1/bills')).json).toMatchObject({ data: [], has_more: false });
  });
});
