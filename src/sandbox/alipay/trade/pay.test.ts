import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '../../faults.ts';
import { type Answer, type Desk, openDesk } from './testing.ts';

/** Payer codes: what a shop's scanner reads from the payer's phone. */
let desk: Desk;
let out_trade_no = '';

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.stop());

beforeEach(() => {
  out_trade_no = desk.number();
  desk.world.faults.set([]);
  desk.merchant.heard.length = 0;
});

function fault(name: Fault, amount?: bigint): void {
  desk.world.faults.set([{ fault: name, probability: 1, ...(amount && { amount }) }]);
}

const shown = (person = 'lin') => desk.world.sandbox.payerCode(person).code;

function charge(auth_code: string, changes: Answer = {}): Promise<Answer> {
  const order = { out_trade_no, total_amount: '12.34', subject: 'tea', scene: 'bar_code' };
  return desk.call('alipay.trade.pay', { ...order, auth_code, ...changes });
}

const status = async () =>
  (await desk.call('alipay.trade.query', { out_trade_no }))['trade_status'];

describe('a payer code', () => {
  test('is 18 digits from 25 to 30, stays for a minute, then another one is shown', () => {
    const first = desk.world.sandbox.payerCode('chen');
    expect(first.code).toMatch(/^(2[5-9]|30)\d{16}$/);
    expect(desk.world.sandbox.payerCode('chen')).toEqual(first);
    desk.world.clock.advance(60_000);
    const next = desk.world.sandbox.payerCode('chen');
    expect(next.code).not.toBe(first.code);
    expect(next.expires_at.getTime()).toBeGreaterThan(first.expires_at.getTime());
    expect(() => desk.world.sandbox.payerCode('nobody')).toThrow('unknown_code');
  });

  test('pays at once, and the merchant is told', async () => {
    const before = desk.world.sandbox.balance('lin');
    const paid = await charge(shown());
    expect(paid).toMatchObject({
      code: '10000',
      out_trade_no,
      total_amount: '12.34',
      receipt_amount: '12.34',
      buyer_pay_amount: '12.34',
      fund_bill_list: [{ amount: '12.34', fund_channel: 'ALIPAYACCOUNT' }],
    });
    expect(paid['buyer_logon_id']).toBe('lin***@sandbox.test');
    expect(desk.world.sandbox.balance('lin')).toBe(before - 1234n);
    const told = await desk.hears({ out_trade_no });
    expect(told.get('trade_status')).toBe('TRADE_SUCCESS');
    expect(await status()).toBe('TRADE_SUCCESS');
  });

  test('is good once: another order gets nothing, the same order is paid already', async () => {
    const code = shown();
    await charge(code);
    const again = await charge(code);
    expect(again).toMatchObject({ code: '40004', sub_code: 'ACQ.TRADE_HAS_SUCCESS' });
    const other = await charge(code, { out_trade_no: desk.number() });
    expect(other).toMatchObject({ sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' });
    expect(shown()).not.toBe(code);
  });

  test('dies with its minute and a short grace; made-up and foreign ones never lived', async () => {
    const code = shown();
    desk.world.clock.advance(119_000);
    expect((await charge(code, { out_trade_no: desk.number() }))['code']).toBe('10000');
    const late = shown();
    desk.world.clock.advance(121_000);
    for (const auth_code of [late, '280000000000000000', '134567890123456789', '28']) {
      const answer = await charge(auth_code);
      expect(answer).toMatchObject({ sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' });
    }
    expect((await desk.call('alipay.trade.query', { out_trade_no }))['sub_code']).toBe(
      'ACQ.TRADE_NOT_EXIST',
    );
  });

  test('needs a scene the wallet knows, and an order of its own', async () => {
    const scene = await charge(shown(), { scene: 'wave_code' });
    expect(scene).toMatchObject({ sub_code: 'ACQ.INVALID_PARAMETER' });
    const { qr_code } = await desk.call('alipay.trade.precreate', {
      out_trade_no,
      total_amount: '12.34',
      subject: 'tea',
    });
    expect(qr_code).toBeTruthy();
    expect(await charge(shown())).toMatchObject({ sub_code: 'ACQ.CONTEXT_INCONSISTENT' });
  });
});

describe('the password', () => {
  const dear = { total_amount: '1000.01' };

  test('is asked above 1,000 yuan; the payer pays on the phone', async () => {
    const waiting = await charge(shown(), dear);
    expect(waiting).toMatchObject({ code: '10003', out_trade_no });
    expect(await status()).toBe('WAIT_BUYER_PAY');
    const [prompt] = desk.world.sandbox.prompts('lin');
    expect(prompt).toMatchObject({ amount: 100001n, description: 'tea' });
    expect(desk.world.sandbox.prompts('chen')).toEqual([]);
    const id = prompt?.id ?? '';
    await expect(desk.world.sandbox.answerPrompt(id, 'wrong_password')).rejects.toThrow(
      'wrong_password',
    );
    expect(await desk.world.sandbox.answerPrompt(id, 'pay')).toEqual({ state: 'paid' });
    expect(await status()).toBe('TRADE_SUCCESS');
    expect(desk.world.sandbox.prompts('lin')).toEqual([]);
    await expect(desk.world.sandbox.answerPrompt(id, 'pay')).rejects.toThrow('prompt_over');
  });

  test('a repeated charge still waits, and a cancelled one can be cancelled by the shop', async () => {
    fault('password_asked');
    const code = shown();
    expect((await charge(code))['code']).toBe('10003');
    desk.world.faults.set([]);
    expect((await charge(code))['code']).toBe('10003');
    expect(desk.world.sandbox.prompts('lin')).toHaveLength(1);
    const id = desk.world.sandbox.prompts('lin')[0]?.id ?? '';
    expect(await desk.world.sandbox.answerPrompt(id, 'cancel')).toEqual({ state: 'cancelled' });
    expect(await status()).toBe('WAIT_BUYER_PAY');
    const cancelled = await desk.call('alipay.trade.cancel', { out_trade_no });
    expect(cancelled).toMatchObject({ code: '10000', action: 'close', retry_flag: 'N' });
    expect(await charge(shown())).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_CLOSE' });
  });

  test('the shop cancels while the phone asks: the prompt is over', async () => {
    fault('password_asked', 1234n);
    await charge(shown());
    const id = desk.world.sandbox.prompts('lin')[0]?.id ?? '';
    await desk.call('alipay.trade.cancel', { out_trade_no });
    await expect(desk.world.sandbox.answerPrompt(id, 'pay')).rejects.toThrow('prompt_over');
  });

  test('is asked after ten charges of one day, and not on the next', async () => {
    desk.world.clock.advance(2 * 86_400_000);
    await desk.world.sandbox.setBalance('chen', 100_000n);
    for (let count = 0; count < 10; count += 1) {
      const answer = await charge(shown('chen'), { out_trade_no: desk.number() });
      expect(answer['code']).toBe('10000');
    }
    expect((await charge(shown('chen'), { out_trade_no: desk.number() }))['code']).toBe('10003');
    desk.world.clock.advance(86_400_000);
    expect((await charge(shown('chen'), { out_trade_no: desk.number() }))['code']).toBe('10000');
  });
});

describe('a charge that fails', () => {
  test('without money: the code is spent, another one of the same payer may pay', async () => {
    const code = shown('poor');
    expect(await charge(code)).toMatchObject({
      code: '40004',
      sub_code: 'ACQ.BUYER_BALANCE_NOT_ENOUGH',
    });
    expect(await charge(code)).toMatchObject({ sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' });
    expect(await charge(shown('lin'))).toMatchObject({ sub_code: 'ACQ.TRADE_BUYER_NOT_MATCH' });
    await desk.world.sandbox.setBalance('poor', 1234n);
    expect((await charge(shown('poor')))['code']).toBe('10000');
    expect(desk.world.sandbox.balance('poor')).toBe(0n);
  });

  test('by the dial, whatever the balance', async () => {
    fault('payer_short', 1234n);
    expect(await charge(shown())).toMatchObject({ sub_code: 'ACQ.BUYER_BALANCE_NOT_ENOUGH' });
  });
});

describe('cancel', () => {
  test('gives back what was paid, once, within the day', async () => {
    const before = desk.world.sandbox.balance('lin');
    await charge(shown());
    for (let copy = 0; copy < 2; copy += 1) {
      const answer = await desk.call('alipay.trade.cancel', { out_trade_no });
      expect(answer).toMatchObject({ code: '10000', action: 'refund', retry_flag: 'N' });
    }
    expect(desk.world.sandbox.balance('lin')).toBe(before);
    expect(await status()).toBe('TRADE_CLOSED');
    const other = desk.number();
    await charge(shown(), { out_trade_no: other });
    desk.world.clock.advance(86_400_001);
    const late = await desk.call('alipay.trade.cancel', { out_trade_no: other });
    expect(late).toMatchObject({ sub_code: 'ACQ.TRADE_CANCEL_TIME_OUT' });
  });

  test('of a seller without money says to try again', async () => {
    await charge(shown());
    fault('merchant_short');
    const short = await desk.call('alipay.trade.cancel', { out_trade_no });
    expect(short).toMatchObject({ sub_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH', retry_flag: 'Y' });
    desk.world.faults.set([]);
    const again = await desk.call('alipay.trade.cancel', { out_trade_no });
    expect(again).toMatchObject({ action: 'refund', retry_flag: 'N' });
  });

  test('of an order the wallet does not know does nothing and says so', async () => {
    const none = await desk.call('alipay.trade.cancel', { out_trade_no });
    expect(none).toMatchObject({ code: '10000', out_trade_no, retry_flag: 'N' });
    expect(none).not.toHaveProperty('action');
  });
});

test('an app’s order string is taken by the phone as a code is', async () => {
  const order = desk.sdk().sdkExecute('alipay.trade.app.pay', {
    notify_url: desk.merchant.url,
    bizContent: { out_trade_no, total_amount: '8.00', subject: 'tea & cake' },
  });
  await desk.pay(order);
  expect(await status()).toBe('TRADE_SUCCESS');
  await expect(desk.world.sandbox.scan('lin', order)).rejects.toThrow('order_paid');
  await expect(desk.world.sandbox.scan('lin', order.replace('8.00', '0.01'))).rejects.toThrow(
    'unknown_code',
  );
});

test('a merchant cannot be its own buyer', async () => {
  const answer = await desk.call('alipay.trade.create', {
    out_trade_no,
    total_amount: '1.00',
    subject: 'tea',
    buyer_id: desk.sellerId(),
  });
  expect(answer).toMatchObject({ sub_code: 'ACQ.BUYER_SELLER_EQUAL' });
});

test('codes on screen are those that can still be paid, newest first', async () => {
  const codes: string[] = [];
  for (let count = 0; count < 22; count += 1) {
    const biz = { out_trade_no: desk.number(), total_amount: '1.00', subject: `tea ${count}` };
    codes.unshift(String((await desk.call('alipay.trade.precreate', biz))['qr_code']));
  }
  const [newest = ''] = codes;
  expect(desk.world.sandbox.codesOnScreen().map(({ code }) => code)).toEqual(codes.slice(0, 20));
  await desk.pay(newest, 'chen');
  expect(desk.world.sandbox.codesOnScreen()[0]).toMatchObject({
    code: codes[1],
    amount: 100n,
    description: 'tea 20',
  });
  desk.world.clock.advance(2 * 3_600_000);
  expect(desk.world.sandbox.codesOnScreen()).toEqual([]);
});
