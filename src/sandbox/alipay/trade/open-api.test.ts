import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Desk, openDesk, type Role } from './testing.ts';

/** The same products by OpenAPI v3, judged by the SDK's `curl`, which verifies every success. */
let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
  for (const role of ['key', 'certificate', 'platform'] as const) {
    await curl('POST', '/trade/royalty/relation/bind', role, {
      out_request_no: desk.number(),
      receiver_list: [{ type: 'userId', account: desk.sellerId('isv') }],
    });
  }
});

afterAll(() => desk.stop());

async function curl(
  verb: 'GET' | 'POST',
  path: string,
  role: Role,
  fields: Answer,
): Promise<Answer> {
  const content =
    verb === 'GET' ? { query: fields as Record<string, string> } : { body: { ...fields } };
  const { data } = await desk.sdk(role).curl(verb, `/v3/alipay${path}`, content);
  return data;
}

describe.each(['key', 'certificate', 'platform'] as const)('%s', (role) => {
  const post = (path: string, body: Answer) => curl('POST', path, role, body);
  const order = () => ({ out_trade_no: desk.number(), total_amount: '100.00', subject: 'tea' });

  test('charges a payer code and cancels it', async () => {
    const auth_code = desk.world.sandbox.payerCode('lin').code;
    const asked = { ...order(), scene: 'bar_code', auth_code };
    const paid = await post('/trade/pay', asked);
    expect(paid).toMatchObject({ out_trade_no: asked.out_trade_no, total_amount: '100.00' });
    await expect(post('/trade/pay', { ...asked, out_trade_no: desk.number() })).rejects.toThrow(
      '付款码',
    );
    const { out_trade_no } = asked;
    expect(await post('/trade/cancel', { out_trade_no })).toMatchObject({ action: 'refund' });
  });

  test('splits frozen money, tells of it and releases the rest', async () => {
    const more = { extend_params: { royalty_freeze: 'true' } };
    const { trade_no } = await desk.paid({ amount: '100.00', product: 'page', role, more });
    const split = await post('/trade/order/settle', {
      trade_no,
      out_request_no: desk.number(),
      royalty_parameters: [{ trans_in: desk.sellerId('isv'), amount: '10.00' }],
    });
    const { settle_no } = split;
    const told = await curl('GET', '/trade/order/settle/query', role, { settle_no });
    expect(told['royalty_detail_list']).toMatchObject([{ state: 'SUCCESS' }]);
    const left = await curl('GET', '/trade/order/onsettle/query', role, { trade_no });
    expect(left['unsettled_amount']).toBe('89.40');
    const rate = await post('/trade/royalty/rate/query', { out_request_no: desk.number() });
    expect(rate['max_ratio']).toBe(30);
    const list = { out_request_no: desk.number(), page_num: 1, page_size: 20 };
    const bound = await post('/trade/royalty/relation/batchquery', list);
    expect(bound['total_record_num']).toBe(1);
  });

  test('merges orders and refunds asynchronously', async () => {
    const order_details = [order(), order()].map((part) => ({
      ...part,
      product_code: 'QUICK_WAP_WAY',
    }));
    const merged = await post('/trade/merge/precreate', {
      out_merge_no: desk.number(),
      order_details,
    });
    const bizContent = { pre_order_no: merged['pre_order_no'] };
    const link = desk.sdk(role).pageExecute('alipay.trade.wap.merge.pay', 'GET', { bizContent });
    await desk.pay(link);
    const out_trade_no = order_details[0]?.out_trade_no;
    const refund = { out_trade_no, refund_amount: '100.00', out_request_no: desk.number() };
    expect(await post('/trade/refund/apply', refund)).toMatchObject({
      refund_status: 'REFUND_PROCESSING',
    });
  });
});

test('a platform confirms a seller’s settlement', async () => {
  const [merchant_id] = desk.sellers();
  const settle_info = {
    settle_detail_infos: [{ trans_in_type: 'defaultSettle', amount: '100.00' }],
  };
  const more = {
    sub_merchant: { merchant_id },
    settle_info: { ...settle_info, settle_period_time: '7d' },
  };
  const { trade_no } = await desk.paid({ amount: '100.00', role: 'platform', more });
  const confirm = { trade_no, out_request_no: desk.number(), settle_info };
  const done = await curl('POST', '/trade/settle/confirm', 'platform', confirm);
  expect(done['settle_amount']).toBe('100.00');
});
