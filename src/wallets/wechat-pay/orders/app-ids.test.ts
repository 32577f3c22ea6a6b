import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../../ids.ts';
import { poll, type Role } from '../../../sandbox/wechat-pay/sharing/testing.ts';
import { pay } from '../../../sandbox/wechat-pay/testing.ts';
import type { ChargeOrder } from '../../products/payer-codes.ts';
import type { PayoutOrder } from '../../products/payouts.ts';
import type { SplitOrder } from '../../products/splits.ts';
import type { CreateOrder, WalletAccount } from '../../wallet.ts';
import { type ConnectorBench, openConnectorBench } from '../testing.ts';

/** A merchant has several app ids, its sellers their own, and a payer is another at each. */
let bench: ConnectorBench;
let mini: App;
let app: App;

interface App {
  readonly appid: string;
  readonly app_secret: string;
}

beforeAll(async () => {
  bench = await openConnectorBench();
  const { mchid } = bench.merchant('direct');
  mini = (await bench.act('appids/bind', { mchid })) as App;
  app = (await bench.act('appids/bind', { mchid })) as App;
});
afterAll(() => bench.stop());

const withApps = () =>
  bench.walletAccount('direct', { appids: { mini_program: mini.appid, app: app.appid } });

function order(more: Partial<CreateOrder> = {}): CreateOrder {
  return {
    wallet_reference: newWalletReference(0),
    amount: 1234n,
    currency: 'CNY',
    description: '龙井茶',
    presentation: 'qr',
    notify_url: bench.shop.notify_url,
    return_url: 'http://127.0.0.1:9/back',
    expires_at: new Date(Date.now() + 3_600_000),
    client_ip: '127.0.0.1',
    ...more,
  };
}

async function paramsOf(account: WalletAccount, request: CreateOrder) {
  const outcome = await bench.wallet.createPayment(account, request);
  if (outcome.kind !== 'presented') throw new Error(JSON.stringify(outcome));
  const { presentation } = outcome;
  if (!('params' in presentation)) throw new Error('no parameters');
  return presentation.params;
}

async function loginCode({ appid }: App, person = 'lin'): Promise<string> {
  const query = new URLSearchParams({ appid, redirect_uri: 'http://127.0.0.1:9/login' });
  const answer = await fetch(`${bench.running.sandbox.url}/connect/oauth2/authorize?${query}`, {
    redirect: 'manual',
    headers: { cookie: `hutong_person=${person}` },
  });
  return new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
}

async function exchange(code: string, { appid, app_secret }: App) {
  const given = { appid, secret: app_secret, code, grant_type: 'authorization_code' };
  const query = new URLSearchParams(given);
  const url = `${bench.running.sandbox.url}/sns/oauth2/access_token?${query}`;
  return (await (await fetch(url)).json()) as { openid?: string; errcode?: number };
}

async function openidAt(at: App, person?: string): Promise<string> {
  return (await exchange(await loginCode(at, person), at)).openid ?? '';
}

interface SellersApp extends App {
  readonly sub_mchid: string | null;
}

const first = (role: Role): App => bench.merchant(role);

describe('an order under another app id of the merchant’s', () => {
  test('is handed to that app, and its notification is the account’s own', async () => {
    const account = withApps();
    const request = order({ presentation: 'app' });
    const params = await paramsOf(account, request);
    expect(params.appId).toBe(app.appid);
    expect(await pay(bench.running, JSON.stringify(params))).toEqual({ state: 'paid' });
    const { wallet_reference } = request;
    const payer = await openidAt(app);
    expect(await bench.wallet.queryPayment(account, wallet_reference)).toMatchObject({
      fact: { state: 'paid', payer },
    });
    await poll(() => bench.shop.received.length).toBeGreaterThan(0);
    const notice = bench.shop.received.at(-1);
    if (!notice) throw new Error('no notice');
    const headers = Object.fromEntries(
      Object.entries(notice.headers).map(([name, value]) => [name, String(value)]),
    );
    const raw = { headers, body: notice.body, received_at: new Date() };
    expect(await bench.wallet.verifyNotification(account, raw)).toMatchObject({
      kind: 'verified',
      content: { fact: { wallet_reference, payer } },
    });
    const without = await bench.wallet.verifyNotification(bench.walletAccount('direct'), raw);
    expect(without).toMatchObject({ kind: 'refused', reason: 'wrong_account' });
  });

  test('is paid by who the payer is there, and by nobody else', async () => {
    const account = withApps();
    const there = await openidAt(mini);
    const elsewhere = await openidAt(first('direct'));
    expect(there).not.toBe(elsewhere);
    const wrong = order({ presentation: 'mini_program', payer: elsewhere });
    expect(await bench.wallet.createPayment(account, wrong)).toMatchObject({
      kind: 'refused',
      code: 'invalid_request',
    });
    const right = order({ presentation: 'mini_program', payer: there });
    const params = JSON.stringify(await paramsOf(account, right));
    await expect(pay(bench.running, params, 'chen')).rejects.toMatchObject({ code: 'other_payer' });
    expect(await pay(bench.running, params)).toEqual({ state: 'paid' });
  });

  test('of several sellers is the same', async () => {
    const { combined } = bench.wallet;
    const parts = [1n, 2n].map((amount) => ({
      wallet_reference: newWalletReference(0),
      amount,
      description: '茶',
    }));
    const { amount: _, ...whole } = order({ presentation: 'app' });
    const made = await combined?.create(withApps(), { ...whole, parts });
    if (made?.kind !== 'presented' || made.presentation.kind !== 'app') throw new Error('no app');
    expect(made.presentation.params.appId).toBe(app.appid);
    expect(await pay(bench.running, JSON.stringify(made.presentation.params))).toEqual({
      state: 'paid',
    });
  });

  test('that is not bound, or another merchant’s, is refused', async () => {
    for (const appid of ['wx0000000000000000', first('partner').appid]) {
      const account = bench.walletAccount('direct', { appids: { app: appid } });
      const outcome = await bench.wallet.createPayment(account, order({ presentation: 'app' }));
      expect(outcome).toMatchObject({ kind: 'refused', code: 'bad_credentials' });
    }
  });
});

test('settings name app ids by where the payer pays', () => {
  for (const appids of [{ qr: mini.appid }, { app: 'nothing' }, [mini.appid], 'wx', null]) {
    expect(() => bench.walletAccount('direct', { appids })).toThrow(/appids/);
  }
});

test('a seller’s app id logs payers in with its own secret, and only its own codes', async () => {
  const partner = bench.merchant('partner');
  const { data } = (await bench.act('appids/list', {})) as {
    data: (App & { mchid: string; sub_mchid: string | null })[];
  };
  const sellers = data.find((each) => each.mchid === partner.mchid && each.sub_mchid !== null);
  if (!sellers) throw new Error('no seller has an app id');
  const there = await openidAt(sellers);
  expect(there).toMatch(/^o/);
  expect(there).not.toBe(await openidAt(partner));
  const code = await loginCode(sellers);
  expect(await exchange(code, partner)).toMatchObject({ errcode: 40029 });
  const stolen = { ...sellers, app_secret: partner.app_secret };
  expect(await exchange(await loginCode(sellers), stolen)).toMatchObject({ errcode: 40125 });
  const sub_merchant = sellers.sub_mchid ?? '';
  const account = bench.walletAccount('partner', {
    sub_appids: { [sub_merchant]: sellers.appid },
  });
  const request = order({ presentation: 'mini_program', payer: there, sub_merchant });
  const params = await paramsOf(account, request);
  expect(await pay(bench.running, JSON.stringify(params))).toEqual({ state: 'paid' });
});

describe('money for a person who is known in another app', () => {
  const notSent = { kind: 'refused', code: 'invalid_request', trace: { duration_ms: 0 } };
  const stranger = 'wx0000000000000000';

  function payout(more: Partial<PayoutOrder>): PayoutOrder {
    return {
      payout_reference: newWalletReference(0),
      amount: 100n,
      currency: 'CNY',
      payee: '',
      description: '补偿',
      notify_url: bench.shop.notify_url,
      ...more,
    };
  }

  test('is paid out under that app, asked for there, and never under a foreign one', async () => {
    const { payouts } = bench.wallet;
    const account = withApps();
    const payee = await openidAt(mini);
    const made = await payouts?.pay(account, payout({ payee, app: mini.appid }));
    expect(made).toMatchObject({
      kind: 'fact',
      fact: { state: 'needs_payee', confirmation: { appId: mini.appid } },
    });
    expect((await payouts?.pay(account, payout({ payee })))?.kind).toBe('refused');
    expect(await payouts?.pay(account, payout({ payee, app: stranger }))).toMatchObject(notSent);
  });

  test('is split under that app', async () => {
    const { splits } = bench.wallet;
    const account = withApps();
    const person = { kind: 'person', account: await openidAt(mini), name: '林小禾' } as const;
    const paid = await bench.paid('direct');
    bench.wait(60_000);
    const inApp = { ...person, app: mini.appid };
    expect((await splits?.addReceiver(account, inApp))?.kind).toBe('done');
    const split: SplitOrder = {
      split_reference: newWalletReference(0),
      wallet_reference: paid.out_trade_no,
      wallet_transaction_id: paid.transaction_id,
      parts: [{ ...person, amount: 300n, description: '推广' }],
      release_rest: false,
      app: mini.appid,
    };
    expect((await splits?.split(account, split))?.kind).toBe('fact');
    await poll(() => splits?.querySplit(account, split)).toMatchObject({
      fact: { state: 'finished', parts: [{ amount: 300n, state: 'succeeded' }] },
    });
    const before = await splits?.split(account, {
      ...split,
      split_reference: newWalletReference(0),
      app: stranger,
    });
    expect(before).toMatchObject(notSent);
    expect(await splits?.addReceiver(account, { ...person, app: stranger })).toMatchObject(notSent);
    expect((await splits?.removeReceiver(account, inApp))?.kind).toBe('done');
  });

  test('is split to who the person is in the seller’s own app', async () => {
    const { splits } = bench.wallet;
    const paid = await bench.paid('partner');
    bench.wait(60_000);
    const { data } = (await bench.act('appids/list', {})) as { data: SellersApp[] };
    const own = data.find(({ sub_mchid }) => sub_mchid === paid.seller);
    if (!own) throw new Error('the seller has no app id');
    const account = bench.walletAccount('partner', { sub_appids: { [paid.seller]: own.appid } });
    const person = { kind: 'person', account: await openidAt(own), name: '林小禾' } as const;
    const listed = { ...person, sub_merchant: paid.seller, app: own.appid };
    expect((await splits?.addReceiver(account, listed))?.kind).toBe('done');
    const split: SplitOrder = {
      split_reference: newWalletReference(0),
      wallet_reference: paid.out_trade_no,
      wallet_transaction_id: paid.transaction_id,
      sub_merchant: paid.seller,
      parts: [{ ...person, amount: 200n, description: '推广' }],
      release_rest: false,
      app: own.appid,
    };
    expect((await splits?.split(account, split))?.kind).toBe('fact');
    await poll(() => splits?.querySplit(account, split)).toMatchObject({
      fact: { parts: [{ amount: 200n, state: 'succeeded' }] },
    });
    const another = { ...listed, sub_merchant: bench.seller('partner', 1) };
    expect(await splits?.addReceiver(account, another)).toMatchObject(notSent);
  });

  test.each(['v3', 'v2'])('by a payer code of %s names the payer there', async (payer_codes) => {
    const { payerCodes } = bench.wallet;
    const { mchid } = bench.merchant('direct');
    const account = bench.walletAccount('direct', {
      appids: { mini_program: mini.appid },
      payer_codes,
    });
    const charge: ChargeOrder = {
      wallet_reference: newWalletReference(0),
      amount: 100n,
      currency: 'CNY',
      description: '茶',
      payer_code: bench.running.sandbox.payerCode('lin').code,
      device: 'POS-1',
      client_ip: '127.0.0.1',
      notify_url: bench.shop.notify_url,
      app: mini.appid,
    };
    expect(await payerCodes?.charge(account, charge)).toMatchObject({
      kind: 'fact',
      fact: { state: 'paid', wallet_merchant: mchid, payer: await openidAt(mini) },
    });
    expect(await payerCodes?.charge(account, { ...charge, app: stranger })).toMatchObject(notSent);
    expect((await payerCodes?.reverse(account, charge))?.kind).toBe('reversed');
  });
});
