import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Connector, openConnector } from '../../../../test/support/wechat-pay-connector.ts';
import { newWalletReference } from '../../../ids.ts';
import { pay } from '../../../sandbox/wechat-pay/testing.ts';
import type { CombinedOrder } from '../../products/combined.ts';
import type { CreateOrder, WalletAccount } from '../../wallet.ts';

/** Orders for sellers, in apps and mini programs, and combined, against the sandbox. */
let on: Connector;
let partner: ReturnType<Connector['accountOf']>;
let platform: ReturnType<Connector['accountOf']>;

beforeAll(async () => {
  on = await openConnector();
  partner = on.accountOf('partner');
  platform = on.accountOf('platform');
});
afterAll(() => on.stop());

async function presented(account: WalletAccount, order: CreateOrder) {
  const outcome = await on.wallet.createPayment(account, order);
  if (outcome.kind !== 'presented') throw new Error(JSON.stringify(outcome));
  return outcome.presentation;
}

function paramsOf(presentation: Awaited<ReturnType<typeof presented>>): Record<string, string> {
  if (!('params' in presentation)) throw new Error('no parameters');
  return { ...presentation.params };
}

/** Lin's openids as the wallet tells them after a payment. */
async function openids() {
  const request = on.order({ sub_merchant: partner.sub_merchants[0] ?? '' });
  const presentation = await presented(partner.account, request);
  if (presentation.kind === 'qr') await pay(on.running, presentation.qr);
  const asked = await on.wallet.queryPayment(
    partner.account,
    request.wallet_reference,
    request.sub_merchant,
  );
  return asked.kind === 'fact' ? (asked.fact.payer ?? '') : '';
}

async function verified(account: WalletAccount, contains: string) {
  const verdicts = () =>
    Promise.all(
      on.shop.received.map(({ headers, body }) => {
        const flat = Object.entries(headers).map(([name, value]) => [name, String(value)]);
        const raw = { headers: Object.fromEntries(flat), body, received_at: new Date() };
        return on.wallet.verifyNotification(account, raw);
      }),
    );
  const found = async () =>
    (await verdicts()).filter(
      (verdict) => verdict.kind === 'verified' && JSON.stringify(verdict.masked).includes(contains),
    );
  await expect.poll(async () => (await found()).length).toBe(1);
  return (await found())[0];
}

describe('an order for a seller', () => {
  test('is presented, paid, told and asked for with the seller in every fact', async () => {
    const sub_merchant = partner.sub_merchants[1] ?? '';
    const request = on.order({ sub_merchant });
    const { wallet_reference } = request;
    const presentation = await presented(partner.account, request);
    if (presentation.kind !== 'qr') throw new Error('no code');
    await pay(on.running, presentation.qr);
    const fact = {
      wallet_reference,
      wallet_merchant: partner.account.settings.mchid,
      sub_merchant,
      state: 'paid',
      amount: 1234n,
      payer: expect.stringMatching(/^o/),
    };
    const asked = await on.wallet.queryPayment(partner.account, wallet_reference, sub_merchant);
    expect(asked).toMatchObject({ kind: 'fact', fact });
    expect(await verified(partner.account, wallet_reference)).toMatchObject({
      content: { about: 'payment', fact },
    });
    expect(
      await on.wallet.closePayment(partner.account, wallet_reference, sub_merchant),
    ).toMatchObject({ kind: 'already_paid' });
  });

  test('is not found, nor closed, under another seller', async () => {
    const [first, second] = partner.sub_merchants;
    const request = on.order({ sub_merchant: first ?? '' });
    await presented(partner.account, request);
    const { wallet_reference } = request;
    const asked = await on.wallet.queryPayment(partner.account, wallet_reference, second);
    expect(asked.kind).toBe('refused');
    expect((await on.wallet.closePayment(partner.account, wallet_reference, second)).kind).toBe(
      'refused',
    );
    expect((await on.wallet.closePayment(partner.account, wallet_reference, first)).kind).toBe(
      'closed',
    );
  });

  test('is not sent where the seller is missing or cannot be', async () => {
    const without = await on.wallet.createPayment(partner.account, on.order());
    expect(without).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    const direct = await on.wallet.createPayment(on.account, on.order({ sub_merchant: '1' }));
    expect(direct).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    expect((await on.wallet.queryPayment(partner.account, newWalletReference(0))).kind).toBe(
      'refused',
    );
    for (const outcome of [without, direct]) expect(outcome.trace.http_status).toBeUndefined();
  });

  test('holds its money when asked to', async () => {
    const sub_merchant = platform.sub_merchants[0] ?? '';
    const request = on.order({ sub_merchant, hold: true });
    const presentation = await presented(platform.account, request);
    if (presentation.kind === 'qr') await pay(on.running, presentation.qr);
    const holds = on.running.store.collection<{ holder: string; amount: bigint }>('fund_holds');
    const held = [...holds.values()].filter(({ holder }) => holder === sub_merchant);
    expect(held.map(({ amount }) => amount)).toEqual([1234n - 7n]);
  });
});

describe('handing over', () => {
  test('to an app: parameters of the App SDK, for itself and for a seller', async () => {
    for (const { account, sub } of [
      { account: on.account, sub: {} },
      { account: partner.account, sub: { sub_merchant: partner.sub_merchants[0] ?? '' } },
    ]) {
      const request = on.order({ presentation: 'app', ...sub });
      const params = paramsOf(await presented(account, request));
      expect(Object.keys(params).sort()).toEqual([
        'appId',
        'nonceStr',
        'packageValue',
        'partnerId',
        'prepayId',
        'sign',
        'timeStamp',
      ]);
      const forged = JSON.stringify({ ...params, timeStamp: '1' });
      await expect(pay(on.running, forged)).rejects.toMatchObject({ code: 'unknown_code' });
      expect(await pay(on.running, JSON.stringify(params))).toEqual({ state: 'paid' });
    }
  });

  test('to a mini program: what wx.requestPayment takes', async () => {
    const payer = await openids();
    const sub_merchant = partner.sub_merchants[0] ?? '';
    const request = on.order({ presentation: 'mini_program', payer, sub_merchant });
    const params = paramsOf(await presented(partner.account, request));
    expect(Object.keys(params).sort()).toEqual([
      'nonceStr',
      'package',
      'paySign',
      'signType',
      'timeStamp',
    ]);
    await expect(pay(on.running, JSON.stringify(params), 'chen')).rejects.toMatchObject({
      code: 'other_payer',
    });
    expect(await pay(on.running, JSON.stringify(params))).toEqual({ state: 'paid' });
  });

  test('to the seller’s own mini program: the payer is the one there', async () => {
    const sub_merchant = partner.sub_merchants[0] ?? '';
    const sellers = on.running.store.collection<{ sub_appid: string }>('sub_merchants');
    const sub_appid = sellers.get(sub_merchant)?.sub_appid ?? '';
    const { account } = on.accountOf('partner', { sub_appids: { [sub_merchant]: sub_appid } });
    const foreign = await on.wallet.createPayment(
      account,
      on.order({ presentation: 'mini_program', payer: await openids(), sub_merchant }),
    );
    expect(foreign).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    const app = on.order({ presentation: 'app', sub_merchant });
    const params = paramsOf(await presented(account, app));
    expect(params).toMatchObject({ appId: sub_appid, partnerId: sub_merchant });
    expect(await pay(on.running, JSON.stringify(params))).toEqual({ state: 'paid' });
    const orders = on.running.store.collection<{ sub_openid: string; out_trade_no: string }>(
      'orders',
    );
    const paid = [...orders.values()].find((each) => each.out_trade_no === app.wallet_reference);
    const request = on.order({
      presentation: 'mini_program',
      payer: paid?.sub_openid ?? '',
      sub_merchant,
    });
    const call = paramsOf(await presented(account, request));
    expect(await pay(on.running, JSON.stringify(call))).toEqual({ state: 'paid' });
  });
});

test('settings name sellers’ app ids by their numbers', () => {
  for (const sub_appids of [{ x: 'wx0000000000000000' }, { 1700000000: 'nothing' }, 'wx']) {
    expect(() => on.accountOf('partner', { sub_appids })).toThrow(/sub_appids/);
  }
});

test('coupons are told by who funds them', async () => {
  const give = on.running.sandbox.actions.find(({ name }) => name === 'coupons/give');
  await give?.run({ person: 'lin', amount: 200, funded_by: 'merchant' });
  const request = await on.paid();
  const fact = {
    amount: 1234n,
    payer_paid: 1034n,
    coupons: { wallet_funded: 0n, merchant_funded: 200n, other_funded: 0n },
  };
  const { wallet_reference } = request;
  expect(await on.wallet.queryPayment(on.account, wallet_reference)).toMatchObject({ fact });
  expect(await verified(on.account, wallet_reference)).toMatchObject({ content: { fact } });
});

describe('a combined order', () => {
  function whole(more: Partial<CombinedOrder> = {}): CombinedOrder {
    const { amount: _amount, ...order } = on.order();
    const parts = platform.sub_merchants.map((sub_merchant, index) => ({
      wallet_reference: newWalletReference(0),
      amount: 100n + BigInt(index),
      description: `第${index + 1}家`,
      sub_merchant,
      hold: index === 0,
    }));
    return { ...order, parts, ...more };
  }

  const combined = () => {
    const { combined: group } = on.wallet;
    if (!group) throw new Error('not offered');
    return group;
  };

  test('is paid once and told once, part by part', async () => {
    const order = whole();
    const outcome = await combined().create(platform.account, order);
    if (outcome.kind !== 'presented' || outcome.presentation.kind !== 'qr') {
      throw new Error(JSON.stringify(outcome));
    }
    expect(await combined().query(platform.account, order)).toMatchObject({
      kind: 'facts',
      parts: order.parts.map(() => ({ state: 'waiting' })),
    });
    await pay(on.running, outcome.presentation.qr);
    const parts = order.parts.map(({ wallet_reference, amount, sub_merchant }) => ({
      wallet_reference,
      amount,
      sub_merchant,
      payer_paid: amount,
      state: 'paid',
      payer: expect.stringMatching(/^o/),
      wallet_transaction_id: expect.stringMatching(/^4200/),
    }));
    const asked = await combined().query(platform.account, order);
    expect(asked).toMatchObject({ kind: 'facts', parts });
    expect(await verified(platform.account, order.wallet_reference)).toMatchObject({
      fact_id: order.wallet_reference,
      fact_state: 'paid',
      content: { about: 'combined', wallet_reference: order.wallet_reference, facts: parts },
    });
    expect((await combined().close(platform.account, order)).kind).toBe('already_paid');
  });

  test('is closed with the parts it was made with', async () => {
    const order = whole();
    await combined().create(platform.account, order);
    const fewer = { ...order, parts: order.parts.slice(1) };
    expect((await combined().close(platform.account, fewer)).kind).toBe('refused');
    expect((await combined().query(platform.account, fewer)).kind).toBe('unknown');
    expect((await combined().close(platform.account, order)).kind).toBe('closed');
    expect((await combined().close(platform.account, order)).kind).toBe('closed');
    expect(await combined().create(platform.account, order)).toMatchObject({
      code: 'already_closed',
    });
  });

  test('nobody knows is not found, and what the wallet would refuse is not sent', async () => {
    const order = whole();
    expect((await combined().query(platform.account, order)).kind).toBe('not_found');
    const own = order.parts.map(({ sub_merchant: _seller, ...part }) => part);
    const cases: [WalletAccount, CombinedOrder][] = [
      [platform.account, { ...order, parts: [] }],
      [platform.account, { ...order, parts: own }],
      [on.account, order],
      [on.account, { ...order, parts: own.slice(0, 1) }],
      [platform.account, { ...order, presentation: 'in_app' }],
    ];
    for (const [account, wrong] of cases) {
      const outcome = await combined().create(account, wrong);
      expect(outcome).toMatchObject({ kind: 'refused', code: 'invalid_request' });
      expect(outcome.trace.http_status).toBeUndefined();
    }
    const direct = await combined().create(on.account, { ...order, parts: own });
    expect(direct.kind).toBe('presented');
  });

  test('goes to an app with parameters for all parts', async () => {
    const outcome = await combined().create(platform.account, whole({ presentation: 'app' }));
    if (outcome.kind !== 'presented') throw new Error('not presented');
    const params = JSON.stringify(paramsOf(outcome.presentation));
    expect(await pay(on.running, params)).toEqual({ state: 'paid' });
  });
});
