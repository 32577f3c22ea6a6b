import { createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerMessage, rsaVerify } from '../../protocols/wechat-pay/signature.ts';
import { callApi, merchantOf, orderBody, type RunningSandbox, runSandbox } from './testing.ts';

/** Signatures, headers and validation, byte by byte. */
let running: RunningSandbox;

beforeAll(async () => {
  running = await runSandbox();
});
afterAll(() => running.stop());

const target = '/v3/pay/transactions/native';
const order = (more: Record<string, unknown> = {}) =>
  callApi(running, { method: 'POST', target, body: orderBody(running, more) });

function isSigned(answer: Awaited<ReturnType<typeof order>>): boolean {
  const message = answerMessage({
    timestamp: answer.headers.get('wechatpay-timestamp') ?? '',
    nonce: answer.headers.get('wechatpay-nonce') ?? '',
    body: answer.text,
  });
  const key = createPublicKey(merchantOf(running).public_key);
  return rsaVerify(key, message, answer.headers.get('wechatpay-signature') ?? '');
}

describe('answers', () => {
  test('carry the headers of the real gateway and a signature over the exact bytes', async () => {
    const answer = await order();
    expect(isSigned(answer)).toBe(true);
    expect(answer.headers.get('wechatpay-serial')).toBe(merchantOf(running).public_key_id);
    expect(answer.headers.get('request-id')).toMatch(/^08[0-9A-F]{40}-0$/);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-cache, must-revalidate');
    expect(answer.headers.get('server')).toBe('nginx');
  });

  test('that refuse a known merchant are signed as well', async () => {
    const answer = await order({ description: '' });
    expect(answer.status).toBe(400);
    expect(isSigned(answer)).toBe(true);
  });

  test('to calls that do not exist are 404 and unsigned', async () => {
    const answer = await callApi(running, { method: 'GET', target: '/v3/nothing' });
    expect([answer.status, answer.content.code]).toEqual([404, 'NOT_FOUND']);
    expect(answer.headers.get('wechatpay-signature')).toBeNull();
  });
});

describe('SIGN_ERROR', () => {
  test('shows the string the server signed when the body was changed on its way', async () => {
    const body = orderBody(running);
    const sent_body = JSON.stringify({ ...body, amount: { total: 1, currency: 'CNY' } });
    const answer = await callApi(running, { method: 'POST', target, body, sent_body });
    expect([answer.status, answer.content.code]).toEqual([401, 'SIGN_ERROR']);
    const detail = answer.content.detail as { sign_information: Record<string, unknown> };
    expect(detail.sign_information).toMatchObject({ method: 'POST', url: target });
    const shown = String(detail.sign_information.truncated_sign_message);
    expect(shown.startsWith(`POST\n${target}\n`)).toBe(true);
    expect(shown.endsWith(`\n${sent_body}\n`)).toBe(true);
    expect(detail.sign_information.sign_message_length).toBe(Buffer.byteLength(shown));
    expect(answer.headers.get('request-id')).toMatch(/-268443699$/);
  });

  test('covers the query as sent', async () => {
    const { mchid } = merchantOf(running);
    const path = `/v3/pay/transactions/out-trade-no/NOSUCHORDER?mchid=${mchid}`;
    const good = await callApi(running, { method: 'GET', target: path });
    expect(good.content.code).toBe('ORDER_NOT_EXIST');
    const encoded = path.replace('NOSUCH', '%4EOSUCH');
    expect((await callApi(running, { method: 'GET', target: encoded })).status).toBe(404);
  });

  test.each([
    ['more than five minutes late', { skew_s: -301 }, 'timestamp'],
    ['more than five minutes early', { skew_s: 330 }, 'timestamp'],
    ['under another serial', { serial_no: 'A'.repeat(40) }, 'serial_no'],
    ['of an unknown merchant', { mchid: '1900000001' }, 'mchid'],
  ])('meets a call %s', async (_what, change, field) => {
    const { skew_s = 0, ...parts } = change as { skew_s?: number; mchid?: string };
    const answer = await callApi(running, {
      method: 'POST',
      target,
      body: orderBody(running),
      skew_s,
      authorization: (given) =>
        `WECHATPAY2-SHA256-RSA2048 ${Object.entries({ ...given, ...parts })
          .map(([name, value]) => `${name}="${value}"`)
          .join(', ')}`,
    });
    expect([answer.status, answer.content.code]).toEqual([401, 'SIGN_ERROR']);
    expect(answer.content.detail).toMatchObject({ field });
  });

  test('meets a header that cannot be read, and the serial is read in any case', async () => {
    const body = orderBody(running);
    const bad = await callApi(running, {
      method: 'POST',
      target,
      body,
      authorization: () => 'Bearer x',
    });
    expect(bad.status).toBe(401);
    const lower = await callApi(running, {
      method: 'POST',
      target,
      body,
      authorization: ({ serial_no, ...rest }) =>
        `WECHATPAY2-SHA256-RSA2048 serial_no="${serial_no.toLowerCase()}" , ${Object.entries(rest)
          .map(([name, value]) => `${name}="${value}"`)
          .join(',')}`,
    });
    expect(lower.status).toBe(200);
  });
});

describe('validation', () => {
  test.each([
    ['a missing field', { notify_url: undefined }, '/notify_url'],
    ['a short order number', { out_trade_no: '1' }, '/out_trade_no'],
    ['a bad character in the number', { out_trade_no: 'ORDER 1234' }, '/out_trade_no'],
    ['a long description', { description: '茶'.repeat(128) }, '/description'],
    ['an emoji', { description: 'tea 🍵' }, '/description'],
    ['an amount of zero', { amount: { total: 0 } }, '/amount/total'],
    ['an amount with a fraction', { amount: { total: 1.5 } }, '/amount/total'],
    ['an amount as text', { amount: { total: '1' } }, '/amount/total'],
    ['another currency', { amount: { total: 1, currency: 'USD' } }, '/amount/currency'],
    ['null', { attach: null }, '/attach'],
    ['a query in notify_url', { notify_url: 'https://a.example/?b=1' }, '/notify_url'],
    ['a time without zone', { time_expire: '2030-01-01 00:00:00' }, '/time_expire'],
    ['a time too far away', { time_expire: '2099-01-01T00:00:00+08:00' }, '/time_expire'],
    ['an unknown field', { no_such_field: 1 }, '/no_such_field'],
    ['a prototype name', { constructor: 1 }, '/constructor'],
  ])('names the field for %s', async (_what, change, field) => {
    const answer = await order(change);
    expect([answer.status, answer.content.code]).toEqual([400, 'PARAM_ERROR']);
    expect(answer.content.detail).toMatchObject({ field, location: 'body' });
    const extra = field === '/no_such_field' || field === '/constructor';
    const internal = extra ? '270924358' : '268435';
    expect(answer.headers.get('request-id')).toMatch(new RegExp(`-${internal}`));
  });

  test.each(['', '[]', '{', 'null', '"text"'])('refuses the body %j', async (body) => {
    const answer = await callApi(running, { method: 'POST', target, body });
    expect([answer.status, answer.content.code]).toEqual([400, 'PARAM_ERROR']);
  });

  test('refuses a body beyond the limit and lives on', async () => {
    const body = orderBody(running, { attach: 'a'.repeat(70_000) });
    expect((await callApi(running, { method: 'POST', target, body })).status).toBe(413);
    expect((await order()).status).toBe(200);
  });

  test('refuses a Wechatpay-Serial that is not one of this merchant', async () => {
    const headers = { 'Wechatpay-Serial': 'PUB_KEY_ID_0' };
    const body = orderBody(running);
    const answer = await callApi(running, { method: 'POST', target, body, headers });
    expect([answer.status, answer.content.code]).toEqual([400, 'PARAM_ERROR']);
    expect(answer.content.detail).toMatchObject({ field: 'Wechatpay-Serial' });
  });

  test('refuses a call that does not accept JSON', async () => {
    const headers = { Accept: 'text/html' };
    const answer = await callApi(running, {
      method: 'POST',
      target,
      body: orderBody(running),
      headers,
    });
    expect(answer.content.code).toBe('PARAM_ERROR');
  });
});

test('no JSON that a merchant can sign makes the sandbox break', async () => {
  const fields = ['appid', 'mchid', 'amount', 'scene_info', 'detail', 'payer', 'limit_pay'];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('native', 'h5', 'jsapi'),
      fc.dictionary(fc.constantFrom(...fields, '__proto__', 'x'), fc.jsonValue()),
      async (kind, change) => {
        const path = `/v3/pay/transactions/${kind}`;
        const body = JSON.stringify({ ...orderBody(running), ...change });
        const { status } = await callApi(running, { method: 'POST', target: path, body });
        expect([200, 400]).toContain(status);
      },
    ),
    { numRuns: 100 },
  );
});
