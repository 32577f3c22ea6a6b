import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Connector, openConnector } from '../../../../test/support/wechat-pay-connector.ts';
import { newWalletReference } from '../../../ids.ts';
import { pay } from '../../../sandbox/wechat-pay/testing.ts';

/** Ordering, asking and closing, against the sandbox over sockets. */
let on: Connector;

beforeAll(async () => {
  on = await openConnector();
});
afterAll(() => on.stop());

describe('paying', () => {
  test('by code: presented, waiting, paid', async () => {
    const request = on.order();
    const { presentation, trace } = await on.presented(request);
    expect(presentation).toMatchObject({ kind: 'qr', qr: expect.stringMatching(/^weixin:/) });
    expect(trace).toMatchObject({
      operation: 'POST /v3/pay/transactions/native',
      http_status: 200,
    });
    expect(trace.wallet_request_id).toMatch(/-0$/);
    expect(await on.wallet.queryPayment(on.account, request.wallet_reference)).toMatchObject({
      kind: 'fact',
      fact: { state: 'waiting', amount: 1234n },
    });
    if (presentation.kind === 'qr') await pay(on.running, presentation.qr);
    const after = await on.wallet.queryPayment(on.account, request.wallet_reference);
    expect(after).toMatchObject({
      kind: 'fact',
      fact: {
        state: 'paid',
        wallet_reference: request.wallet_reference,
        wallet_merchant: on.account.settings.mchid,
        amount: 1234n,
        payer_paid: 1234n,
        currency: 'CNY',
        payer: expect.stringMatching(/^o/),
        paid_at: expect.any(Date),
      },
    });
  });

  test('in a phone browser: the link leads back to the shop', async () => {
    const request = on.order({ presentation: 'h5' });
    const { presentation } = await on.presented(request);
    if (presentation.kind !== 'h5') throw new Error('no link');
    const url = new URL(presentation.url);
    expect(url.searchParams.get('redirect_url')).toBe(request.return_url);
    await pay(on.running, presentation.url);
    expect(await on.wallet.queryPayment(on.account, request.wallet_reference)).toMatchObject({
      fact: { state: 'paid' },
    });
  });

  test('inside WeChat: the payer logs in, the call is signed so that the wallet takes it', async () => {
    const { payerLogin } = on.wallet;
    if (!payerLogin) throw new Error('no login');
    const login = new URL(
      payerLogin.authorizeUrl(on.account, {
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
    const code = back.searchParams.get(payerLogin.code_parameter) ?? '';
    const payer = (await payerLogin.exchangeCode(on.account, code)) ?? '';
    expect(await payerLogin.exchangeCode(on.account, code)).toBeUndefined();
    const request = on.order({ presentation: 'in_app', payer });
    const { presentation, trace } = await on.presented(request);
    if (presentation.kind !== 'in_app') throw new Error('no parameters');
    expect(JSON.stringify(trace)).not.toContain(payer);
    await pay(on.running, JSON.stringify(presentation.params), 'chen');
    expect(await on.wallet.queryPayment(on.account, request.wallet_reference)).toMatchObject({
      fact: { state: 'paid', payer },
    });
  });

  test('is not offered where the wallet has nothing: a page, or in-app without payer', async () => {
    expect(
      await on.wallet.createPayment(on.account, on.order({ presentation: 'page' })),
    ).toMatchObject({
      kind: 'refused',
      code: 'invalid_request',
    });
    expect(
      await on.wallet.createPayment(on.account, on.order({ presentation: 'in_app' })),
    ).toMatchObject({
      kind: 'refused',
      code: 'invalid_request',
    });
  });
});

describe('a number', () => {
  test('may be sent again unchanged, and not with another amount', async () => {
    const request = on.order();
    await on.presented(request);
    await on.presented(request);
    const other = await on.wallet.createPayment(on.account, { ...request, amount: 1n });
    expect(other).toMatchObject({ kind: 'refused', code: 'reference_reused' });
    expect(other.trace).toMatchObject({ http_status: 400, wallet_code: 'INVALID_REQUEST' });
    expect(other.trace.wallet_request_id).toMatch(/-268498688$/);
  });

  test('that is paid or closed says so', async () => {
    const request = await on.paid();
    expect(await on.wallet.createPayment(on.account, request)).toMatchObject({
      code: 'already_paid',
    });
    const closed = on.order();
    await on.presented(closed);
    expect((await on.wallet.closePayment(on.account, closed.wallet_reference)).kind).toBe('closed');
    expect(await on.wallet.createPayment(on.account, closed)).toMatchObject({
      code: 'already_closed',
    });
  });

  test('that the wallet never saw is not found, by query and by close', async () => {
    expect((await on.wallet.queryPayment(on.account, newWalletReference(0))).kind).toBe(
      'not_found',
    );
    expect((await on.wallet.closePayment(on.account, newWalletReference(0))).kind).toBe(
      'not_found',
    );
  });
});

describe('closing', () => {
  test('is confirmed, repeatable, and loses against a payer who was faster', async () => {
    const request = on.order();
    await on.presented(request);
    expect((await on.wallet.closePayment(on.account, request.wallet_reference)).kind).toBe(
      'closed',
    );
    expect((await on.wallet.closePayment(on.account, request.wallet_reference)).kind).toBe(
      'closed',
    );
    expect(await on.wallet.queryPayment(on.account, request.wallet_reference)).toMatchObject({
      fact: { state: 'closed' },
    });
    const faster = await on.paid();
    expect((await on.wallet.closePayment(on.account, faster.wallet_reference)).kind).toBe(
      'already_paid',
    );
  });
});
