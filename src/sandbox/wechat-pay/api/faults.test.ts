import { createHash, createPublicKey } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Multipart, Wechatpay } from 'wechatpay-axios-plugin';
import { answerMessage, rsaVerify } from '../../../protocols/wechat-pay/signature.ts';
import type { Fault, FaultSetting } from '../../faults.ts';
import { act } from '../merchants/testing.ts';
import {
  callApi,
  merchantOf,
  nativeOrder,
  openShop,
  orderBody,
  pay,
  type ReceivedNotice,
  type RunningSandbox,
  runSandbox,
  type Shop,
} from '../testing.ts';
import { Rates } from './rates.ts';
import { ROUTES } from './routes.ts';

/** What the dial does to answers and notices, what the log keeps, rates, spellings, uploads. */
let running: RunningSandbox;
let shop: Shop;

beforeAll(async () => {
  [running, shop] = await Promise.all([runSandbox(), openShop()]);
});
afterEach(() => running.faults.set([]));
afterAll(async () => {
  await Promise.all([running.stop(), shop.stop()]);
});

const NATIVE = '/v3/pay/transactions/native';

function turn(fault: Fault, more: Partial<FaultSetting> = {}) {
  running.faults.set([{ fault, probability: 1, remaining: 1, ...more }]);
}

function order(more: Record<string, unknown> = {}) {
  const body = orderBody(running, { notify_url: shop.notify_url, ...more });
  const done = callApi(running, { method: 'POST', target: NATIVE, body });
  return { body, done };
}

function query(out_trade_no: string) {
  const { mchid } = merchantOf(running);
  const target = `/v3/pay/transactions/out-trade-no/${out_trade_no}?mchid=${mchid}`;
  return callApi(running, { method: 'GET', target });
}

const logged = () => running.requests.list({ limit: 1 })[0];

function isSigned(answer: Awaited<ReturnType<typeof callApi>>): boolean {
  const message = answerMessage({
    timestamp: answer.headers.get('wechatpay-timestamp') ?? '',
    nonce: answer.headers.get('wechatpay-nonce') ?? '',
    body: answer.text,
  });
  const key = createPublicKey(merchantOf(running).public_key);
  return rsaVerify(key, message, answer.headers.get('wechatpay-signature') ?? '');
}

describe('an answer by the dial', () => {
  test('is cut in its middle, after the effect', async () => {
    turn('answer_cut');
    const { body, done } = order();
    await expect(done).rejects.toThrow();
    expect((await query(body.out_trade_no)).status).toBe(200);
    expect(running.requests.list({ limit: 2 })[1]).toMatchObject({
      fault: 'answer_cut',
      status: 200,
    });
  });

  test('never comes because the connection was reset, without effect', async () => {
    turn('connection_reset');
    const { body, done } = order();
    await expect(done).rejects.toThrow();
    expect(logged()).toMatchObject({ fault: 'connection_reset', status: 0, verdict: 'no answer' });
    expect((await query(body.out_trade_no)).status).toBe(404);
  });

  test('carries a probe, or no signature at all, and the effect is real', async () => {
    turn('answer_probed');
    const probed = await order().done;
    expect(probed.headers.get('wechatpay-signature')).toMatch(/^WECHATPAY\/SIGNTEST\//);
    expect(isSigned(probed)).toBe(false);
    turn('answer_unsigned');
    const { body, done } = order();
    const unsigned = await done;
    expect(unsigned.headers.get('wechatpay-signature')).toBeNull();
    expect(logged()?.fault).toBe('answer_unsigned');
    expect((await query(body.out_trade_no)).status).toBe(200);
  });

  test('comes late', async () => {
    turn('answer_slow', { delay_ms: 150 });
    expect((await order().done).status).toBe(200);
    expect(logged()?.duration_ms).toBeGreaterThanOrEqual(145);
  });

  test('is a 429 without effect', async () => {
    turn('rate_limited');
    const { body, done } = order();
    const answer = await done;
    expect([answer.status, answer.content.code]).toEqual([429, 'FREQUENCY_LIMITED']);
    expect(answer.headers.get('request-id')).toMatch(/-268447840$/);
    expect(isSigned(answer)).toBe(true);
    expect((await query(body.out_trade_no)).status).toBe(404);
  });

  test('states a fen more than was ordered, under a good signature', async () => {
    const { body, done } = order();
    await done;
    const { out_trade_no } = body;
    turn('answer_wrong_amount');
    const unpaid = await query(out_trade_no);
    expect(unpaid.content.amount).toMatchObject({ total: 1235 });
    expect(isSigned(unpaid)).toBe(true);
    expect((await query(out_trade_no)).content.amount).toMatchObject({ total: 1234 });
  });

  test('strikes only where operation and amount say so', async () => {
    turn('answer_unsigned', { operation: 'pay.native', amount: 777n });
    expect(isSigned(await order().done)).toBe(true);
    const { done } = order({ amount: { total: 777, currency: 'CNY' } });
    expect(isSigned(await done)).toBe(false);
  });
});

describe('a notice by the dial', () => {
  const amountIn = ({ body }: ReceivedNotice) => JSON.parse(body.toString('utf8')).id as string;

  async function notices(count: number, fault: Fault, more: Partial<FaultSetting> = {}) {
    const before = shop.received.length;
    turn(fault, more);
    const { code } = await nativeOrder(running, { notify_url: shop.notify_url });
    await pay(running, code);
    await shop.notice(before + count);
    await expect.poll(() => running.sandbox.pendingNotifications()).toBe(0);
    return shop.received.slice(before);
  }

  test('is preceded by a probe', async () => {
    const [probe, genuine] = await notices(2, 'notification_probed');
    expect(probe?.headers['wechatpay-signature']).toMatch(/^WECHATPAY\/SIGNTEST\//);
    expect(genuine?.headers['wechatpay-signature']).not.toMatch(/SIGNTEST/);
    expect(probe?.body).toEqual(genuine?.body);
  });

  test('comes again when its answer was lost', async () => {
    const heard = await notices(2, 'notification_answer_lost');
    expect(heard).toHaveLength(2);
    expect(new Set(heard.map(amountIn)).size).toBe(1);
  });

  test('strikes by event and amount', async () => {
    const occasion = { operation: 'TRANSACTION.SUCCESS', amount: 9n };
    expect(await notices(1, 'notification_probed', occasion)).toHaveLength(1);
    const same = { ...occasion, amount: 1234n };
    expect(await notices(2, 'notification_probed', same)).toHaveLength(2);
  });
});

describe('the log', () => {
  test('says who called what, how it ended and how long it took', async () => {
    const { body, done } = order();
    const answer = await done;
    expect(logged()).toMatchObject({
      method: 'POST',
      target: NATIVE,
      operation: 'pay.native',
      caller: merchantOf(running).mchid,
      status: 200,
      verdict: 'ok',
      reason: null,
      signature: { state: 'valid', hint: '' },
      request_body: JSON.stringify(body),
      answer_body: answer.text,
      wallet_request_id: answer.headers.get('request-id'),
      fault: null,
    });
    await order({ description: '' }).done;
    expect(logged()).toMatchObject({ verdict: 'PARAM_ERROR', signature: { state: 'valid' } });
    expect(logged()?.reason).toContain('description');
  });
});

describe('error codes', () => {
  test('come in the spelling that the merchant is to meet', async () => {
    const { mchid } = merchantOf(running);
    const code = async (spelling: string) => {
      await act(running, 'spelling', { mchid, spelling });
      const answer = await query('NOSUCHORDER');
      expect(isSigned(answer)).toBe(true);
      return answer.content.code;
    };
    expect(await code('older')).toBe('ORDERNOTEXIST');
    expect(await code('newer')).toBe('ORDER_NOT_EXIST');
    expect(await code('documented')).toBe('ORDER_NOT_EXIST');
  });
});

describe('pictures', () => {
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(64, 7)]);
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

  /** As the SDK's users do it: a form whose meta is signed. */
  async function upload(bytes: Buffer, meta: Record<string, string> = {}) {
    const {
      mchid,
      serial_no: serial,
      private_key,
      public_key_id,
      public_key,
    } = merchantOf(running);
    const certs = { [public_key_id]: public_key };
    const { url: baseURL } = running.sandbox;
    const options = {
      mchid,
      serial,
      privateKey: private_key,
      certs,
      baseURL,
      proxy: false as const,
    };
    const form = new Multipart();
    const whole = { filename: 'licence.png', sha256: digest(bytes), ...meta };
    form.append('meta', JSON.stringify(whole)).append('file', bytes, 'licence.png');
    const config = { meta: form.toJSON(), headers: form.getHeaders() };
    const chain = new Wechatpay(options).chain('v3/merchant/media/upload');
    const { data } = await chain.post<Buffer | { media_id: string }>(form.getBuffer(), config);
    return 'media_id' in data ? data.media_id : '';
  }

  test('are taken from the SDK and get a number each', async () => {
    const first = await upload(png);
    const second = await upload(png);
    expect(first).toHaveLength(120);
    expect(second).not.toBe(first);
    expect(logged()).toMatchObject({ operation: 'media.upload', verdict: 'ok' });
  });

  test.each<[string, Buffer, Record<string, string>]>([
    ['with another digest', png, { sha256: '0'.repeat(64) }],
    ['that are no pictures', Buffer.from('GIF89a'), {}],
    ['of more than 5 MB', Buffer.concat([png, Buffer.alloc(5 * 1024 * 1024)]), {}],
    ['with another ending', png, { filename: 'licence.gif' }],
  ])('%s are refused', async (_what, bytes, meta) => {
    await expect(upload(bytes, meta)).rejects.toMatchObject({
      response: { status: 400, data: { code: 'PARAM_ERROR' } },
    });
  });

  test('whose meta was changed after signing are SIGN_ERROR', async () => {
    const form = new Multipart();
    form.append('meta', '{"filename":"a.png","sha256":"0"}').append('file', png, 'a.png');
    const headers = form.getHeaders() as Record<string, string>;
    const answer = await callApi(running, {
      method: 'POST',
      target: '/v3/merchant/media/upload',
      body: '{"filename":"b.png","sha256":"0"}',
      sent_body: form.getBuffer().toString('latin1'),
      headers,
    });
    expect([answer.status, answer.content.code]).toEqual([401, 'SIGN_ERROR']);
  });
});

describe('rates', () => {
  test('are kept per merchant and call, a second’s worth at a time', () => {
    const rates = new Rates();
    const call = { mchid: '1', operation: 'a', per_second: 10, now: 1_000_000 };
    const taken = (more: object, count: number) =>
      Array.from({ length: count }, () => rates.take({ ...call, ...more })).filter(Boolean).length;
    expect(taken({}, 15)).toBe(10);
    expect(taken({ mchid: '2' }, 3)).toBe(3);
    expect(taken({ operation: 'b' }, 3)).toBe(3);
    expect(taken({ now: 1_000_500 }, 15)).toBe(5);
    expect(taken({ now: 1_060_000 }, 15)).toBe(10);
  });

  test('are held against merchants only where it is asked for', async () => {
    const rare = ROUTES.filter(({ per_second }) => per_second !== undefined).sort(
      (a, b) => (a.per_second ?? 0) - (b.per_second ?? 0),
    )[0];
    const [method, path = ''] = (rare?.call ?? '').split(' ');
    const target = path.replaceAll(/\{[a-z_]+\}/g, 'NOSUCHTHING');
    const statuses = async (at: RunningSandbox) => {
      const found: number[] = [];
      for (let i = 0; i < (rare?.per_second ?? 0) + 4; i += 1) {
        found.push((await callApi(at, { method: method as 'GET' | 'POST', target })).status);
      }
      return found;
    };
    const strict = await runSandbox({ rate_limits: true });
    expect(await statuses(strict)).toContain(429);
    expect(await statuses(running)).not.toContain(429);
    await strict.stop();
  });
});
