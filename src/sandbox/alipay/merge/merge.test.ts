import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Desk, openDesk } from '../trade/testing.ts';

/** Several orders in one payment. */
let desk: Desk;
let out_merge_no = '';
let parts: Answer[] = [];

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.stop());

beforeEach(() => {
  desk.merchant.heard.length = 0;
  out_merge_no = desk.number();
  parts = ['3.00', '4.00', '5.00'].map((total_amount, index) => ({
    out_trade_no: desk.number(),
    total_amount,
    subject: `tea ${index}`,
    product_code: 'QUICK_WAP_WAY',
  }));
});

const numbers = () => parts.map(({ out_trade_no }) => String(out_trade_no));

function precreate(changes: Answer = {}): Promise<Answer> {
  const biz = { out_merge_no, order_details: parts, ...changes };
  return desk.call('alipay.trade.merge.precreate', biz);
}

/** The link or the order string that the client opens. */
function opened(pre_order_no: unknown, kind: 'wap' | 'app' = 'wap'): string {
  const params = { return_url: 'http://127.0.0.1/back', bizContent: { pre_order_no } };
  return kind === 'wap'
    ? desk.sdk().pageExecute('alipay.trade.wap.merge.pay', 'GET', params)
    : desk.sdk().sdkExecute('alipay.trade.app.merge.pay', params);
}

async function statuses(): Promise<unknown[]> {
  const answers = numbers().map((out_trade_no) =>
    desk.call('alipay.trade.query', { out_trade_no }),
  );
  return (await Promise.all(answers)).map((answer) => answer['trade_status'] ?? answer['sub_code']);
}

describe('a merged order', () => {
  test.each(['wap', 'app'] as const)(
    'opened by %s is paid as one; each part is a trade',
    async (kind) => {
      const created = await precreate();
      expect(created).toMatchObject({ code: '10000', out_merge_no });
      expect(created['order_detail_results']).toHaveLength(3);
      expect(await statuses()).toEqual(Array(3).fill('ACQ.TRADE_NOT_EXIST'));
      const before = desk.world.sandbox.balance('lin');
      const scanned = await desk.world.sandbox.scan('lin', opened(created['pre_order_no'], kind));
      expect(scanned.amount).toBe(1200n);
      expect(await statuses()).toEqual(Array(3).fill('WAIT_BUYER_PAY'));
      await desk.world.sandbox.confirm(scanned.id, 'pay');
      expect(desk.world.sandbox.balance('lin')).toBe(before - 1200n);
      expect(await statuses()).toEqual(Array(3).fill('TRADE_SUCCESS'));
      const heard = await desk.merchant.hears(3);
      const told = heard.map(({ body }) => new URLSearchParams(body.toString('utf8')));
      expect(new Set(told.map((fields) => fields.get('trade_no'))).size).toBe(3);
      expect(told.map((fields) => fields.get('out_trade_no')).sort()).toEqual(numbers().sort());
      const [out_trade_no = ''] = numbers();
      const refund = { out_trade_no, refund_amount: '3.00', out_request_no: 'R1' };
      expect((await desk.call('alipay.trade.refund', refund))['fund_change']).toBe('Y');
      expect((await statuses()).slice(1)).toEqual(Array(2).fill('TRADE_SUCCESS'));
    },
  );

  test('in a phone browser: log in, pay, and back to the shop', async () => {
    const { pre_order_no } = await precreate();
    const cashier = await fetch(opened(pre_order_no), { headers: { 'accept-language': 'en' } });
    const text = await cashier.text();
    expect(text).toContain('¥12.00');
    expect(text).toContain('tea 2');
    const path = new URL(cashier.url).pathname;
    const paid = await fetch(`${desk.world.sandbox.url}${path}/confirm`, {
      method: 'POST',
      body: new URLSearchParams({ person: 'lin', outcome: 'pay' }),
      redirect: 'manual',
    });
    const back = new URL(paid.headers.get('location') ?? '');
    expect(back.pathname).toBe('/back');
    expect(desk.sdk().checkNotifySignV2(Object.fromEntries(back.searchParams))).toBe(true);
    expect(await statuses()).toEqual(Array(3).fill('TRADE_SUCCESS'));
  });

  test('is all or nothing: who cannot pay the whole pays no part, and no part alone', async () => {
    const { pre_order_no } = await precreate();
    await desk.world.sandbox.setBalance('poor', 1199n);
    const scanned = await desk.world.sandbox.scan('poor', opened(pre_order_no));
    await expect(desk.world.sandbox.confirm(scanned.id, 'pay')).rejects.toThrow(
      'insufficient_balance',
    );
    expect(desk.world.sandbox.balance('poor')).toBe(1199n);
    expect(await statuses()).toEqual(Array(3).fill('WAIT_BUYER_PAY'));
    const [out_trade_no] = numbers();
    const { trade_no } = await desk.call('alipay.trade.query', { out_trade_no });
    await expect(desk.world.sandbox.scan('poor', String(trade_no))).rejects.toThrow('unknown_code');
    await expect(desk.world.sandbox.scan('lin', opened(pre_order_no))).rejects.toThrow(
      'other_payer',
    );
    await desk.world.sandbox.setBalance('poor', 1200n);
    await desk.world.sandbox.confirm(scanned.id, 'pay');
    expect(await statuses()).toEqual(Array(3).fill('TRADE_SUCCESS'));
  });

  test('under its number again is the same; with other parts it is refused', async () => {
    const first = await precreate();
    expect((await precreate())['pre_order_no']).toBe(first['pre_order_no']);
    const [head] = parts;
    const other = await precreate({ order_details: [{ ...head, total_amount: '9.00' }] });
    expect(other['sub_code']).toBe('ACQ.CONTEXT_INCONSISTENT');
    await desk.pay(opened(first['pre_order_no']));
    expect((await precreate())['sub_code']).toBe('ACQ.TRADE_HAS_SUCCESS');
    await expect(desk.world.sandbox.scan('lin', opened(first['pre_order_no']))).rejects.toThrow(
      'order_paid',
    );
  });

  test('names the part that is wrong and makes none of them', async () => {
    const taken = await desk.paid({ amount: '1.00' });
    const order_details = [...parts, { ...parts[0], out_trade_no: taken.out_trade_no }];
    const answer = await precreate({ order_details });
    expect(answer).not.toHaveProperty('pre_order_no');
    expect(answer['order_detail_results']).toMatchObject([
      { success: true },
      { success: true },
      { success: true },
      { success: false, result_code: 'ACQ.TRADE_HAS_SUCCESS' },
    ]);
    expect((await precreate())['code']).toBe('10000');
  });

  test('lives a quarter of an hour unless told otherwise; closing a part closes it all', async () => {
    const { pre_order_no } = await precreate();
    desk.world.clock.advance(15 * 60_000);
    await expect(desk.world.sandbox.scan('lin', opened(pre_order_no))).rejects.toThrow(
      'order_closed',
    );
    out_merge_no = desk.number();
    parts = parts.map((part) => ({ ...part, out_trade_no: desk.number() }));
    const second = await precreate({ timeout_express: '2h' });
    desk.world.clock.advance(3_600_000);
    const scanned = await desk.world.sandbox.scan('lin', opened(second['pre_order_no']));
    const [out_trade_no] = numbers();
    expect((await desk.call('alipay.trade.close', { out_trade_no }))['code']).toBe('10000');
    expect(await statuses()).toEqual(Array(3).fill('TRADE_CLOSED'));
    await expect(desk.world.sandbox.confirm(scanned.id, 'pay')).rejects.toThrow('order_closed');
  });

  test('has one to ten parts with numbers of their own', async () => {
    for (const order_details of [[], Array(11).fill(parts[0]), [parts[0], parts[0]]]) {
      const answer = await precreate({ order_details });
      expect(answer['sub_code']).toBe('ACQ.INVALID_PARAMETER');
    }
    const unknown = await fetch(opened('PO1'));
    expect(await unknown.text()).toContain('ACQ.INVALID_PARAMETER');
  });
});
