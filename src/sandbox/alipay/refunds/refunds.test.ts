import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Desk, openDesk } from '../trade/testing.ts';

/** Refunds that take their time, and payments that coupons have made cheaper. */
let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.stop());

beforeEach(() => {
  desk.world.faults.set([]);
  desk.merchant.heard.length = 0;
});

const balance = (person = 'lin') => desk.world.sandbox.balance(person);

function refund(order: Answer, changes: Answer = {}): Promise<Answer> {
  return desk.call('alipay.trade.refund', { ...order, ...changes });
}

function query(order: Answer, out_request_no: string): Promise<Answer> {
  const query_options = ['gmt_refund_pay', 'deposit_back_info', 'refund_detail_item_list'];
  const biz = { ...order, out_request_no, query_options };
  return desk.call('alipay.trade.fastpay.refund.query', biz);
}

describe('refund.apply', () => {
  test('is processed first, then arrives, and the merchant is told', async () => {
    const { out_trade_no } = await desk.paid({ amount: '10.00' });
    const before = balance();
    const ask = { out_trade_no, refund_amount: '4.00', out_request_no: 'R1' };
    const applied = await desk.call('alipay.trade.refund.apply', ask);
    expect(applied).toMatchObject({ refund_status: 'REFUND_PROCESSING', refund_amount: '4.00' });
    expect(balance()).toBe(before);
    expect((await query({ out_trade_no }, 'R1'))['refund_status']).toBe('REFUND_PROCESSING');
    desk.world.clock.advance(1000);
    expect(await query({ out_trade_no }, 'R1')).toMatchObject({
      refund_status: 'REFUND_SUCCESS',
      send_back_fee: '4.00',
    });
    expect(balance()).toBe(before + 400n);
    const told = await desk.hears({ out_trade_no, out_biz_no: 'R1' });
    expect(told.get('refund_fee')).toBe('4.00');
    const again = await desk.call('alipay.trade.refund.apply', ask);
    expect(again['refund_status']).toBe('REFUND_SUCCESS');
    expect(balance()).toBe(before + 400n);
  });

  test('is held to the same sums as any refund', async () => {
    const { out_trade_no } = await desk.paid({ amount: '10.00' });
    const ask = { out_trade_no, out_request_no: 'R1' };
    const over = await desk.call('alipay.trade.refund.apply', { ...ask, refund_amount: '10.01' });
    expect(over['sub_code']).toBe('ACQ.REASON_TRADE_REFUND_FEE_ERR');
    await desk.call('alipay.trade.refund.apply', { ...ask, refund_amount: '10.00' });
    const status = await desk.call('alipay.trade.query', { out_trade_no });
    expect(status['trade_status']).toBe('TRADE_SUCCESS');
    const more = await refund({ out_trade_no }, { refund_amount: '0.01', out_request_no: 'R2' });
    expect(more['sub_code']).toBe('ACQ.REASON_TRADE_REFUND_FEE_ERR');
    const other = await desk.call('alipay.trade.refund.apply', { ...ask, refund_amount: '9.00' });
    expect(other['sub_code']).toBe('ACQ.DISCORDANT_REPEAT_REQUEST');
    desk.world.clock.advance(1000);
    const closed = await desk.call('alipay.trade.query', { out_trade_no });
    expect(closed['trade_status']).toBe('TRADE_CLOSED');
  });
});

describe('the dial', () => {
  test('a delayed refund is accepted without money, and arrives when its time is over', async () => {
    const { out_trade_no } = await desk.paid({ amount: '10.00' });
    const before = balance();
    const setting = { fault: 'refund_delayed', probability: 1, remaining: 1 } as const;
    desk.world.faults.set([{ ...setting, delay_ms: 3_600_000 }]);
    const ask = { refund_amount: '10.00', out_request_no: 'R1' };
    expect(await refund({ out_trade_no }, ask)).toMatchObject({ code: '10000', fund_change: 'N' });
    expect(await query({ out_trade_no }, 'R1')).not.toHaveProperty('refund_status');
    expect((await refund({ out_trade_no }, ask))['fund_change']).toBe('N');
    expect(balance()).toBe(before);
    desk.world.clock.advance(3_600_000);
    expect((await query({ out_trade_no }, 'R1'))['refund_status']).toBe('REFUND_SUCCESS');
    expect(balance()).toBe(before + 1000n);
  });

  test('a stuck one waits until somebody decides: it arrives, or the seller has it back', async () => {
    const seller = desk.balance();
    for (const outcome of ['success', 'fail'] as const) {
      const { out_trade_no, trade_no } = await desk.paid({ amount: '10.00' });
      const before = balance();
      desk.world.faults.set([{ fault: 'refund_stuck', probability: 1, remaining: 1 }]);
      const ask = { refund_amount: '6.00', out_request_no: 'R1' };
      expect((await refund({ out_trade_no }, ask))['fund_change']).toBe('N');
      const waiting = await query({ out_trade_no }, 'R1');
      expect(waiting['deposit_back_info']).toMatchObject({ dback_status: 'F' });
      desk.world.clock.advance(86_400_000);
      expect(balance()).toBe(before);
      await desk.act('refunds/decide', { trade_no, out_request_no: 'R1', outcome });
      await expect(
        desk.act('refunds/decide', { trade_no, out_request_no: 'R1', outcome }),
      ).rejects.toThrow();
      const after = await query({ out_trade_no }, 'R1');
      if (outcome === 'success') {
        expect(after).toMatchObject({
          refund_status: 'REFUND_SUCCESS',
          deposit_back_info: { dback_status: 'S', dback_amount: '6.00' },
        });
        expect(balance()).toBe(before + 600n);
      } else {
        expect(after).not.toHaveProperty('refund_status');
        expect(balance()).toBe(before);
        const again = await refund({ out_trade_no }, { ...ask, refund_amount: '10.00' });
        expect(again).toMatchObject({ fund_change: 'Y', refund_fee: '10.00' });
      }
    }
    expect(desk.balance()).toBe(seller + 400n);
  });

  test('a seller that is short refunds nothing, and everything once the money is there', async () => {
    const { out_trade_no } = await desk.paid({ amount: '10.00' });
    await desk.act('withdraw', { seller_id: desk.sellerId() });
    const ask = { refund_amount: '10.00', out_request_no: 'R1' };
    expect((await refund({ out_trade_no }, ask))['sub_code']).toBe('ACQ.SELLER_BALANCE_NOT_ENOUGH');
    await desk.paid({ amount: '20.00' });
    expect((await refund({ out_trade_no }, ask))['fund_change']).toBe('Y');
  });
});

describe('coupons', () => {
  const give = (input: object) => desk.act('coupons/give', { person: 'chen', ...input });

  test('make the payer’s side and the merchant’s side differ, by who funds them', async () => {
    await desk.world.sandbox.setBalance('chen', 10_000n);
    await give({ amount: 200, funder: 'merchant' });
    await give({ amount: 100, funder: 'wallet' });
    await give({ amount: 50, funder: 'other' });
    await give({ amount: 5000, min_amount: 100_000 });
    const { out_trade_no } = await desk.paid({ amount: '10.00', person: 'chen' });
    expect(balance('chen')).toBe(10_000n - 650n);
    const query_options = ['voucher_detail_list', 'fund_bill_list'];
    const answer = await desk.call('alipay.trade.query', { out_trade_no, query_options });
    expect(answer).toMatchObject({
      total_amount: '10.00',
      buyer_pay_amount: '6.50',
      receipt_amount: '8.00',
      mdiscount_amount: '2.00',
      discount_amount: '1.00',
      voucher_detail_list: [
        { amount: '2.00', merchant_contribute: '2.00', other_contribute: '0.00' },
        { amount: '1.00', merchant_contribute: '0.00', other_contribute: '0.00' },
        { amount: '0.50', merchant_contribute: '0.00', other_contribute: '0.50' },
      ],
    });
    const told = await desk.hears({ out_trade_no });
    expect(told.get('buyer_pay_amount')).toBe('6.50');
    expect(JSON.parse(told.get('voucher_detail_list') ?? '')).toHaveLength(3);
  });

  test('a refund gives the payer the share that was paid in money, all of it in the end', async () => {
    await desk.world.sandbox.setBalance('chen', 10_000n);
    await give({ amount: 333, funder: 'merchant' });
    const { out_trade_no } = await desk.paid({ amount: '10.00', person: 'chen' });
    expect(balance('chen')).toBe(10_000n - 667n);
    let back = 0n;
    for (const [out_request_no, refund_amount] of Object.entries({
      A: '3.33',
      B: '3.33',
      C: '3.34',
    })) {
      const answer = await refund({ out_trade_no }, { out_request_no, refund_amount });
      back += BigInt(String(answer['send_back_fee']).replace('.', ''));
    }
    expect(back).toBe(667n);
    expect(balance('chen')).toBe(10_000n);
  });
});

describe('the end of a trade', () => {
  test('after a year it is finished: no refund, no cancellation, still to be seen', async () => {
    const { out_trade_no } = await desk.paid({ amount: '10.00' });
    desk.world.clock.advance(365 * 86_400_000);
    const answer = await desk.call('alipay.trade.query', { out_trade_no });
    expect(answer['trade_status']).toBe('TRADE_FINISHED');
    const late = await refund({ out_trade_no }, { refund_amount: '10.00' });
    expect(late['sub_code']).toBe('ACQ.TRADE_HAS_FINISHED');
    const cancelled = await desk.call('alipay.trade.cancel', { out_trade_no });
    expect(cancelled['sub_code']).toBe('ACQ.TRADE_HAS_FINISHED');
  });

  test('the book pages over all applications without going round in a circle', async () => {
    const more = { out_trade_no: 'SAME' };
    await desk.paid({ amount: '1.00', more });
    await desk.paid({ amount: '2.00', role: 'certificate', more });
    const seen: string[] = [];
    let after: string | undefined;
    for (let page = 0; page < 100; page += 1) {
      const rows = desk.world.sandbox.transactions({ limit: 2, ...(after && { after }) });
      seen.push(...rows.map((row) => `${row.merchant}/${row.wallet_reference}`));
      after = rows.at(-1)?.wallet_transaction_id ?? undefined;
      if (rows.length < 2) break;
    }
    expect(seen.filter((row) => row.endsWith('/SAME'))).toHaveLength(2);
    expect(new Set(seen).size).toBe(seen.length);
    expect(desk.world.sandbox.transactions({ after: 'unknown', limit: 2 })).toEqual([]);
  });
});
