import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  callApi,
  merchantOf,
  nativeOrder,
  pay,
  type RunningSandbox,
  runSandbox,
} from '../testing.ts';

/** The rules of refunds, asked over the wire. */
let running: RunningSandbox;

beforeAll(async () => {
  running = await runSandbox();
});
afterAll(() => running.stop());

const REFUNDS = '/v3/refund/domestic/refunds';

const post = (target: string, body: object) => callApi(running, { method: 'POST', target, body });
const get = (target: string) => callApi(running, { method: 'GET', target });

function query(out_trade_no: string) {
  const { mchid } = merchantOf(running);
  return get(`/v3/pay/transactions/out-trade-no/${out_trade_no}?mchid=${mchid}`);
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
    await fetch(`${running.sandbox.url}/__sandbox/actions/withdraw`, {
      method: 'POST',
      body: JSON.stringify({ mchid }),
    });
    const answer = await refund(out_trade_no, `${out_trade_no}-1`);
    expect([answer.status, answer.content.code]).toEqual([403, 'NOT_ENOUGH']);
    await paidOrder();
    expect((await refund(out_trade_no, `${out_trade_no}-1`)).status).toBe(200);
  });
});
