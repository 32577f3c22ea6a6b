import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  callApi,
  merchantOf,
  nativeOrder,
  pay,
  type RunningSandbox,
  runSandbox,
} from '../testing.ts';
import { payerRefund, settlementRefund } from './amounts.ts';

/** Coupons lower what the payer pays; who bears them decides what the merchant gets. */
let running: RunningSandbox;

beforeAll(async () => {
  running = await runSandbox();
});
afterAll(() => running.stop());

async function give(person: string, amount: number, funded_by: string) {
  const action = running.sandbox.actions.find(({ name }) => name === 'coupons/give');
  return (await action?.run({ person, amount, funded_by })) as { coupon_id: string };
}

async function query(out_trade_no: string) {
  const { mchid } = merchantOf(running);
  const target = `/v3/pay/transactions/out-trade-no/${out_trade_no}?mchid=${mchid}`;
  return (await callApi(running, { method: 'GET', target })).content;
}

const owed = () => running.sandbox.merchantBalances().get(merchantOf(running).mchid) ?? 0n;

describe('a coupon', () => {
  test.each([
    ['wallet', 'CASH', 'wechatpay_contribute', 1234n],
    ['merchant', 'NOCASH', 'merchant_contribute', 934n],
    ['other', 'CASH', 'other_contribute', 1234n],
  ] as const)('funded by the %s', async (funded_by, type, contribute, settled) => {
    const { coupon_id } = await give('lin', 300, funded_by);
    const before = { balance: running.sandbox.balance('lin'), owed: owed() };
    const { code, out_trade_no } = await nativeOrder(running);
    await pay(running, code);
    expect(running.sandbox.balance('lin')).toBe(before.balance - 934n);
    expect(owed()).toBe(before.owed + settled);
    const told = await query(out_trade_no);
    const contributions = {
      wechatpay_contribute: 0,
      merchant_contribute: 0,
      other_contribute: 0,
      [contribute]: 300,
    };
    expect(told).toMatchObject({
      amount: { total: 1234, payer_total: 934 },
      promotion_detail: [{ coupon_id, type, amount: 300, ...contributions }],
    });
    const second = await nativeOrder(running);
    await pay(running, second.code);
    expect(await query(second.out_trade_no)).not.toHaveProperty('promotion_detail');
  });

  test('is not used where it would pay everything', async () => {
    await give('chen', 1234, 'wallet');
    const { code, out_trade_no } = await nativeOrder(running);
    await pay(running, code, 'chen');
    expect((await query(out_trade_no)).amount).toMatchObject({ payer_total: 1234 });
    const dearer = await nativeOrder(running, { amount: { total: 1235 } });
    await pay(running, dearer.code, 'chen');
    expect((await query(dearer.out_trade_no)).amount).toMatchObject({ payer_total: 1 });
  });
});

test('refunds give the payer and take from the seller their shares, and all parts give all', () => {
  const coupon = { coupon_id: '1', stock_id: '1', name: '', amount: 100n } as const;
  for (const funded_by of ['wallet', 'merchant'] as const) {
    const order = { total: 999n, coupon: { ...coupon, funded_by }, refunded: 0n };
    const sums = { payer: 0n, seller: 0n };
    for (const amount of [1n, 332n, 333n, 300n, 33n]) {
      const payer = payerRefund(order, amount);
      expect(payer <= amount).toBe(true);
      sums.payer += payer;
      sums.seller += settlementRefund(order, amount);
      order.refunded += amount;
    }
    expect(sums).toEqual({ payer: 899n, seller: funded_by === 'merchant' ? 899n : 999n });
  }
});

test('a refund of an order with a coupon returns what was paid', async () => {
  await give('lin', 234, 'merchant');
  const before = { balance: running.sandbox.balance('lin'), owed: owed() };
  const { code, out_trade_no } = await nativeOrder(running);
  await pay(running, code);
  for (const [index, refund] of [617, 617].entries()) {
    const answer = await callApi(running, {
      method: 'POST',
      target: '/v3/refund/domestic/refunds',
      body: {
        out_trade_no,
        out_refund_no: `R${index}${out_trade_no}`,
        amount: { refund, total: 1234, currency: 'CNY' },
      },
    });
    expect(answer.status).toBe(200);
  }
  await expect.poll(() => running.sandbox.balance('lin')).toBe(before.balance);
  expect(owed()).toBe(before.owed);
});
