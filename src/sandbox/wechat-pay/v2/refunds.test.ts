import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Wechatpay } from 'wechatpay-axios-plugin';
import type { V2Parameters } from '../../../protocols/wechat-pay/v2.ts';
import { Bench } from '../sharing/testing.ts';
import { callApi, merchantOf, openShop, type RunningSandbox, runSandbox } from '../testing.ts';
import { callV2, chargeOf, type SignedCall } from './testing.ts';

/** Refunds of the second version: the books of the third, in other words. */
let running: RunningSandbox;
let bench: Bench;
let count = 0;

beforeAll(async () => {
  running = await runSandbox();
  bench = new Bench(running, await openShop());
});
afterAll(() => bench.stop());
// A new day: only so many payments a day go without a password.
beforeEach(() => bench.wait(86_400_000));

const REFUND = '/secapi/pay/refund';
const QUERY = '/pay/refundquery';

const call = (path: string, parameters: V2Parameters, more: Partial<SignedCall> = {}) =>
  callV2(running, { path, parameters, ...more });

async function charged(more: V2Parameters = {}) {
  const paid = await call('/pay/micropay', chargeOf(running, more));
  expect(paid.result_code, paid.err_code_des).toBe('SUCCESS');
  return { transaction_id: paid.transaction_id ?? '', out_trade_no: paid.out_trade_no ?? '' };
}

function refundOf(order: V2Parameters, refund_fee: string, more: V2Parameters = {}) {
  count += 1;
  const out_refund_no = `VR${Date.now()}N${count}`;
  return { ...order, out_refund_no, total_fee: '1234', refund_fee, refund_desc: '退货', ...more };
}

async function arrived(query: V2Parameters, more: Partial<SignedCall> = {}) {
  const ask = () => call(QUERY, query, more);
  await expect.poll(ask, { timeout: 5_000 }).toMatchObject({ refund_status_0: 'SUCCESS' });
  return ask();
}

describe('a refund', () => {
  test.each(['MD5', 'HMAC-SHA256'] as const)(
    'signed by %s arrives and is one with the third version’s',
    async (type) => {
      const before = { person: running.sandbox.balance('lin'), all: bench.everything() };
      const { out_trade_no, transaction_id } = await charged();
      const body = refundOf({ out_trade_no }, '234');
      const answer = await call(REFUND, body, { type });
      expect(answer).toMatchObject({
        result_code: 'SUCCESS',
        transaction_id,
        out_trade_no,
        out_refund_no: body.out_refund_no,
        refund_id: expect.stringMatching(/^503\d+$/),
        refund_fee: '234',
        cash_refund_fee: '234',
        total_fee: '1234',
      });
      const asked = await arrived({ out_refund_no: body.out_refund_no }, { type });
      expect(asked).toMatchObject({
        refund_count: '1',
        total_refund_count: '1',
        out_refund_no_0: body.out_refund_no,
        refund_id_0: answer.refund_id,
        refund_fee_0: '234',
        refund_account_0: 'REFUND_SOURCE_UNSETTLED_FUNDS',
        refund_recv_accout_0: '支付用户零钱',
        refund_success_time_0: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      });
      const target = `/v3/refund/domestic/refunds/${body.out_refund_no}`;
      const { content } = await callApi(running, { method: 'GET', target });
      expect(content).toMatchObject({ status: 'SUCCESS', refund_id: answer.refund_id });
      expect(running.sandbox.balance('lin')).toBe(before.person - 1000n);
      expect(bench.everything()).toBe(before.all);
    },
  );

  test('again is the same refund, and with other amounts none', async () => {
    const body = refundOf(await charged(), '100');
    const first = await call(REFUND, body);
    await arrived({ refund_id: first.refund_id ?? '' });
    const balance = running.sandbox.balance('lin');
    expect((await call(REFUND, body)).refund_id).toBe(first.refund_id);
    const other = await call(REFUND, { ...body, refund_fee: '101' });
    expect(other).toMatchObject({ result_code: 'FAIL', err_code: 'REFUND_FEE_MISMATCH' });
    expect(running.sandbox.balance('lin')).toBe(balance);
  });

  test.each([
    ['more than was paid', { refund_fee: '1235' }, 'INVALID_REQUEST'],
    ['another total', { total_fee: '1' }, 'INVALID_REQUEST'],
    ['nothing', { refund_fee: '0' }, 'PARAM_ERROR'],
    ['parts of a fen', { refund_fee: '1.5' }, 'PARAM_ERROR'],
    ['dollars', { refund_fee_type: 'USD' }, 'PARAM_ERROR'],
    ['an unknown purse', { refund_account: 'PURSE' }, 'PARAM_ERROR'],
    ['no number', { out_refund_no: '' }, 'LACK_PARAMS'],
    ['an unknown order', { transaction_id: '4200000000000000000000000000' }, 'ORDERNOTEXIST'],
  ])('of %s fails', async (_name, more, err_code) => {
    const order = await charged();
    const before = [running.sandbox.balance('lin'), bench.everything()];
    const answer = await call(REFUND, refundOf(order, '1', more));
    expect(answer).toMatchObject({ result_code: 'FAIL', err_code });
    expect([running.sandbox.balance('lin'), bench.everything()]).toEqual(before);
  });

  test('after a year is too late, and another merchant’s is nobody’s', async () => {
    const order = await charged();
    const partner = merchantOf(running, 'partner');
    const sub_mch_id = partner.sub_merchants[0] ?? '';
    const foreign = await call(REFUND, refundOf(order, '1', { sub_mch_id }), {
      account: 'partner',
    });
    expect(foreign.err_code).toBe('ORDERNOTEXIST');
    const body = refundOf(order, '1');
    expect((await call(REFUND, body)).result_code).toBe('SUCCESS');
    const { out_refund_no } = body;
    const stolen = await call(QUERY, { out_refund_no, sub_mch_id }, { account: 'partner' });
    expect(stolen.err_code).toBe('REFUNDNOTEXIST');
    running.clock.offset_ms += 366 * 86_400_000;
    expect((await call(REFUND, refundOf(order, '1'))).err_code).toBe('TRADE_OVERDUE');
    running.clock.offset_ms -= 366 * 86_400_000;
  });

  test('of a seller’s order names the seller', async () => {
    const partner = merchantOf(running, 'partner');
    const sub_mch_id = partner.sub_merchants[0] ?? '';
    const as = { account: 'partner' } as const;
    const paid = await call('/pay/micropay', chargeOf(running, { sub_mch_id }), as);
    const { transaction_id = '' } = paid;
    const body = refundOf({ transaction_id, sub_mch_id }, '34');
    expect(await call(REFUND, body, as)).toMatchObject({ result_code: 'SUCCESS', sub_mch_id });
    await arrived({ out_refund_no: body.out_refund_no, sub_mch_id }, as);
  });

  test('of an order of the third version is asked for in either', async () => {
    const order = await bench.paid('direct', { total: 1234, sharing: false });
    const { transaction_id } = order;
    const body = refundOf({ transaction_id }, '1234');
    expect((await call(REFUND, body)).result_code).toBe('SUCCESS');
    expect((await arrived({ transaction_id })).refund_fee_0).toBe('1234');
    expect((await call('/pay/orderquery', { transaction_id })).trade_state).toBe('REFUND');
  });
});

test('a coupon’s part is told apart, and does not go to the payer', async () => {
  await bench.act('coupons/give', { person: 'lin', amount: 234, funded_by: 'merchant' });
  const order = await charged();
  const balance = running.sandbox.balance('lin');
  const answer = await call(REFUND, refundOf(order, '1234'));
  expect(answer).toMatchObject({
    cash_fee: '1000',
    cash_refund_fee: '1000',
    coupon_refund_fee: '234',
    coupon_refund_count: '1',
    coupon_type_0: 'NO_CASH',
  });
  const asked = await arrived({ transaction_id: order.transaction_id });
  expect(asked).toMatchObject({ coupon_refund_fee_0: '234', coupon_type_0_0: 'NO_CASH' });
  expect(running.sandbox.balance('lin')).toBe(balance + 1000n);
});

test('the refunds of an order come in tens', async () => {
  const order = await charged();
  const bodies = Array.from({ length: 12 }, () => refundOf(order, '1'));
  for (const body of bodies) expect((await call(REFUND, body)).result_code).toBe('SUCCESS');
  const { transaction_id } = order;
  const first = await call(QUERY, { transaction_id });
  expect(first).toMatchObject({ total_refund_count: '12', refund_count: '10' });
  const rest = await call(QUERY, { transaction_id, offset: '10' });
  expect(rest).toMatchObject({ refund_count: '2', out_refund_no_1: bodies[11]?.out_refund_no });
  expect((await call(QUERY, { transaction_id, offset: '12' })).err_code).toBe('PARAM_ERROR');
  const none = await call(QUERY, { transaction_id: (await charged()).transaction_id });
  expect(none.err_code).toBe('REFUNDNOTEXIST');
});

test('the published SDK refunds and asks', async () => {
  const { mchid, appid, serial_no, private_key, public_key_id, public_key, api_v2_key } =
    merchantOf(running);
  const client = new Wechatpay({
    mchid,
    serial: serial_no,
    privateKey: private_key,
    certs: { [public_key_id]: public_key },
    secret: api_v2_key,
    baseURL: running.sandbox.url,
    proxy: false,
  });
  const { transaction_id } = await charged();
  const ids = { appid, mch_id: mchid, nonce_str: 'nonce', transaction_id };
  const out_refund_no = `SDK${Date.now()}`;
  const wish = { ...ids, out_refund_no, total_fee: '1234', refund_fee: '1000' };
  const made = await client.chain('v2/secapi/pay/refund').post<V2Parameters>(wish);
  expect(made.data).toMatchObject({ result_code: 'SUCCESS', refund_fee: '1000', out_refund_no });
  await arrived({ transaction_id });
  const asked = await client.chain('v2/pay/refundquery').post<V2Parameters>(ids);
  expect(asked.data).toMatchObject({ refund_status_0: 'SUCCESS', refund_fee_0: '1000' });
});
