import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signAppCall } from '../../../protocols/wechat-pay/bridge.ts';
import { parseWireObject } from '../../../protocols/wechat-pay/messages.ts';
import { decryptResource } from '../../../protocols/wechat-pay/resource.ts';
import {
  callApi,
  merchantOf,
  openShop,
  pay,
  type RunningSandbox,
  runSandbox,
  type Shop,
} from '../testing.ts';

/** Orders of several sellers paid together. */
let running: RunningSandbox;
let shop: Shop;
let counter = 0;

beforeAll(async () => {
  [running, shop] = await Promise.all([runSandbox(), openShop()]);
});
afterAll(() => Promise.all([running.stop(), shop.stop()]));

const COMBINE = '/v3/combine-transactions';

function post(target: string, body: object, account = 'platform') {
  return callApi(running, { method: 'POST', target, body, account });
}

const get = (target: string, account = 'platform') =>
  callApi(running, { method: 'GET', target, account });

function part(more: Record<string, unknown> = {}, account = 'platform') {
  const { mchid, sub_merchants } = merchantOf(running, account);
  counter += 1;
  return {
    mchid,
    ...(sub_merchants[0] === undefined ? {} : { sub_mchid: sub_merchants[counter % 3] }),
    out_trade_no: `C${Date.now()}N${counter}`,
    attach: `part ${counter}`,
    description: '龙井茶 250g',
    amount: { total_amount: 100 * counter, currency: 'CNY' },
    ...more,
  };
}

function order(count: number, more: Record<string, unknown> = {}, account = 'platform') {
  const { appid, mchid } = merchantOf(running, account);
  counter += 1;
  return {
    combine_appid: appid,
    combine_mchid: mchid,
    combine_out_trade_no: `ALL${Date.now()}N${counter}`,
    notify_url: shop.notify_url,
    sub_orders: Array.from({ length: count }, () => part({}, account)),
    ...more,
  };
}

type Order = ReturnType<typeof order>;

const query = ({ combine_out_trade_no }: Order, account = 'platform') =>
  get(`${COMBINE}/out-trade-no/${combine_out_trade_no}`, account);

interface Named {
  readonly mchid: string;
  readonly sub_mchid?: string | undefined;
  readonly out_trade_no: string;
}

function close(whole: Order, sub_orders: readonly (Named | undefined)[]) {
  const { combine_appid, combine_out_trade_no } = whole;
  const target = `${COMBINE}/out-trade-no/${combine_out_trade_no}/close`;
  const named = sub_orders.map((each) => {
    const { mchid, sub_mchid, out_trade_no } = each ?? { mchid: '', out_trade_no: '' };
    return { mchid, ...(sub_mchid ? { sub_mchid } : {}), out_trade_no };
  });
  return post(target, { combine_appid, sub_orders: named });
}

const totalOf = (whole: Order) =>
  BigInt(whole.sub_orders.reduce((sum, { amount }) => sum + amount.total_amount, 0));

describe('a combined order', () => {
  test('is paid at once, told once, and every part has its own payment', async () => {
    const whole = order(3);
    const created = await post(`${COMBINE}/native`, whole);
    await expect.poll(() => running.sandbox.pendingNotifications(), { timeout: 20_000 }).toBe(0);
    const before = { notices: shop.received.length, balance: running.sandbox.balance('lin') };
    const scan = await running.sandbox.scan('lin', String(created.content.code_url));
    expect(scan).toMatchObject({ amount: totalOf(whole), payee: expect.stringContaining('等3单') });
    await running.sandbox.confirm(scan.id, 'pay');
    expect(running.sandbox.balance('lin')).toBe(before.balance - totalOf(whole));
    const { content } = await query(whole);
    expect(content).toMatchObject({
      combine_out_trade_no: whole.combine_out_trade_no,
      combine_payer_info: { openid: expect.stringMatching(/^o/) },
      sub_orders: whole.sub_orders
        .map((each) => ({
          ...each,
          description: undefined,
          trade_type: 'NATIVE',
          trade_state: 'SUCCESS',
          transaction_id: expect.stringMatching(/^4200\d{24}$/),
          amount: {
            total_amount: each.amount.total_amount,
            payer_amount: each.amount.total_amount,
          },
        }))
        .map(({ description: _none, ...rest }) => rest),
    });
    const parts = content.sub_orders as { transaction_id: string }[];
    expect(new Set(parts.map(({ transaction_id }) => transaction_id)).size).toBe(3);
    await shop.notice(before.notices + 1);
    await expect.poll(() => running.sandbox.pendingNotifications()).toBe(0);
    expect(shop.received).toHaveLength(before.notices + 1);
    const notice = parseWireObject(shop.received.at(-1)?.body.toString('utf8') ?? '') ?? {};
    const { resource } = notice as { resource: Parameters<typeof decryptResource>[1] };
    const plain = decryptResource(merchantOf(running, 'platform').api_v3_key, resource);
    expect(parseWireObject(plain ?? '')).toEqual(content);
  });

  test('is paid whole or not at all', async () => {
    const whole = order(2);
    const { content } = await post(`${COMBINE}/native`, whole);
    await running.sandbox.setBalance('chen', totalOf(whole) - 1n);
    const scan = await running.sandbox.scan('chen', String(content.code_url));
    await expect(running.sandbox.confirm(scan.id, 'pay')).rejects.toMatchObject({
      code: 'insufficient_balance',
    });
    expect(running.sandbox.balance('chen')).toBe(totalOf(whole) - 1n);
    const states = (await query(whole)).content.sub_orders as { trade_state: string }[];
    expect(states.map(({ trade_state }) => trade_state)).toEqual(['NOTPAY', 'NOTPAY']);
    await running.sandbox.setBalance('chen', totalOf(whole));
    await running.sandbox.confirm(scan.id, 'pay');
    expect(running.sandbox.balance('chen')).toBe(0n);
  });

  test('hides its parts from the basic query and close', async () => {
    const whole = order(1, {}, 'partner');
    await post(`${COMBINE}/native`, whole, 'partner');
    const [only] = whole.sub_orders;
    const root = `/v3/pay/partner/transactions/out-trade-no/${only?.out_trade_no}`;
    const ids = { sp_mchid: whole.combine_mchid, sub_mchid: only?.sub_mchid };
    const asked = await get(
      `${root}?sp_mchid=${ids.sp_mchid}&sub_mchid=${ids.sub_mchid}`,
      'partner',
    );
    expect([asked.status, asked.content.code]).toEqual([404, 'ORDER_NOT_EXIST']);
    const closed = await post(`${root}/close`, ids, 'partner');
    expect(closed.content.code).toBe('ORDER_NOT_EXIST');
  });

  test('has a payment number of its own, under which it can be asked too', async () => {
    const whole = order(2);
    const { content } = await post(`${COMBINE}/native`, whole);
    await pay(running, String(content.code_url));
    const key = `${whole.combine_mchid}:${whole.combine_out_trade_no}`;
    const book = running.store.collection<{ transaction_id: string }>('combined_orders');
    const id = book.get(key)?.transaction_id;
    expect((await get(`${COMBINE}/id/${id}`)).content).toEqual((await query(whole)).content);
    expect((await get(`${COMBINE}/id/${id}`, 'partner')).content.code).toBe('ORDER_NOT_EXIST');
  });
});

describe('ordering', () => {
  test('again with the same parameters renews the code, with others it is refused', async () => {
    const whole = order(2);
    const first = await post(`${COMBINE}/native`, whole);
    const again = await post(`${COMBINE}/native`, whole);
    await expect(pay(running, String(first.content.code_url))).rejects.toMatchObject({
      code: 'code_expired',
    });
    const [one, two] = whole.sub_orders;
    const other = await post(`${COMBINE}/native`, { ...whole, sub_orders: [two, one] });
    expect([other.status, other.content.code]).toEqual([400, 'INVALID_REQUEST']);
    await pay(running, String(again.content.code_url));
    expect((await post(`${COMBINE}/native`, whole)).content.code).toBe('ORDERPAID');
  });

  test('takes 1 to 50 sellers’ parts, or 2 to 10 of a direct merchant', async () => {
    expect((await post(`${COMBINE}/native`, order(50))).status).toBe(200);
    expect((await post(`${COMBINE}/native`, order(51))).status).toBe(400);
    const direct = async (count: number) =>
      (await post(`${COMBINE}/native`, order(count, {}, 'direct'), 'direct')).status;
    expect([await direct(1), await direct(2), await direct(10), await direct(11)]).toEqual([
      400, 200, 200, 400,
    ]);
  });

  test.each([
    ['no attach', { attach: undefined }, 'PARAM_ERROR'],
    ['too much money', { amount: { total_amount: 1_000_000_001, currency: 'CNY' } }, 'PARAM_ERROR'],
    ['the basic name of the amount', { amount: { total: 1, currency: 'CNY' } }, 'PARAM_ERROR'],
    ['a foreign seller', { sub_mchid: '1700000000' }, 'INVALID_REQUEST'],
    ['no seller', { sub_mchid: undefined }, 'PARAM_ERROR'],
    ['a foreign merchant', { mchid: '1600000000' }, 'PARAM_ERROR'],
  ])('refuses a part with %s, and opens nothing', async (_name, wrong, code) => {
    const whole = order(1);
    const sub_orders = [...whole.sub_orders, part(wrong)];
    const answer = await post(`${COMBINE}/native`, { ...whole, sub_orders });
    expect([answer.status, answer.content.code]).toEqual([400, code]);
    expect((await query(whole)).status).toBe(404);
  });

  test('uses each number once, whichever kind of order has it', async () => {
    const whole = order(2);
    const [first] = whole.sub_orders;
    const twice = await post(`${COMBINE}/native`, { ...whole, sub_orders: [first, first] });
    expect(twice.content.code).toBe('INVALID_REQUEST');
    await post(`${COMBINE}/native`, whole);
    const next = await post(`${COMBINE}/native`, { ...order(1), sub_orders: [first] });
    expect(next.content.code).toBe('INVALID_REQUEST');
  });

  test('by app gives parameters that the App SDK can sign for', async () => {
    const whole = order(2);
    const { content } = await post(`${COMBINE}/app`, whole);
    const { private_key } = merchantOf(running, 'platform');
    const call = await signAppCall(createPrivateKey(private_key), {
      appId: whole.combine_appid,
      partnerId: whole.combine_mchid,
      prepayId: String(content.prepay_id),
      nonceStr: 'n',
      timeStamp: '1700000000',
    });
    expect(await pay(running, JSON.stringify(call))).toEqual({ state: 'paid' });
  });
});

describe('closing', () => {
  test('names the same parts, works again and again, and loses against a payment', async () => {
    const whole = order(3);
    const { content } = await post(`${COMBINE}/native`, whole);
    expect((await close(whole, whole.sub_orders.slice(1))).status).toBe(400);
    const [one, two, three] = whole.sub_orders;
    expect(
      (
        await close(whole, [
          one,
          two,
          { ...(three ?? whole.sub_orders[0]), sub_mchid: one?.sub_mchid } as Named,
        ])
      ).status,
    ).toBe(400);
    expect((await close(whole, whole.sub_orders.toReversed())).status).toBe(204);
    expect((await close(whole, whole.sub_orders)).status).toBe(204);
    await expect(pay(running, String(content.code_url))).rejects.toMatchObject({
      code: 'order_closed',
    });
    const paid = order(2);
    const created = await post(`${COMBINE}/native`, paid);
    await pay(running, String(created.content.code_url));
    expect((await close(paid, paid.sub_orders)).content.code).toBe('ORDERPAID');
  });

  test('comes by itself when the time is over, for all parts', async () => {
    const whole = order(2, { time_expire: '2020-01-01T00:00:00+08:00' });
    await post(`${COMBINE}/native`, whole);
    running.clock.offset_ms += 61_000;
    const { content } = await query(whole);
    running.clock.offset_ms -= 61_000;
    const states = content.sub_orders as { trade_state: string }[];
    expect(states.map(({ trade_state }) => trade_state)).toEqual(['CLOSED', 'CLOSED']);
  });
});

test('a part is refunded by itself, and the others stay paid', async () => {
  const whole = order(2, {}, 'direct');
  const created = await post(`${COMBINE}/native`, whole, 'direct');
  await pay(running, String(created.content.code_url));
  const parts = (await query(whole, 'direct')).content.sub_orders as Record<string, string>[];
  const total = whole.sub_orders[0]?.amount.total_amount;
  const refund = {
    transaction_id: parts[0]?.transaction_id,
    out_refund_no: `R${Date.now()}`,
    amount: { refund: total, total, currency: 'CNY' },
  };
  const answer = await post('/v3/refund/domestic/refunds', refund, 'direct');
  expect(answer.status).toBe(200);
  const after = (await query(whole, 'direct')).content.sub_orders as Record<string, string>[];
  expect(after.map(({ trade_state }) => trade_state)).toEqual(['REFUND', 'SUCCESS']);
});
