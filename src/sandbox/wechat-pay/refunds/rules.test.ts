import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseWireObject, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { oaepEncrypt } from '../../../protocols/wechat-pay/oaep.ts';
import { decryptResource } from '../../../protocols/wechat-pay/resource.ts';
import { memoryJournal, SandboxStore } from '../../store.ts';
import type { Sale } from '../bills/testing.ts';
import { type BillWorld, openBillWorld } from '../bills/testing.ts';
import { callApi, merchantOf, openShop, runSandbox, type Shop } from '../testing.ts';

/** Refunds for sellers, delayed, stuck and given up; where their money comes from. */
let world: BillWorld;
let shop: Shop;
let counter = 0;
const REFUNDS = '/v3/refund/domestic/refunds';
const DAY_MS = 86_400_000;

beforeAll(async () => {
  [world, shop] = await Promise.all([openBillWorld(), openShop()]);
});
afterAll(() => Promise.all([world.stop(), shop.stop()]));
beforeEach(() => {
  world.running.faults.set([]);
  shop.received.length = 0;
});

function bodyOf(sale: Sale, refund: number, more: object = {}): WireObject {
  counter += 1;
  return {
    ...(sale.sub_mchid === undefined ? {} : { sub_mchid: sale.sub_mchid }),
    out_trade_no: sale.out_trade_no,
    out_refund_no: `RULE${counter}`,
    notify_url: shop.notify_url,
    amount: { refund, total: sale.total, currency: 'CNY' },
    ...more,
  };
}

const post = (body: WireObject, account = 'direct', target = REFUNDS) =>
  world.call(target, { account, body });
const get = (number: unknown, account = 'direct', query = '') =>
  world.call(`${REFUNDS}/${number}${query}`, { account });
const said = (answer: Awaited<ReturnType<typeof post>>) => [answer.status, answer.content.code];

/** Decrypted contents of the notifications that came, by their event. */
function told(account = 'direct'): [string, WireObject][] {
  const { api_v3_key } = merchantOf(world.running, account);
  return shop.received.map(({ body }) => {
    const envelope = parseWireObject(body.toString('utf8')) ?? {};
    const resource = envelope.resource as Parameters<typeof decryptResource>[1];
    const content = parseWireObject(decryptResource(api_v3_key, resource) ?? '') ?? {};
    return [String(envelope.event_type), content];
  });
}

async function act(name: string, input: object): Promise<Response> {
  return fetch(`${world.running.sandbox.url}/__sandbox/actions/${name}`, {
    method: 'POST',
    body: JSON.stringify(input),
  });
}

describe('a refund for a seller', () => {
  test('names the seller, and tells the partner with both sides of every id', async () => {
    const { mchid, sub_mchids } = partner();
    const sale = await world.sell({ account: 'partner', sub_mchid: sub_mchids[0] ?? '' });
    const body = bodyOf(sale, 234);
    const answer = await post(body, 'partner');
    expect(answer.content).toMatchObject({ status: 'PROCESSING', channel: 'ORIGINAL' });
    await expect.poll(() => told('partner').length).toBe(1);
    const [[event, notice] = []] = told('partner');
    expect([event, notice]).toEqual([
      'REFUND.SUCCESS',
      expect.objectContaining({
        sp_mchid: mchid,
        sub_mchid: sub_mchids[0],
        refund_status: 'SUCCESS',
      }),
    ]);
    expect(notice).not.toHaveProperty('mchid');
    const query = `?sub_mchid=${sub_mchids[0]}`;
    expect((await get(body.out_refund_no, 'partner', query)).content.status).toBe('SUCCESS');
    expect(said(await get(body.out_refund_no, 'partner'))).toEqual([400, 'PARAM_ERROR']);
    const other = `?sub_mchid=${sub_mchids[1]}`;
    expect(said(await get(body.out_refund_no, 'partner', other))).toEqual([
      404,
      'RESOURCE_NOT_EXISTS',
    ]);
  });

  test('of another seller, without one, or for a direct merchant is refused', async () => {
    const { sub_mchids } = partner();
    const [first = '', second = ''] = sub_mchids;
    const sale = await world.sell({ account: 'partner', sub_mchid: first });
    const wrong = await post(bodyOf(sale, 1, { sub_mchid: second }), 'partner');
    expect([...said(wrong), internal(wrong)]).toEqual([400, 'INVALID_REQUEST', '268447845']);
    const { sub_mchid: _seller, ...without } = bodyOf(sale, 1);
    expect(said(await post(without, 'partner'))).toEqual([400, 'PARAM_ERROR']);
    const own = await world.sell();
    expect(said(await post(bodyOf(own, 1, { sub_mchid: first })))).toEqual([
      400,
      'INVALID_REQUEST',
    ]);
    const stolen = await post(bodyOf(own, 1, { sub_mchid: first }), 'partner');
    expect(said(stolen)).toEqual([404, 'RESOURCE_NOT_EXISTS']);
    expect(said(await post(bodyOf(own, 1), 'platform'))).toEqual([403, 'NO_AUTH']);
  });
});

const internal = (answer: Awaited<ReturnType<typeof post>>) =>
  answer.headers.get('request-id')?.split('-')[1];

function partner() {
  const { mchid, sub_merchants } = merchantOf(world.running, 'partner');
  return { mchid, sub_mchids: sub_merchants };
}

test('a delayed refund arrives by the business clock, and is told then', async () => {
  const sale = await world.sell();
  world.running.faults.set([{ fault: 'refund_delayed', probability: 1, delay_ms: 2 * DAY_MS }]);
  const body = bodyOf(sale, 1000);
  const had = world.running.sandbox.balance('lin');
  expect((await post(body)).content.status).toBe('PROCESSING');
  world.running.clock.offset_ms += DAY_MS;
  expect((await get(body.out_refund_no)).content.status).toBe('PROCESSING');
  expect(world.running.sandbox.balance('lin')).toBe(had);
  world.running.clock.offset_ms += DAY_MS;
  await expect.poll(() => told().length, { timeout: 5000 }).toBe(1);
  expect((await get(body.out_refund_no)).content).toMatchObject({ status: 'SUCCESS' });
  expect(world.running.sandbox.balance('lin')).toBe(had + 1000n);
});

describe('a stuck refund', () => {
  async function stuck(sale: Sale, refund: number, account = 'direct') {
    world.running.faults.set([{ fault: 'refund_stuck', probability: 1, remaining: 1 }]);
    const body = bodyOf(sale, refund);
    const { content } = await post(body, account);
    await expect.poll(() => told(account).at(-1)?.[0]).toBe('REFUND.ABNORMAL');
    return { number: String(body.out_refund_no), refund_id: String(content.refund_id) };
  }

  function card(number: string, more: object = {}): WireObject {
    const key = createPublicKey(merchantOf(world.running).public_key);
    return {
      out_refund_no: number,
      type: 'USER_BANK_CARD',
      bank_type: 'CMB_DEBIT',
      bank_account: oaepEncrypt(key, '6225760000001234'),
      real_name: oaepEncrypt(key, '林小禾'),
      ...more,
    };
  }

  function apply(refund_id: string, body: WireObject) {
    const serial = merchantOf(world.running).public_key_id;
    return callApi(world.running, {
      method: 'POST',
      target: `${REFUNDS}/${refund_id}/apply-abnormal-refund`,
      body,
      headers: { 'Wechatpay-Serial': serial },
    });
  }

  test('goes to the payer’s bank card, once, and not to the balance', async () => {
    const had = world.running.sandbox.balance('lin');
    const sale = await world.sell();
    const { number, refund_id } = await stuck(sale, 1234);
    expect((await get(number)).content.status).toBe('ABNORMAL');
    const sent = await apply(refund_id, card(number));
    expect(sent.content).toMatchObject({ status: 'PROCESSING', channel: 'OTHER_BANKCARD' });
    await expect.poll(() => told().at(-1)?.[0]).toBe('REFUND.SUCCESS');
    const after = (await get(number)).content;
    expect(after).toMatchObject({ status: 'SUCCESS', user_received_account: 'CMB借记卡1234' });
    expect((await apply(refund_id, card(number))).content.status).toBe('SUCCESS');
    expect(world.running.sandbox.balance('lin')).toBe(had - 1234n);
    const merchant = await apply(refund_id, { out_refund_no: number, type: 'MERCHANT_BANK_CARD' });
    expect(said(merchant)).toEqual([400, 'INVALID_REQUEST']);
  });

  test('goes to the merchant’s own account without any card', async () => {
    const { number, refund_id } = await stuck(await world.sell(), 100);
    const body = { out_refund_no: number, type: 'MERCHANT_BANK_CARD' };
    expect((await apply(refund_id, body)).status).toBe(200);
    await expect.poll(async () => (await get(number)).content.status).toBe('SUCCESS');
  });

  test.each([
    ['an account in clear', { bank_account: '6225760000001234' }],
    ['no bank', { bank_type: undefined }],
    ['no name', { real_name: undefined }],
    ['a credit card', { bank_type: 'CMB_CREDIT' }],
    ['another kind', { type: 'PIGEON' }],
  ])('is not sent with %s', async (_name, more) => {
    const { number, refund_id } = await stuck(await world.sell(), 100);
    expect(said(await apply(refund_id, card(number, more)))).toEqual([400, 'PARAM_ERROR']);
    expect((await get(number)).content.status).toBe('ABNORMAL');
  });

  test('is found by both of its numbers alone, and by its own merchant', async () => {
    const sale = await world.sell();
    const { number, refund_id } = await stuck(sale, 100);
    expect(said(await apply('50300000000000000000000000000', card(number)))[0]).toBe(404);
    expect(said(await apply(refund_id, card('RULE0')))[0]).toBe(404);
    const fine = await post(bodyOf(sale, 1));
    const other = card(String(fine.content.out_refund_no));
    expect(said(await apply(String(fine.content.refund_id), other))).toEqual([
      400,
      'INVALID_REQUEST',
    ]);
  });

  test('that is given up is CLOSED: the order can be refunded again, the money is back', async () => {
    const sale = await world.sell();
    const { mchid } = merchantOf(world.running);
    const owed = world.running.sandbox.merchantBalances().get(mchid) ?? 0n;
    const { number, refund_id } = await stuck(sale, 1234);
    expect((await act('refunds/close', { mchid, out_refund_no: number })).status).toBe(200);
    await expect.poll(() => told().at(-1)?.[0]).toBe('REFUND.CLOSED');
    expect((await get(number)).content.status).toBe('CLOSED');
    expect(world.running.sandbox.merchantBalances().get(mchid)).toBe(owed);
    expect((await act('refunds/close', { mchid, out_refund_no: number })).status).toBe(409);
    expect(said(await apply(refund_id, card(number)))).toEqual([400, 'INVALID_REQUEST']);
    expect((await post(bodyOf(sale, 1234))).status).toBe(200);
  });
});

describe('the money of a refund', () => {
  const free = (mchid: string) => act('withdraw', { mchid });

  async function heldSale() {
    const sale = await world.sell({ profit_sharing: true, total: 10_000 });
    // What was free before is taken away: only what this order holds is left.
    await free(merchantOf(world.running).mchid);
    return sale;
  }

  test('comes first from what the order holds, less the fee that comes back', async () => {
    const sale = await heldSale();
    const answer = await post(bodyOf(sale, 10_000));
    expect([answer.status, answer.content.funds_account]).toEqual([200, 'UNSETTLED']);
    expect(answer.content.amount).toMatchObject({ refund_fee: 60, settlement_refund: 10_000 });
  });

  test('asked from the free part alone is NOT_ENOUGH while all is held', async () => {
    const sale = await heldSale();
    const asked = await post(bodyOf(sale, 100, { funds_account: 'AVAILABLE' }));
    expect(said(asked)).toEqual([403, 'NOT_ENOUGH']);
    await world.sell({ total: 5_000 });
    const body = bodyOf(sale, 100, { funds_account: 'AVAILABLE' });
    expect((await post(body)).content.funds_account).toBe('AVAILABLE');
  });

  test('may say which part, of a held order alone, in sums that agree', async () => {
    const sale = await heldSale();
    const from = (parts: [string, number][], refund = 1000) => {
      const list = parts.map(([account, amount]) => ({ account, amount }));
      return bodyOf(sale, refund, {
        amount: { refund, total: sale.total, currency: 'CNY', from: list },
      });
    };
    const split = from([
      ['UNAVAILABLE', 400],
      ['AVAILABLE', 600],
    ]);
    expect(said(await post(split))).toEqual([403, 'NOT_ENOUGH']);
    await world.sell({ total: 5_000 });
    const answer = await post(split);
    expect(answer.content.amount).toMatchObject({
      from: [
        { account: 'UNAVAILABLE', amount: 400 },
        { account: 'AVAILABLE', amount: 600 },
      ],
    });
    for (const parts of [
      [
        ['UNAVAILABLE', 400],
        ['AVAILABLE', 599],
      ],
      [
        ['AVAILABLE', 400],
        ['AVAILABLE', 600],
      ],
    ] as [string, number][][]) {
      expect(said(await post(from(parts)))).toEqual([400, 'INVALID_REQUEST']);
    }
    const plain = await world.sell();
    const unheld = bodyOf(plain, 10, {
      amount: {
        refund: 10,
        total: plain.total,
        currency: 'CNY',
        from: [{ account: 'AVAILABLE', amount: 10 }],
      },
    });
    expect(said(await post(unheld))).toEqual([400, 'INVALID_REQUEST']);
  });

  test('is missing when the dial says so; the same number works later', async () => {
    const sale = await world.sell();
    const body = bodyOf(sale, 100);
    world.running.faults.set([{ fault: 'merchant_short', probability: 1, remaining: 1 }]);
    expect(said(await post(body))).toEqual([403, 'NOT_ENOUGH']);
    expect((await post(body)).status).toBe(200);
  });
});

test('a delayed refund outlives a restart of the sandbox', async () => {
  const store = await SandboxStore.open(memoryJournal);
  const keys_dir = world.running.keys_dir;
  const first = await runSandbox({ store, keys_dir, refund_delay_ms: 400 });
  const { mchid, appid } = merchantOf(first);
  const order = {
    appid,
    mchid,
    description: '茶',
    out_trade_no: 'RESTART0001',
    notify_url: shop.notify_url,
    amount: { total: 100, currency: 'CNY' },
  };
  const made = await callApi(first, {
    method: 'POST',
    target: '/v3/pay/transactions/native',
    body: order,
  });
  const scan = await first.sandbox.scan('lin', String(made.content.code_url));
  await first.sandbox.confirm(scan.id, 'pay');
  const body = {
    out_trade_no: 'RESTART0001',
    out_refund_no: 'RESTART1',
    amount: { refund: 100, total: 100, currency: 'CNY' },
  };
  expect((await callApi(first, { method: 'POST', target: REFUNDS, body })).status).toBe(200);
  await first.stop();
  const second = await runSandbox({ store, keys_dir, refund_delay_ms: 400 });
  const state = async () =>
    (await callApi(second, { method: 'GET', target: `${REFUNDS}/RESTART1` })).content.status;
  await expect.poll(state, { timeout: 5000 }).toBe('SUCCESS');
  await second.stop();
});
