import { describe, expect, test } from 'vitest';
import { couponsOf, paymentFact } from './facts.ts';
import { masked } from './mask.ts';

const SELLER = '2088100000000001';
const PAID = {
  out_trade_no: 'A1',
  trade_no: '2026112122001400000000000001',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '10.00',
  buyer_pay_amount: '7.50',
  send_pay_date: '2026-11-21 12:00:00',
} as const;

describe('paymentFact', () => {
  test('payer and merchant sides are kept apart', () => {
    expect(paymentFact(PAID, SELLER)).toMatchObject({
      state: 'paid',
      amount: 1000n,
      payer_paid: 750n,
      paid_at: new Date('2026-11-21T04:00:00Z'),
    });
  });

  test('a closed trade was refunded when money had once arrived, else it was never paid', () => {
    const closed = { ...PAID, trade_status: 'TRADE_CLOSED' };
    expect(paymentFact(closed, SELLER)?.state).toBe('refunded');
    const { send_pay_date, ...unpaid } = closed;
    expect(send_pay_date).toBeDefined();
    expect(paymentFact(unpaid, SELLER)?.state).toBe('closed');
    expect(paymentFact({ ...unpaid, receipt_amount: '0.00' }, SELLER)?.state).toBe('closed');
    expect(paymentFact({ ...unpaid, refund_fee: '10.00' }, SELLER)?.state).toBe('refunded');
    expect(paymentFact({ ...unpaid, gmt_payment: '2026-11-21 12:00:00' }, SELLER)?.state).toBe(
      'refunded',
    );
  });

  test('TRADE_FINISHED is paid, WAIT_BUYER_PAY is waiting', () => {
    expect(paymentFact({ ...PAID, trade_status: 'TRADE_FINISHED' }, SELLER)?.state).toBe('paid');
    expect(paymentFact({ ...PAID, trade_status: 'WAIT_BUYER_PAY' }, SELLER)?.state).toBe('waiting');
  });

  test('a paid fact without its number, its total or a known state is none', () => {
    for (const missing of ['out_trade_no', 'trade_no', 'total_amount', 'trade_status'] as const) {
      expect(paymentFact({ ...PAID, [missing]: undefined }, SELLER)).toBeUndefined();
    }
    expect(paymentFact({ ...PAID, total_amount: '1e3' }, SELLER)).toBeUndefined();
    expect(paymentFact({ ...PAID, trade_status: 'TRADE_LOST' }, SELLER)).toBeUndefined();
  });

  test('a foreign currency is told, not taken for yuan', () => {
    expect(paymentFact({ ...PAID, trans_currency: 'USD' }, SELLER)?.currency).toBe('USD');
  });
});

describe('couponsOf', () => {
  test('vouchers name their funders, as objects or as JSON text', () => {
    const snake = [
      { amount: '2.00', merchant_contribute: '0.50', other_contribute: '1.00' },
      { amount: '0.50', merchant_contribute: '0.50', other_contribute: '0.00' },
    ];
    const expected = { wallet_funded: 50n, merchant_funded: 100n, other_funded: 100n };
    expect(couponsOf({ voucher_detail_list: snake })).toEqual(expected);
    const camel = snake.map((entry) => ({
      amount: entry.amount,
      merchantContribute: entry.merchant_contribute,
      otherContribute: entry.other_contribute,
    }));
    expect(couponsOf({ voucher_detail_list: JSON.stringify(camel) })).toEqual(expected);
  });

  test('without vouchers the fund channels tell', () => {
    const bills = [
      { amount: '7.50', fundChannel: 'ALIPAYACCOUNT' },
      { amount: '1.00', fundChannel: 'COUPON' },
      { amount: '1.50', fundChannel: 'MDISCOUNT' },
    ];
    expect(couponsOf({ fund_bill_list: JSON.stringify(bills) })).toEqual({
      wallet_funded: 100n,
      merchant_funded: 150n,
      other_funded: 0n,
    });
    expect(couponsOf({ fund_bill_list: [bills[0]] })).toBeUndefined();
    expect(couponsOf({ fund_bill_list: 'not json', voucher_detail_list: '' })).toBeUndefined();
  });
});

test('masking cuts persons, drops secrets and bounds the size', () => {
  const shown = masked({
    buyer_id: '2088123412345678',
    buyer_logon_id: 'a@b',
    sign: 'x',
    access_token: 'y',
    subject: 'z'.repeat(5000),
    total_amount: '1.00',
  });
  expect(shown).toMatchObject({
    buyer_id: '2088****5678',
    buyer_logon_id: '****',
    total_amount: '1.00',
  });
  expect(Object.keys(shown)).not.toContain('sign');
  expect(Object.keys(shown)).not.toContain('access_token');
  expect(String(shown['subject']).length).toBe(2000);
});
