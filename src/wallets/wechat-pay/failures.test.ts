import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Connector, openConnector } from '../../../test/support/wechat-pay-connector.ts';
import { newWalletReference } from '../../ids.ts';
import type { Fault } from '../../sandbox/faults.ts';
import { wechatPayWallet } from './wallet.ts';

/** When the wallet or the network fails: what is unknown, and what is a definite no. */
let on: Connector;

beforeAll(async () => {
  on = await openConnector();
});
afterAll(() => on.stop());

describe('when the wallet fails', () => {
  async function struck<T>(fault: Fault, operation: string, work: () => Promise<T>): Promise<T> {
    const setting = { probability: 1, remaining: 1, operation };
    on.running.faults.set([{ fault, ...setting }]);
    const outcome = await work();
    expect(on.running.faults.settings[0]?.remaining).toBe(0);
    on.running.faults.set([]);
    return outcome;
  }

  test.each<Fault>(['error_before_effect', 'error_after_effect'])(
    '%s leaves the outcome unknown until it is asked for',
    async (fault) => {
      const request = on.order();
      const outcome = await struck(fault, 'pay.native', () =>
        on.wallet.createPayment(on.account, request),
      );
      expect(outcome).toMatchObject({ kind: 'unknown', trace: { http_status: 500 } });
      const asked = await on.wallet.queryPayment(on.account, request.wallet_reference);
      expect(asked.kind).toBe(fault === 'error_after_effect' ? 'fact' : 'not_found');
      await on.presented(request);
    },
  );

  test.each<Fault>(['timeout_before_effect', 'timeout_after_effect'])(
    '%s is unknown',
    async (fault) => {
      const hasty = wechatPayWallet({ real: () => new Date(), timeout_ms: 200 });
      const request = on.order();
      const outcome = await struck(fault, 'pay.native', () =>
        hasty.createPayment(on.account, request),
      );
      expect(outcome).toMatchObject({ kind: 'unknown', cause: expect.stringContaining('timeout') });
      hasty.stop();
      const asked = await on.wallet.queryPayment(on.account, request.wallet_reference);
      expect(asked.kind).toBe(fault === 'timeout_after_effect' ? 'fact' : 'not_found');
    },
  );

  test('query, close and refund are unknown too', async () => {
    const request = await on.paid();
    const { wallet_reference } = request;
    const fault = 'error_after_effect';
    const query = () => on.wallet.queryPayment(on.account, wallet_reference);
    expect((await struck(fault, 'query', query)).kind).toBe('unknown');
    const refund = {
      ...request,
      refund_reference: newWalletReference(0),
      payment_amount: request.amount,
      reason: '',
    };
    expect((await struck(fault, 'refund', () => on.wallet.refund(on.account, refund))).kind).toBe(
      'unknown',
    );
    const asked = () => on.wallet.queryRefund(on.account, refund);
    expect((await struck(fault, 'refund.query', asked)).kind).toBe('unknown');
    expect(await asked()).toMatchObject({ kind: 'fact' });
    const open = on.order();
    await on.presented(open);
    const close = () => on.wallet.closePayment(on.account, open.wallet_reference);
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
    const outcome = await on.wallet.createPayment(
      on.accountAt({ endpoint: `http://127.0.0.1:${port}` }),
      on.order(),
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
    const known = { ...signed, 'wechatpay-serial': String(on.account.settings.public_key_id) };
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
    const nobody = on.accountAt({ endpoint: `http://127.0.0.1:${port}` });
    expect(await on.wallet.createPayment(nobody, on.order())).toMatchObject({
      kind: 'refused',
      code: 'wallet_error',
    });
  });
});
