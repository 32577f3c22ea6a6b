import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  callApi,
  merchantOf,
  nativeOrder,
  orderBody,
  pay,
  type RunningSandbox,
  runSandbox,
} from '../testing.ts';

/** The rules of orders and payers, asked over the wire. */
let running: RunningSandbox;

beforeAll(async () => {
  running = await runSandbox();
});
afterAll(() => running.stop());

const NATIVE = '/v3/pay/transactions/native';

const post = (target: string, body: object) => callApi(running, { method: 'POST', target, body });
const get = (target: string) => callApi(running, { method: 'GET', target });

function query(out_trade_no: string) {
  const { mchid } = merchantOf(running);
  return get(`/v3/pay/transactions/out-trade-no/${out_trade_no}?mchid=${mchid}`);
}

function close(out_trade_no: string) {
  const { mchid } = merchantOf(running);
  return post(`/v3/pay/transactions/out-trade-no/${out_trade_no}/close`, { mchid });
}

const internal = (answer: Awaited<ReturnType<typeof post>>) =>
  answer.headers.get('request-id')?.split('-')[1];

async function after(milliseconds: number, work: () => Promise<void>) {
  running.clock.offset_ms += milliseconds;
  try {
    await work();
  } finally {
    running.clock.offset_ms -= milliseconds;
  }
}

describe('the same order number', () => {
  test('with the same parameters gives a fresh code and voids the old one', async () => {
    const { body, code } = await nativeOrder(running);
    const again = await post(NATIVE, { ...body, time_expire: '2099-01-01T00:00:00+08:00' });
    expect(again.status).toBe(200);
    expect(again.content.code_url).not.toBe(code);
    await expect(running.sandbox.scan('lin', code)).rejects.toMatchObject({ code: 'code_expired' });
    expect(await pay(running, String(again.content.code_url))).toEqual({ state: 'paid' });
  });

  test('does not care for the order of keys', async () => {
    const { body } = await nativeOrder(running);
    const reversed = Object.fromEntries(Object.entries(body).toReversed());
    expect((await post(NATIVE, reversed)).status).toBe(200);
  });

  test('with other parameters is refused and the old code stays good', async () => {
    const { body, code } = await nativeOrder(running);
    const answer = await post(NATIVE, { ...body, amount: { total: 1, currency: 'CNY' } });
    expect(answer.status).toBe(400);
    expect(answer.content.code).toBe('INVALID_REQUEST');
    expect(internal(answer)).toBe('268498688');
    expect((await running.sandbox.scan('lin', code)).amount).toBe(1234n);
  });

  test('once paid is ORDERPAID, for ordering and for closing', async () => {
    const { body, code, out_trade_no } = await nativeOrder(running);
    await pay(running, code);
    const again = await post(NATIVE, body);
    expect([again.status, again.content.code, internal(again)]).toEqual([
      400,
      'ORDERPAID',
      '268498689',
    ]);
    const closing = await close(out_trade_no);
    expect([closing.status, closing.content.code, internal(closing)]).toEqual([
      400,
      'ORDERPAID',
      '268449538',
    ]);
  });

  test('once closed needs a new number, and its code cannot be paid', async () => {
    const { body, code, out_trade_no } = await nativeOrder(running);
    const scan = await running.sandbox.scan('lin', code);
    expect((await close(out_trade_no)).status).toBe(204);
    await expect(running.sandbox.confirm(scan.id, 'pay')).rejects.toMatchObject({
      code: 'order_closed',
    });
    expect((await post(NATIVE, body)).content.code).toBe('ORDER_CLOSED');
    expect((await query(out_trade_no)).content.trade_state).toBe('CLOSED');
  });
});

describe('lives', () => {
  test('a Native code dies after two hours, and ordering again revives the order', async () => {
    const { body, code } = await nativeOrder(running);
    await after(2 * 3_600_000, async () => {
      await expect(running.sandbox.scan('lin', code)).rejects.toMatchObject({
        code: 'code_expired',
      });
      const again = await post(NATIVE, body);
      expect(await pay(running, String(again.content.code_url))).toEqual({ state: 'paid' });
    });
  });

  test('an order is closed seven days after it was made', async () => {
    const { out_trade_no } = await nativeOrder(running);
    await after(7 * 86_400_000 - 1000, async () => {
      expect((await query(out_trade_no)).content.trade_state).toBe('NOTPAY');
    });
    await after(7 * 86_400_000, async () => {
      expect((await query(out_trade_no)).content.trade_state).toBe('CLOSED');
    });
  });

  test('time_expire ends an order sooner, but never within its first minute', async () => {
    const time_expire = '2020-01-01T00:00:00+08:00';
    const { code, out_trade_no } = await nativeOrder(running, { time_expire });
    expect((await running.sandbox.scan('lin', code)).amount).toBe(1234n);
    await after(61_000, async () => {
      await expect(running.sandbox.scan('lin', code)).rejects.toMatchObject({
        code: 'order_closed',
      });
      expect((await query(out_trade_no)).content.trade_state).toBe('CLOSED');
    });
  });
});

describe('payers', () => {
  test('an unpaid order shows no payment, a paid one shows all of it', async () => {
    const { code, out_trade_no } = await nativeOrder(running, { attach: 'a' });
    const before = (await query(out_trade_no)).content;
    expect(before).toMatchObject({ trade_state: 'NOTPAY', amount: { total: 1234 } });
    for (const name of ['transaction_id', 'payer', 'success_time', 'bank_type', 'attach']) {
      expect(before).not.toHaveProperty(name);
    }
    const had = running.sandbox.balance('lin');
    await pay(running, code);
    expect(running.sandbox.balance('lin')).toBe(had - 1234n);
    const { content } = await query(out_trade_no);
    expect(content.payer).toEqual({ openid: expect.stringMatching(/^o[\w-]{27}$/) });
    expect(content.success_time).toMatch(/\+08:00$/);
  });

  test('the poor person cannot pay, a wrong password is told, a cancel leaves the order open', async () => {
    const { code, out_trade_no } = await nativeOrder(running);
    expect(running.sandbox.balance('poor')).toBe(100n);
    await expect(pay(running, code, 'poor')).rejects.toMatchObject({
      code: 'insufficient_balance',
    });
    const scan = await running.sandbox.scan('chen', code);
    await expect(running.sandbox.confirm(scan.id, 'wrong_password')).rejects.toMatchObject({
      code: 'wrong_password',
    });
    expect(await running.sandbox.confirm(scan.id, 'cancel')).toEqual({ state: 'cancelled' });
    await expect(running.sandbox.confirm(scan.id, 'pay')).rejects.toMatchObject({
      code: 'scan_expired',
    });
    expect((await query(out_trade_no)).content.trade_state).toBe('NOTPAY');
  });

  test('two people who scanned the same code pay it once', async () => {
    const { code } = await nativeOrder(running);
    const scans = await Promise.all(
      ['lin', 'chen'].map((person) => running.sandbox.scan(person, code)),
    );
    const ends = await Promise.allSettled(
      scans.map(({ id }) => running.sandbox.confirm(id, 'pay')),
    );
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test.each(['', 'weixin://wxpay/bizpayurl?pr=nobody', 'https://example.com/', '{"appId":"wx1"}'])(
    'the code %j is unknown',
    async (code) => {
      await expect(running.sandbox.scan('lin', code)).rejects.toMatchObject({
        code: 'unknown_code',
      });
    },
  );
});

test('a merchant can only order for itself', async () => {
  const stranger = await post(NATIVE, orderBody(running, { mchid: '1900000001' }));
  expect([stranger.status, stranger.content.code]).toEqual([400, 'PARAM_ERROR']);
  const appid = await post(NATIVE, orderBody(running, { appid: 'wx0000000000000000' }));
  expect([appid.status, appid.content.code]).toEqual([400, 'APPID_MCHID_NOT_MATCH']);
  expect(internal(appid)).toBe('268445527');
});
