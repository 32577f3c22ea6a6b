import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../ids.ts';
import {
  type RunningSandbox,
  type Shop,
  openShop,
  pay,
  runSandbox,
} from '../../sandbox/wechat-pay/testing.ts';
import type { CreateOrder, Wallet, WalletAccount } from '../wallet.ts';
import { wechatPayWallet } from './wallet.ts';

/** Every call of the connector against the sandbox, over sockets, also when things go wrong. */
let running: RunningSandbox;
let shop: Shop;
let wallet: Wallet;
let account: WalletAccount;

beforeAll(async () => {
  [running, shop] = await Promise.all([runSandbox(), openShop()]);
  wallet = wechatPayWallet({ real: () => new Date(), timeout_ms: 2000 });
  account = accountAt();
});
afterAll(async () => {
  wallet.stop();
  await Promise.all([running.stop(), shop.stop()]);
});

function accountAt(settings: Record<string, unknown> = {}): WalletAccount {
  const given = running.sandbox.merchantAccount();
  const parsed = wallet.parseAccount({ ...given, settings: { ...given.settings, ...settings } });
  return { id: 'wac_test', wallet: 'wechat_pay', custody: 'merchant_own', ...parsed };
}

function order(more: Partial<CreateOrder> = {}): CreateOrder {
  return {
    wallet_reference: newWalletReference(0),
    amount: 1234n,
    currency: 'CNY',
    description: '龙井茶 🍵 250g',
    presentation: 'qr',
    notify_url: shop.notify_url,
    return_url: 'http://127.0.0.1:9/back?a=1&b=2',
    expires_at: new Date(Date.now() + 3_600_000),
    client_ip: '127.0.0.1',
    ...more,
  };
}

async function presented(request: CreateOrder) {
  const outcome = await wallet.createPayment(account, request);
  if (outcome.kind !== 'presented') throw new Error(JSON.stringify(outcome.trace));
  return outcome;
}

async function paid(more: Partial<CreateOrder> = {}) {
  const request = order(more);
  const { presentation } = await presented(request);
  if (presentation.kind !== 'qr') throw new Error('no code');
  await pay(running, presentation.qr);
  return request;
}

describe('paying', () => {
  test('by code: presented, waiting, paid', async () => {
    const request = order();
    const { presentation, trace } = await presented(request);
    expect(presentation).toMatchObject({ kind: 'qr', qr: expect.stringMatching(/^weixin:/) });
    expect(trace).toMatchObject({
      operation: 'POST /v3/pay/transactions/native',
      http_status: 200,
    });
    expect(trace.wallet_request_id).toMatch(/-0$/);
    expect(await wallet.queryPayment(account, request.wallet_reference)).toMatchObject({
      kind: 'fact',
      fact: { state: 'waiting', amount: 1234n },
    });
    if (presentation.kind === 'qr') await pay(running, presentation.qr);
    const after = await wallet.queryPayment(account, request.wallet_reference);
    expect(after).toMatchObject({
      kind: 'fact',
      fact: {
        state: 'paid',
        wallet_reference: request.wallet_reference,
        wallet_merchant: account.settings.mchid,
        amount: 1234n,
        payer_paid: 1234n,
        currency: 'CNY',
        payer: expect.stringMatching(/^o/),
        paid_at: expect.any(Date),
      },
    });
  });

  test('in a phone browser: the link leads back to the shop', async () => {
    const request = order({ presentation: 'h5' });
    const { presentation } = await presented(request);
    if (presentation.kind !== 'h5') throw new Error('no link');
    const url = new URL(presentation.url);
    expect(url.searchParams.get('redirect_url')).toBe(request.return_url);
    await pay(running, presentation.url);
    expect(await wallet.queryPayment(account, request.wallet_reference)).toMatchObject({
      fact: { state: 'paid' },
    });
  });

  test('inside WeChat: the payer logs in, the call is signed so that the wallet takes it', async () => {
    const login = new URL(
      wallet.payerLogin.authorizeUrl(account, {
        redirect_url: 'http://127.0.0.1:9/login?x=1',
        state: 's/1',
      }),
    );
    expect(login.hash).toBe('#wechat_redirect');
    const answer = await fetch(login, {
      redirect: 'manual',
      headers: { cookie: 'hutong_person=chen' },
    });
    const back = new URL(answer.headers.get('location') ?? '');
    expect(back.searchParams.get('state')).toBe('s/1');
    const code = back.searchParams.get(wallet.payerLogin.code_parameter) ?? '';
    const payer = (await wallet.payerLogin.exchangeCode(account, code)) ?? '';
    expect(await wallet.payerLogin.exchangeCode(account, code)).toBeUndefined();
    const request = order({ presentation: 'in_app', payer });
    const { presentation, trace } = await presented(request);
    if (presentation.kind !== 'in_app') throw new Error('no parameters');
    expect(JSON.stringify(trace)).not.toContain(payer);
    await pay(running, JSON.stringify(presentation.params), 'chen');
    expect(await wallet.queryPayment(account, request.wallet_reference)).toMatchObject({
      fact: { state: 'paid', payer },
    });
  });

  test('is not offered where the wallet has nothing: a page, or in-app without payer', async () => {
    expect(await wallet.createPayment(account, order({ presentation: 'page' }))).toMatchObject({
      kind: 'refused',
      code: 'invalid_request',
    });
    expect(await wallet.createPayment(account, order({ presentation: 'in_app' }))).toMatchObject({
      kind: 'refused',
      code: 'invalid_request',
    });
  });
});

describe('a number', () => {
  test('may be sent again unchanged, and not with another amount', async () => {
    const request = order();
    await presented(request);
    await presented(request);
    const other = await wallet.createPayment(account, { ...request, amount: 1n });
    expect(other).toMatchObject({ kind: 'refused', code: 'reference_reused' });
    expect(other.trace).toMatchObject({ http_status: 400, wallet_code: 'INVALID_REQUEST' });
    expect(other.trace.wallet_request_id).toMatch(/-268498688$/);
  });

  test('that is paid or closed says so', async () => {
    const request = await paid();
    expect(await wallet.createPayment(account, request)).toMatchObject({ code: 'already_paid' });
    const closed = order();
    await presented(closed);
    expect((await wallet.closePayment(account, closed.wallet_reference)).kind).toBe('closed');
    expect(await wallet.createPayment(account, closed)).toMatchObject({ code: 'already_closed' });
  });

  test('that the wallet never saw is not found, by query and by close', async () => {
    expect((await wallet.queryPayment(account, newWalletReference(0))).kind).toBe('not_found');
    expect((await wallet.closePayment(account, newWalletReference(0))).kind).toBe('not_found');
  });
});

describe('closing', () => {
  test('is confirmed, repeatable, and loses against a payer who was faster', async () => {
    const request = order();
    await presented(request);
    expect((await wallet.closePayment(account, request.wallet_reference)).kind).toBe('closed');
    expect((await wallet.closePayment(account, request.wallet_reference)).kind).toBe('closed');
    expect(await wallet.queryPayment(account, request.wallet_reference)).toMatchObject({
      fact: { state: 'closed' },
    });
    const faster = await paid();
    expect((await wallet.closePayment(account, faster.wallet_reference)).kind).toBe('already_paid');
  });
});

describe('refunding', () => {
  const refundOf = (request: CreateOrder, amount: bigint, number = newWalletReference(0)) => ({
    wallet_reference: request.wallet_reference,
    refund_reference: number,
    amount,
    payment_amount: request.amount,
    currency: 'CNY' as const,
    reason: '退货',
    notify_url: shop.notify_url,
  });

  test('is accepted, arrives, and the payment says refunded', async () => {
    const request = await paid();
    const refund = refundOf(request, 1000n);
    expect(await wallet.refund(account, refund)).toMatchObject({
      kind: 'fact',
      fact: { state: 'pending', amount: 1000n, wallet_refund_id: expect.stringMatching(/^503/) },
    });
    await expect
      .poll(() => wallet.queryRefund(account, refund))
      .toMatchObject({
        kind: 'fact',
        fact: { state: 'succeeded', refunded_at: expect.any(Date) },
      });
    expect(await wallet.queryPayment(account, request.wallet_reference)).toMatchObject({
      fact: { state: 'refunded', amount: 1234n },
    });
  });

  test('more than was paid is refused as such', async () => {
    const request = await paid();
    await wallet.refund(account, refundOf(request, 1000n));
    expect(await wallet.refund(account, refundOf(request, 235n))).toMatchObject({
      kind: 'refused',
      code: 'over_refund',
    });
  });

  test('again under the same number is the same refund, with another amount none', async () => {
    const request = await paid();
    const refund = refundOf(request, 1000n);
    const first = await wallet.refund(account, refund);
    const again = await wallet.refund(account, { ...refund, wallet_transaction_id: '4200' });
    expect(first.kind === 'fact' && first.fact.wallet_refund_id).toBeTruthy();
    expect(again.kind === 'fact' && again.fact.wallet_refund_id).toBe(
      first.kind === 'fact' && first.fact.wallet_refund_id,
    );
    expect(await wallet.refund(account, { ...refund, amount: 1n })).toMatchObject({
      code: 'reference_reused',
    });
  });

  test('what was never paid or never asked for is not found', async () => {
    const request = order();
    expect(await wallet.refund(account, refundOf(request, 1n))).toMatchObject({
      code: 'not_found',
    });
    expect((await wallet.queryRefund(account, refundOf(request, 1n))).kind).toBe('not_found');
  });
});

describe('when the wallet fails', () => {
  async function struck<T>(fault: string, operation: string, work: () => Promise<T>): Promise<T> {
    const setting = { probability: 1, remaining: 1, operation };
    running.faults.set([{ fault: fault as 'error_before_effect', ...setting }]);
    const outcome = await work();
    expect(running.faults.settings[0]?.remaining).toBe(0);
    running.faults.set([]);
    return outcome;
  }

  test.each(['error_before_effect', 'error_after_effect'])(
    '%s leaves the outcome unknown until it is asked for',
    async (fault) => {
      const request = order();
      const outcome = await struck(fault, 'pay.native', () =>
        wallet.createPayment(account, request),
      );
      expect(outcome).toMatchObject({ kind: 'unknown', trace: { http_status: 500 } });
      const asked = await wallet.queryPayment(account, request.wallet_reference);
      expect(asked.kind).toBe(fault === 'error_after_effect' ? 'fact' : 'not_found');
      await presented(request);
    },
  );

  test.each(['timeout_before_effect', 'timeout_after_effect'])('%s is unknown', async (fault) => {
    const hasty = wechatPayWallet({ real: () => new Date(), timeout_ms: 200 });
    const request = order();
    const outcome = await struck(fault, 'pay.native', () => hasty.createPayment(account, request));
    expect(outcome).toMatchObject({ kind: 'unknown', cause: expect.stringContaining('timeout') });
    hasty.stop();
    const asked = await wallet.queryPayment(account, request.wallet_reference);
    expect(asked.kind).toBe(fault === 'timeout_after_effect' ? 'fact' : 'not_found');
  });

  test('query, close and refund are unknown too', async () => {
    const request = await paid();
    const { wallet_reference } = request;
    const fault = 'error_after_effect';
    const query = () => wallet.queryPayment(account, wallet_reference);
    expect((await struck(fault, 'query', query)).kind).toBe('unknown');
    const refund = {
      ...request,
      refund_reference: newWalletReference(0),
      payment_amount: request.amount,
      reason: '',
    };
    expect((await struck(fault, 'refund', () => wallet.refund(account, refund))).kind).toBe(
      'unknown',
    );
    const asked = () => wallet.queryRefund(account, refund);
    expect((await struck(fault, 'refund.query', asked)).kind).toBe('unknown');
    expect(await asked()).toMatchObject({ kind: 'fact' });
    const open = order();
    await presented(open);
    const close = () => wallet.closePayment(account, open.wallet_reference);
    expect((await struck(fault, 'close', close)).kind).toBe('unknown');
    expect((await close()).kind).toBe('closed');
  });
});

describe('an answer', () => {
  async function answeredBy(status: number, body: string, headers: Record<string, string> = {}) {
    const server = createServer((request, response) => {
      request.resume();
      request.on('end', () => response.writeHead(status, headers).end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const outcome = await wallet.createPayment(
      accountAt({ endpoint: `http://127.0.0.1:${port}` }),
      order(),
    );
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    return outcome;
  }

  const signed = {
    'wechatpay-timestamp': Math.floor(Date.now() / 1000).toString(),
    'wechatpay-nonce': 'n',
    'wechatpay-signature': 'WECHATPAY/SIGNTEST/abc=',
  };

  test('without a signature never counts: not a success, not a refusal', async () => {
    const success = await answeredBy(200, '{"code_url":"weixin://wxpay/bizpayurl?pr=evil"}');
    expect(success).toMatchObject({ kind: 'unknown', cause: expect.stringContaining('unsigned') });
    expect((await answeredBy(404, '{"code":"ORDER_NOT_EXIST","message":""}')).kind).toBe('unknown');
    expect((await answeredBy(400, '{"code":"PARAM_ERROR","message":""}')).kind).toBe('unknown');
  });

  test('under a wrong signature or an unknown key never counts', async () => {
    const body = '{"code_url":"weixin://wxpay/bizpayurl?pr=evil"}';
    const known = { ...signed, 'wechatpay-serial': String(account.settings.public_key_id) };
    expect(await answeredBy(200, body, known)).toMatchObject({
      kind: 'unknown',
      cause: expect.stringContaining('bad_signature'),
    });
    const foreign = { ...signed, 'wechatpay-serial': 'PUB_KEY_ID_1' };
    expect(await answeredBy(200, body, foreign)).toMatchObject({
      cause: expect.stringContaining('unknown_key'),
    });
  });

  test.each([
    [301, ''],
    [502, '<html>bad gateway</html>'],
    [200, 'x'.repeat(300_000)],
    [200, '{'],
  ])('of status %i that makes no sense is unknown', async (status, body) => {
    expect((await answeredBy(status, body)).kind).toBe('unknown');
  });

  test('that cannot come because nobody listens is a refusal: nothing was begun', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const nobody = accountAt({ endpoint: `http://127.0.0.1:${port}` });
    expect(await wallet.createPayment(nobody, order())).toMatchObject({
      kind: 'refused',
      code: 'wallet_error',
    });
  });
});
