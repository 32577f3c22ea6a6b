import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type RunningSandbox,
  type Shop,
  callApi,
  merchantOf,
  nativeOrder,
  openShop,
  orderBody,
  pay,
  runSandbox,
} from './testing.ts';

/** The rules of orders and refunds, asked over the wire. */
let running: RunningSandbox;
let shop: Shop;

beforeAll(async () => {
  [running, shop] = await Promise.all([runSandbox(), openShop()]);
});
afterAll(async () => {
  await Promise.all([running.stop(), shop.stop()]);
});

const NATIVE = '/v3/pay/transactions/native';
const REFUNDS = '/v3/refund/domestic/refunds';

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

const refusedAs = (code: string) => expect.objectContaining({ code });

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

describe('refunds', () => {
  async function paidOrder() {
    const { code, out_trade_no } = await nativeOrder(running);
    await pay(running, code);
    return out_trade_no;
  }

  function refund(out_trade_no: string, number: string, more: Record<string, unknown> = {}) {
    const amount = { refund: 500, total: 1234, currency: 'CNY' };
    return post(REFUNDS, { out_trade_no, out_refund_no: number, amount, ...more });
  }

  test('never sum to more than the order, and move money back', async () => {
    const out_trade_no = await paidOrder();
    const had = running.sandbox.balance('lin');
    const { mchid } = merchantOf(running);
    const owed = running.sandbox.merchantBalances().get(mchid) ?? 0n;
    expect((await refund(out_trade_no, `${out_trade_no}-1`)).content.status).toBe('PROCESSING');
    expect((await refund(out_trade_no, `${out_trade_no}-2`)).status).toBe(200);
    const third = await refund(out_trade_no, `${out_trade_no}-3`);
    expect([third.status, third.content.code, internal(third)]).toEqual([
      400,
      'INVALID_REQUEST',
      '268435464',
    ]);
    await expect.poll(() => running.sandbox.balance('lin')).toBe(had + 1000n);
    expect(running.sandbox.merchantBalances().get(mchid)).toBe(owed - 1000n);
    expect((await query(out_trade_no)).content.trade_state).toBe('REFUND');
    const book = running.sandbox.transactions({ limit: 1000 });
    expect(book.find((entry) => entry.wallet_reference === out_trade_no)).toMatchObject({
      state: 'partially_refunded',
      refunded: 1000n,
      amount: 1234n,
    });
  });

  test('under one number happen once, and with other data not at all', async () => {
    const out_trade_no = await paidOrder();
    const first = await refund(out_trade_no, `${out_trade_no}-1`);
    const again = await refund(out_trade_no, `${out_trade_no}-1`);
    expect(again.content.refund_id).toBe(first.content.refund_id);
    const amount = { refund: 501, total: 1234, currency: 'CNY' };
    const other = await refund(out_trade_no, `${out_trade_no}-1`, { amount });
    expect([other.status, other.content.code, internal(other)]).toEqual([
      400,
      'INVALID_REQUEST',
      '268498688',
    ]);
  });

  test('are at most fifty for one order', async () => {
    const out_trade_no = await paidOrder();
    const amount = { refund: 1, total: 1234, currency: 'CNY' };
    for (let i = 0; i < 50; i += 1) {
      expect((await refund(out_trade_no, `${out_trade_no}-${i}`, { amount })).status).toBe(200);
    }
    expect((await refund(out_trade_no, `${out_trade_no}-50`, { amount })).status).toBe(400);
  });

  test('end after a year', async () => {
    const out_trade_no = await paidOrder();
    await after(366 * 86_400_000, async () => {
      expect((await refund(out_trade_no, `${out_trade_no}-1`)).content.code).toBe(
        'INVALID_REQUEST',
      );
    });
  });

  test('of unknown and unpaid orders, or with a wrong total, are refused', async () => {
    const unpaid = await nativeOrder(running);
    const unknown = await refund('NOSUCHORDER', 'R-unknown');
    expect([unknown.status, unknown.content.code]).toEqual([404, 'RESOURCE_NOT_EXISTS']);
    expect((await refund(unpaid.out_trade_no, 'R-unpaid')).content.code).toBe('INVALID_REQUEST');
    const paid = await paidOrder();
    const amount = { refund: 1, total: 1, currency: 'CNY' };
    expect((await refund(paid, 'R-total', { amount })).content.code).toBe('INVALID_REQUEST');
    expect((await get(`${REFUNDS}/R-none`)).content).toEqual(refusedAs('RESOURCE_NOT_EXISTS'));
  });

  test('of a merchant that withdrew its money are NOT_ENOUGH', async () => {
    const out_trade_no = await paidOrder();
    const { mchid } = merchantOf(running);
    const owed = running.sandbox.merchantBalances().get(mchid) ?? 0n;
    await fetch(`${running.sandbox.url}/__sandbox/withdraw`, {
      method: 'POST',
      body: `{"mchid":"${mchid}","amount":${owed}}`,
    });
    const answer = await refund(out_trade_no, `${out_trade_no}-1`);
    expect([answer.status, answer.content.code]).toEqual([403, 'NOT_ENOUGH']);
    await paidOrder();
    expect((await refund(out_trade_no, `${out_trade_no}-1`)).status).toBe(200);
  });
});

test('a merchant can only order for itself', async () => {
  const stranger = await post(NATIVE, orderBody(running, { mchid: '1900000001' }));
  expect([stranger.status, stranger.content.code]).toEqual([400, 'PARAM_ERROR']);
  const appid = await post(NATIVE, orderBody(running, { appid: 'wx0000000000000000' }));
  expect([appid.status, appid.content.code]).toEqual([400, 'APPID_MCHID_NOT_MATCH']);
  expect(internal(appid)).toBe('268445527');
});
