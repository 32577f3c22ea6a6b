import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Desk, openDesk } from '../trade/testing.ts';

/** Profit sharing: who may receive, how much, and what becomes of it. */
let desk: Desk;
let receiver = '';
let other = '';

beforeAll(async () => {
  desk = await openDesk();
  receiver = desk.sellerId('certificate');
  other = desk.sellerId('isv');
  await bind(receiver, other);
  const { settings } = desk.world.sandbox.merchantAccount();
  await desk.act('gateway/set', { app_id: settings['app_id'], url: desk.merchant.url });
});

afterAll(() => desk.stop());

beforeEach(() => {
  desk.world.faults.set([]);
  desk.merchant.heard.length = 0;
});

function bind(...accounts: string[]): Promise<Answer> {
  const receiver_list = accounts.map((account) => ({ type: 'userId', account, memo: 'm' }));
  const biz = { receiver_list, out_request_no: desk.number() };
  return desk.call('alipay.trade.royalty.relation.bind', biz);
}

interface Split {
  readonly trade_no: string;
  readonly parts?: readonly (readonly [account: string, amount: string])[];
  readonly no?: string;
  readonly mode?: 'sync' | 'async';
  readonly finish?: boolean;
}

function settle({ trade_no, parts = [], no, mode, finish }: Split): Promise<Answer> {
  return desk.call('alipay.trade.order.settle', {
    trade_no,
    out_request_no: no ?? desk.number(),
    ...(parts.length > 0 && {
      royalty_parameters: parts.map(([trans_in, amount]) => ({
        royalty_type: 'transfer',
        trans_in_type: 'userId',
        trans_in,
        amount,
        desc: 'share',
      })),
    }),
    ...(mode && { royalty_mode: mode }),
    ...(finish && { extend_params: { royalty_finish: 'true' } }),
  });
}

const frozen = (amount: string, product: 'precreate' | 'page' = 'page') =>
  desk.paid({ amount, product, more: { extend_params: { royalty_freeze: 'true' } } });

async function unsettled(trade_no: string): Promise<unknown> {
  return (await desk.call('alipay.trade.order.onsettle.query', { trade_no }))['unsettled_amount'];
}

/** What a merchant could take out of its account now, fen. */
async function free(role: 'key' | 'certificate' | 'isv' = 'key'): Promise<number> {
  const { amount } = await desk.act('withdraw', { seller_id: desk.sellerId(role) });
  return Number(amount);
}

describe('relations', () => {
  test('are bound, listed in pages and unbound; binding again changes nothing', async () => {
    expect(await bind(receiver)).toMatchObject({ code: '10000', result_code: 'SUCCESS' });
    const query = { out_request_no: desk.number(), page_num: 1, page_size: 1 };
    const page = await desk.call('alipay.trade.royalty.relation.batchquery', query);
    expect(page).toMatchObject({
      total_record_num: 2,
      total_page_num: 2,
      current_page_size: 1,
      receiver_list: [{ type: 'userId', account: receiver, memo: 'm' }],
    });
    const platform = desk.sellerId('platform');
    await bind(platform);
    const gone = { out_request_no: 'U1', receiver_list: [{ type: 'userId', account: platform }] };
    await desk.call('alipay.trade.royalty.relation.unbind', gone);
    const { trade_no } = await frozen('10.00');
    const refused = await settle({ trade_no, parts: [[platform, '1.00']] });
    expect(refused['sub_code']).toBe('ACQ.ROYALTY_RECEIVER_INVALID');
  });

  test('are for accounts that exist, under their owner’s name', async () => {
    expect((await bind('2088999999999999'))['sub_code']).toBe('ACQ.USER_NOT_EXIST');
    expect((await bind())['sub_code']).toBe('ACQ.RECEIVER_LIST_EMPTY');
    expect((await bind(...Array(21).fill(receiver)))['sub_code']).toBe('ACQ.INVALID_PARAMETER');
    const named = (entry: Answer) =>
      desk.call('alipay.trade.royalty.relation.bind', {
        out_request_no: desk.number(),
        receiver_list: [entry],
      });
    const login = { type: 'loginName', account: 'chen@sandbox.test' };
    expect((await named(login))['sub_code']).toBe('ACQ.INVALID_PARAMETER');
    expect((await named({ ...login, name: '林小雨' }))['sub_code']).toBe('ACQ.INVALID_PARAMETER');
    expect((await named({ ...login, name: '陈大海' }))['code']).toBe('10000');
    const odd = await named({ type: 'cardAliasNo', account: '1' });
    expect(odd['sub_code']).toBe('ACQ.INVALID_RECEIVER_TYPE');
  });

  test('the share is 30 percent unless agreed otherwise', async () => {
    const seller_id = desk.sellerId();
    const rate = () => desk.call('alipay.trade.royalty.rate.query', { out_request_no: 'Q1' });
    expect(await rate()).toMatchObject({ user_id: seller_id, max_ratio: 30 });
    await desk.act('royalty/ratio', { seller_id, percent: 80 });
    expect((await rate())['max_ratio']).toBe(80);
    const { trade_no } = await frozen('10.00');
    expect((await settle({ trade_no, parts: [[receiver, '8.00']] }))['code']).toBe('10000');
    await desk.act('royalty/ratio', { seller_id, percent: 30 });
  });
});

describe('a synchronous split', () => {
  test('moves held money at once; the rest stays held until the split is finished', async () => {
    await free();
    await free('certificate');
    const { trade_no } = await frozen('100.00');
    expect(await free()).toBe(0);
    expect(await unsettled(trade_no)).toBe('99.40');
    const answer = await settle({ trade_no, parts: [[receiver, '10.00']] });
    expect(answer['settle_no']).toMatch(/^\d{32}$/);
    expect(await unsettled(trade_no)).toBe('89.40');
    expect(await free('certificate')).toBe(1000);
    expect(await free()).toBe(0);
    expect((await settle({ trade_no, finish: true }))['code']).toBe('10000');
    expect(await unsettled(trade_no)).toBe('0.00');
    expect(await free()).toBe(8940);
    const late = await settle({ trade_no, parts: [[receiver, '1.00']] });
    expect(late['sub_code']).toBe('ACQ.ILLEGAL_SETTLE_STATE');
  });

  test('is told by the query, by number or by request', async () => {
    const { trade_no, out_trade_no } = await frozen('100.00');
    const { settle_no } = await settle({ trade_no, no: 'S1', parts: [[receiver, '10.00']] });
    for (const biz of [{ settle_no }, { trade_no, out_request_no: 'S1' }]) {
      const answer = await desk.call('alipay.trade.order.settle.query', biz);
      expect(answer).toMatchObject({
        out_request_no: 'S1',
        royalty_detail_list: [
          { operation_type: 'transfer', trans_in: receiver, amount: '10.00', state: 'SUCCESS' },
        ],
      });
    }
    const stranger = await desk.call('alipay.trade.order.settle.query', { settle_no }, 'isv');
    expect(stranger['code']).toBe('40004');
    const query_options = ['trade_settle_info'];
    const trade = await desk.call('alipay.trade.query', { out_trade_no, query_options });
    expect(trade['trade_settle_info']).toMatchObject({
      trade_settle_detail_list: [{ operation_type: 'transfer', operation_serial_no: 'S1' }],
      trade_unsettled_amount: '89.40',
    });
  });

  test('is made once under its number; another one under it is refused', async () => {
    const { trade_no } = await frozen('100.00');
    const first = await settle({ trade_no, no: 'S1', parts: [[receiver, '10.00']] });
    const again = await settle({ trade_no, no: 'S1', parts: [[receiver, '10.00']] });
    expect(again['settle_no']).toBe(first['settle_no']);
    expect(await unsettled(trade_no)).toBe('89.40');
    const other = await settle({ trade_no, no: 'S1', parts: [[receiver, '11.00']] });
    expect(other['sub_code']).toBe('ACQ.DISCORDANT_REPEAT_REQUEST');
  });

  test('is all or nothing: one bad part, one short seller, and nobody gets anything', async () => {
    await free('certificate');
    const { trade_no } = await frozen('100.00');
    const parts = [
      [receiver, '10.00'],
      [desk.sellerId('platform'), '1.00'],
    ] as const;
    expect((await settle({ trade_no, parts }))['sub_code']).toBe('ACQ.ROYALTY_RECEIVER_INVALID');
    for (const fault of ['split_part_refused', 'merchant_short'] as const) {
      desk.world.faults.set([{ fault, probability: 1, remaining: 1 }]);
      const both = await settle({
        trade_no,
        parts: [
          [receiver, '5.00'],
          [other, '5.00'],
        ],
      });
      expect(both['code']).toBe('40004');
    }
    expect(await free('certificate')).toBe(0);
    expect(await unsettled(trade_no)).toBe('99.40');
  });

  test('keeps to five receivers, 30 percent in all, and fifty requests', async () => {
    const { trade_no } = await frozen('100.00');
    const six = Array(6).fill([receiver, '0.01']);
    expect((await settle({ trade_no, parts: six }))['sub_code']).toBe('ACQ.INVALID_PARAMETER');
    await settle({ trade_no, parts: [[receiver, '29.00']] });
    const over = await settle({ trade_no, parts: [[receiver, '1.01']] });
    expect(over['sub_code']).toBe('ACQ.ALLOC_AMOUNT_VALIDATE_ERROR');
    for (let count = 1; count < 50; count += 1) {
      const answer = await settle({ trade_no, parts: [[receiver, '0.01']] });
      expect(answer['code']).toBe('10000');
    }
    const more = await settle({ trade_no, parts: [[receiver, '0.01']] });
    expect(more['sub_code']).toBe('ACQ.INVALID_PARAMETER');
  });

  test('of money that was never held comes out of the account, as far as it reaches', async () => {
    await free();
    const { trade_no } = await desk.paid({ amount: '100.00' });
    expect(await free()).toBe(9940);
    const short = await settle({ trade_no, parts: [[receiver, '10.00']] });
    expect(short['sub_code']).toBe('ACQ.TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH');
    const finish = await settle({ trade_no, finish: true });
    expect(finish['sub_code']).toBe('ACQ.ILLEGAL_SETTLE_STATE');
  });

  test('reaches a person', async () => {
    const before = desk.world.sandbox.balance('chen');
    const { trade_no } = await frozen('100.00');
    const answer = await desk.call('alipay.trade.order.settle', {
      trade_no,
      out_request_no: desk.number(),
      royalty_parameters: [
        { trans_in_type: 'loginName', trans_in: 'chen@sandbox.test', amount: 5 },
      ],
    });
    expect(answer['code']).toBe('10000');
    expect(desk.world.sandbox.balance('chen')).toBe(before + 500n);
  });
});

describe('an asynchronous split', () => {
  test('is carried out later, part by part, and told by message', async () => {
    const { trade_no } = await frozen('100.00');
    desk.world.faults.set([{ fault: 'split_part_refused', probability: 1, amount: 200n }]);
    const parts = [
      [receiver, '10.00'],
      [other, '2.00'],
    ] as const;
    const { settle_no } = await settle({ trade_no, parts, no: 'A1', mode: 'async', finish: true });
    const states = async () => {
      const { royalty_detail_list: list } = await desk.call('alipay.trade.order.settle.query', {
        settle_no,
      });
      return Array.isArray(list) ? list.map(({ state }) => state) : [];
    };
    expect(await states()).toEqual(['PROCESSING', 'PROCESSING']);
    desk.world.clock.advance(1000);
    const told = await desk.hears({ msg_method: 'alipay.trade.order.settle.notify' });
    expect(JSON.parse(told.get('biz_content') ?? '')).toMatchObject({
      msg_type: 'ASYNC_SETTLE_RESULT',
      out_request_no: 'A1',
      trade_no,
      settle_no,
      royalty_detail_list: [{ state: 'SUCCESS' }, { state: 'FAIL', amount: '2.00' }],
    });
    expect(await states()).toEqual(['SUCCESS', 'FAIL']);
    expect(await unsettled(trade_no)).toBe('0.00');
  });

  test('takes fifty receivers, and does not mix with synchronous ones', async () => {
    const { trade_no } = await frozen('100.00');
    const fifty = Array(50).fill([receiver, '0.01']);
    const many = await settle({ trade_no, parts: fifty, mode: 'async' });
    expect(many['code']).toBe('10000');
    const more = [...fifty, [receiver, '0.01'] as const];
    const over = await settle({ trade_no, parts: more, mode: 'async' });
    expect(over['sub_code']).toBe('ACQ.INVALID_PARAMETER');
    const mixed = await settle({ trade_no, parts: [[receiver, '0.01']] });
    expect(mixed['sub_code']).toBe('ACQ.INVALID_PARAMETER');
  });

  test('counts what is on its way: nothing can be promised twice', async () => {
    const { trade_no } = await frozen('100.00');
    await settle({ trade_no, parts: [[receiver, '30.00']], mode: 'async' });
    expect(await unsettled(trade_no)).toBe('69.40');
    const again = await settle({ trade_no, parts: [[other, '0.01']], mode: 'async' });
    expect(again['sub_code']).toBe('ACQ.ALLOC_AMOUNT_VALIDATE_ERROR');
  });

  test('of a trade that was refunded meanwhile fails, and the refund is whole', async () => {
    const { trade_no, out_trade_no } = await frozen('100.00');
    const { settle_no } = await settle({ trade_no, parts: [[receiver, '9.00']], mode: 'async' });
    const refund = { out_trade_no, refund_amount: '100.00' };
    expect((await desk.call('alipay.trade.refund', refund))['fund_change']).toBe('Y');
    desk.world.clock.advance(1000);
    const answer = await desk.call('alipay.trade.order.settle.query', { settle_no });
    expect(answer['royalty_detail_list']).toMatchObject([{ state: 'FAIL' }]);
  });
});

describe('time and refunds', () => {
  test('held money goes to the seller by itself after thirty days', async () => {
    desk.world.clock.advance(31 * 86_400_000);
    await free();
    const { trade_no } = await frozen('100.00');
    desk.world.clock.advance(30 * 86_400_000 - 60_000);
    expect(await unsettled(trade_no)).toBe('99.40');
    desk.world.clock.advance(60_000);
    expect(await unsettled(trade_no)).toBe('0.00');
    expect(await free()).toBe(9940);
  });

  test('a face-to-face refund takes each receiver’s share back; in pieces, all of it', async () => {
    await free('certificate');
    const { trade_no, out_trade_no } = await frozen('100.00', 'precreate');
    await settle({ trade_no, parts: [[receiver, '10.01']] });
    const ask = (refund_amount: string, out_request_no: string) =>
      desk.call('alipay.trade.refund', { out_trade_no, refund_amount, out_request_no });
    await ask('33.33', 'R1');
    expect(await unsettled(trade_no)).toBe('59.39');
    await ask('66.67', 'R2');
    expect(await free('certificate')).toBe(0);
    const query = { out_trade_no, out_request_no: 'R1' };
    const answer = await desk.call('alipay.trade.fastpay.refund.query', query);
    expect(answer['refund_royaltys']).toMatchObject([{ refund_amount: '3.33' }]);
  });

  test('fails when a receiver has spent its share', async () => {
    const { trade_no, out_trade_no } = await frozen('100.00', 'precreate');
    await settle({ trade_no, parts: [[receiver, '10.00']] });
    await free('certificate');
    const refund = { out_trade_no, refund_amount: '100.00' };
    const answer = await desk.call('alipay.trade.refund', refund);
    expect(answer['sub_code']).toBe('ACQ.TRADE_SETTLE_ERROR');
  });

  test('elsewhere the seller pays, unless the call names who gives back', async () => {
    await free();
    await free('certificate');
    const { trade_no, out_trade_no } = await frozen('100.00');
    await settle({ trade_no, parts: [[receiver, '10.00']], finish: true });
    await free();
    const ask = (refund_amount: string, more: Answer = {}) =>
      desk.call('alipay.trade.refund', {
        out_trade_no,
        refund_amount,
        out_request_no: desk.number(),
        ...more,
      });
    expect((await ask('5.00'))['sub_code']).toBe('ACQ.SELLER_BALANCE_NOT_ENOUGH');
    const back = (amount: string) => ({
      refund_royalty_parameters: [{ trans_out: receiver, trans_out_type: 'userId', amount }],
    });
    expect((await ask('5.00', back('11.00')))['sub_code']).toBe('ACQ.ALLOC_AMOUNT_VALIDATE_ERROR');
    expect((await ask('5.00', back('5.00')))['fund_change']).toBe('Y');
    expect((await ask('5.00', back('5.01')))['sub_code']).toBe('ACQ.ALLOC_AMOUNT_VALIDATE_ERROR');
    expect(await free('certificate')).toBe(500);
  });
});
