import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signAppCall, signBridgeCall } from '../../../protocols/wechat-pay/bridge.ts';
import { parseWireObject } from '../../../protocols/wechat-pay/messages.ts';
import { decryptResource } from '../../../protocols/wechat-pay/resource.ts';
import {
  callApi,
  merchantOf,
  nativeOrder,
  openShop,
  pay,
  type RunningSandbox,
  runSandbox,
  type Shop,
} from '../testing.ts';

/** Orders of partners and platforms for their sellers, and the client calls of all kinds. */
let running: RunningSandbox;
let shop: Shop;
let counter = 0;

beforeAll(async () => {
  [running, shop] = await Promise.all([runSandbox(), openShop()]);
});
afterAll(() => Promise.all([running.stop(), shop.stop()]));

const ORDERS = '/v3/pay/partner/transactions';

function post(target: string, body: object, account = 'partner') {
  return callApi(running, { method: 'POST', target, body, account });
}

const get = (target: string, account = 'partner') =>
  callApi(running, { method: 'GET', target, account });

function orderOf(more: Record<string, unknown> = {}, account = 'partner') {
  const { appid, mchid, sub_merchants } = merchantOf(running, account);
  counter += 1;
  return {
    sp_appid: appid,
    sp_mchid: mchid,
    sub_mchid: sub_merchants[0] ?? '',
    description: '龙井茶 250g',
    out_trade_no: `P${Date.now()}N${counter}`,
    notify_url: shop.notify_url,
    amount: { total: 1234, currency: 'CNY' },
    ...more,
  };
}

/** The app id of the first seller, as the wallet registered it. */
function sellerAppid(sub_mchid: string): string {
  const sellers = running.store.collection<{ sub_appid: string | null }>('sub_merchants');
  return sellers.get(sub_mchid)?.sub_appid ?? '';
}

const internal = (answer: Awaited<ReturnType<typeof post>>) =>
  answer.headers.get('request-id')?.split('-')[1];

const query = (order: ReturnType<typeof orderOf>, account = 'partner') =>
  get(
    `${ORDERS}/out-trade-no/${order.out_trade_no}?sp_mchid=${order.sp_mchid}&sub_mchid=${order.sub_mchid}`,
    account,
  );

describe('an order for a seller', () => {
  test('pays the seller, and tells it with both sides of every id', async () => {
    const order = orderOf();
    const sub_appid = sellerAppid(order.sub_mchid);
    const body = { ...order, sub_appid };
    const created = await post(`${ORDERS}/native`, body);
    await expect.poll(() => running.sandbox.pendingNotifications(), { timeout: 20_000 }).toBe(0);
    const before = shop.received.length;
    await pay(running, String(created.content.code_url));
    const { content } = await query(order);
    expect(content).toMatchObject({
      sp_appid: order.sp_appid,
      sp_mchid: order.sp_mchid,
      sub_appid,
      sub_mchid: order.sub_mchid,
      trade_state: 'SUCCESS',
      payer: {
        sp_openid: expect.stringMatching(/^o[\w-]{27}$/),
        sub_openid: expect.stringMatching(/^o[\w-]{27}$/),
      },
    });
    for (const name of ['mchid', 'appid']) expect(content).not.toHaveProperty(name);
    const { payer } = content as { payer: { sp_openid: string; sub_openid: string } };
    expect(payer.sub_openid).not.toBe(payer.sp_openid);
    const notice = parseWireObject((await shop.notice(before + 1)).body.toString('utf8')) ?? {};
    const { resource } = notice as { resource: Parameters<typeof decryptResource>[1] };
    const plain = decryptResource(merchantOf(running, 'partner').api_v3_key, resource);
    expect(parseWireObject(plain ?? '')).toEqual(content);
    const byId = await get(
      `${ORDERS}/id/${content.transaction_id}?sp_mchid=${order.sp_mchid}&sub_mchid=${order.sub_mchid}`,
    );
    expect(byId.content).toEqual(content);
    const funds = running.store.collection<{ holder: string; reference: string }>('fund_entries');
    const moved = [...funds.values()].filter(({ reference }) => reference === order.out_trade_no);
    expect(moved.map(({ holder }) => holder)).toEqual([order.sub_mchid, order.sub_mchid]);
  });

  test('shares its number with all sellers of the partner, and with nobody else', async () => {
    const order = orderOf();
    expect((await post(`${ORDERS}/native`, order)).status).toBe(200);
    const [, second] = merchantOf(running, 'partner').sub_merchants;
    const other = await post(`${ORDERS}/native`, { ...order, sub_mchid: second });
    expect([other.status, internal(other)]).toEqual([400, '268498688']);
    const { out_trade_no } = order;
    const platform = orderOf({ out_trade_no }, 'platform');
    const elsewhere = await post(`${ORDERS}/native`, platform, 'platform');
    expect(elsewhere.status).toBe(200);
    await pay(running, String(elsewhere.content.code_url));
    expect((await query(order)).content.trade_state).toBe('NOTPAY');
    const book = running.sandbox.transactions({ limit: 1000 });
    const same = book.filter(({ wallet_reference }) => wallet_reference.startsWith(out_trade_no));
    expect(same.map(({ wallet_reference }) => wallet_reference)).toEqual([
      out_trade_no,
      `${out_trade_no}@${platform.sp_mchid}`,
    ]);
    const rest = running.sandbox.transactions({ after: out_trade_no, limit: 1000 });
    expect(rest.some(({ merchant }) => merchant === platform.sp_mchid)).toBe(true);
  });

  test('is closed under the seller’s number alone', async () => {
    const order = orderOf();
    await post(`${ORDERS}/native`, order);
    const [, second] = merchantOf(running, 'partner').sub_merchants;
    const { sp_mchid, sub_mchid } = order;
    const close = (seller: string | undefined) =>
      post(`${ORDERS}/out-trade-no/${order.out_trade_no}/close`, { sp_mchid, sub_mchid: seller });
    const foreign = await close(second);
    expect([foreign.status, internal(foreign)]).toEqual([400, '268447845']);
    expect((await close(sub_mchid)).status).toBe(204);
    expect((await query(order)).content.trade_state).toBe('CLOSED');
  });
});

describe('who may order for whom', () => {
  test.each([
    ['itself', (order: ReturnType<typeof orderOf>) => order.sp_mchid, '268443705'],
    ['a stranger', () => '1900000001', '268443701'],
    [
      'a seller of somebody else',
      () => merchantOf(running, 'platform').sub_merchants[0] ?? '',
      '268443701',
    ],
  ])('a partner not for %s', async (_name, sub, code) => {
    const order = orderOf();
    const answer = await post(`${ORDERS}/native`, { ...order, sub_mchid: sub(order) });
    expect([answer.status, answer.content.code, internal(answer)]).toEqual([
      400,
      'INVALID_REQUEST',
      code,
    ]);
  });

  test('a partner cannot be paid itself, and a direct merchant has no sellers', async () => {
    const { appid, mchid } = merchantOf(running, 'partner');
    const { sp_appid: _a, sp_mchid: _m, sub_mchid: _s, ...order } = orderOf();
    const itself = await post('/v3/pay/transactions/native', { ...order, appid, mchid });
    expect([itself.status, itself.content.code, internal(itself)]).toEqual([
      400,
      'PARAM_ERROR',
      '268443704',
    ]);
    const direct = merchantOf(running);
    const body = { ...orderOf(), sp_appid: direct.appid, sp_mchid: direct.mchid };
    const seller = await post(`${ORDERS}/native`, body, 'direct');
    expect([seller.status, seller.content.code]).toEqual([403, 'NO_AUTH']);
  });

  test('an app id of another seller is refused', async () => {
    const [first = '', second] = merchantOf(running, 'partner').sub_merchants;
    const body = orderOf({ sub_mchid: second, sub_appid: sellerAppid(first) });
    const answer = await post(`${ORDERS}/native`, body);
    expect([answer.status, answer.content.code]).toEqual([400, 'APPID_MCHID_NOT_MATCH']);
  });

  test('nobody reads the orders of another', async () => {
    const order = orderOf();
    await post(`${ORDERS}/native`, order);
    const { mchid, sub_merchants } = merchantOf(running, 'platform');
    const target = `${ORDERS}/out-trade-no/${order.out_trade_no}`;
    const answer = await get(
      `${target}?sp_mchid=${mchid}&sub_mchid=${sub_merchants[0]}`,
      'platform',
    );
    expect([answer.status, answer.content.code]).toEqual([404, 'ORDER_NOT_EXIST']);
  });
});

test('a platform’s order ends within 15 days, a partner’s within 90', async () => {
  const time_expire = (days: number) =>
    `${new Date(Date.now() + days * 86_400_000 + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
  const create = (days: number, account: string) =>
    post(`${ORDERS}/native`, orderOf({ time_expire: time_expire(days) }, account), account);
  expect((await create(16, 'platform')).status).toBe(400);
  expect((await create(14, 'platform')).status).toBe(200);
  expect((await create(89, 'partner')).status).toBe(200);
  expect((await create(91, 'partner')).status).toBe(400);
});

describe('inside WeChat', () => {
  const key = () => createPrivateKey(merchantOf(running, 'partner').private_key);

  async function sellersOrder() {
    const order = orderOf();
    const sub_appid = sellerAppid(order.sub_mchid);
    const paid = await post(`${ORDERS}/native`, { ...order, sub_appid });
    await pay(running, String(paid.content.code_url));
    const { payer } = (await query(order)).content as { payer: Record<string, string> };
    return { sub_appid, sub_mchid: order.sub_mchid, payer };
  }

  test('a seller’s own mini program is paid under the seller’s openid', async () => {
    const { sub_appid, payer } = await sellersOrder();
    const body = orderOf({ sub_appid, payer: { sub_openid: payer.sub_openid } });
    const { content } = await post(`${ORDERS}/jsapi`, body);
    const unsigned = {
      appId: sub_appid,
      timeStamp: '1700000000',
      nonceStr: 'n',
      package: `prepay_id=${content.prepay_id}`,
    };
    const { appId: _known, ...call } = await signBridgeCall(key(), unsigned);
    await expect(pay(running, JSON.stringify(call), 'chen')).rejects.toMatchObject({
      code: 'other_payer',
    });
    const forged = JSON.stringify({ ...call, nonceStr: 'm' });
    await expect(pay(running, forged)).rejects.toMatchObject({ code: 'unknown_code' });
    expect(await pay(running, JSON.stringify(call))).toEqual({ state: 'paid' });
  });

  test('an openid counts only at the app id it was given for', async () => {
    const { sub_appid, payer } = await sellersOrder();
    const wrong = [
      { payer: { sub_openid: payer.sub_openid } },
      { sub_appid, payer: { sub_openid: payer.sp_openid } },
      { sub_appid, payer: { sp_openid: payer.sub_openid } },
      { payer: {} },
    ];
    for (const more of wrong) {
      const answer = await post(`${ORDERS}/jsapi`, orderOf(more));
      expect([answer.status, internal(answer)]).toEqual([400, '268501013']);
    }
  });

  test('an app hands over the parameters that the partner signed', async () => {
    const order = orderOf();
    const { content } = await post(`${ORDERS}/app`, order);
    const unsigned = {
      appId: order.sp_appid,
      partnerId: order.sub_mchid,
      prepayId: String(content.prepay_id),
      nonceStr: 'n',
      timeStamp: '1700000000',
    };
    const call = await signAppCall(key(), unsigned);
    for (const change of [{ partnerId: '1900000001' }, { nonceStr: 'm' }, { packageValue: '' }]) {
      const forged = JSON.stringify({ ...call, ...change });
      await expect(pay(running, forged)).rejects.toMatchObject({ code: 'unknown_code' });
    }
    expect(await pay(running, JSON.stringify(call))).toEqual({ state: 'paid' });
    expect((await query(order)).content.trade_type).toBe('APP');
  });
});

test('the newest unpaid codes are on screen, as long as they can be paid', async () => {
  const own = await runSandbox();
  const made = [await nativeOrder(own), await nativeOrder(own), await nativeOrder(own)];
  const [first, second, third] = made.map(({ code }) => code);
  expect(own.sandbox.codesOnScreen().map(({ code }) => code)).toEqual([third, second, first]);
  expect(own.sandbox.codesOnScreen()[0]).toMatchObject({ payee: '胡同集市', amount: 1234n });
  await pay(own, second ?? '');
  expect(own.sandbox.codesOnScreen().map(({ code }) => code)).toEqual([third, first]);
  own.clock.offset_ms += 2 * 3_600_000;
  expect(own.sandbox.codesOnScreen()).toEqual([]);
  await own.stop();
});
