import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseWireObject } from '../../../protocols/wechat-pay/messages.ts';
import { decryptResource } from '../../../protocols/wechat-pay/resource.ts';
import { type Bench, openBench, type PaidOrder, poll, refusal } from '../sharing/testing.ts';

/** A platform and the money of its sellers, over the wire. */
let bench: Bench;
let receiver: string;

beforeAll(async () => {
  bench = await openBench();
  receiver = bench.merchant('platform').mchid;
  const added = await post(`${SHARING}/receivers/add`, {
    appid: bench.merchant('platform').appid,
    type: 'MERCHANT_ID',
    account: receiver,
    name: '胡同平台',
    relation_type: 'PLATFORM',
  });
  expect(added.content).toEqual({ type: 'MERCHANT_ID', account: receiver });
});
afterAll(() => bench.stop());

const SHARING = '/v3/ecommerce/profitsharing';
const REFUNDS = '/v3/ecommerce/refunds';
const DAY_MS = 86_400_000;

const post = (target: string, body: object) => bench.post('platform', target, body);
const get = (target: string) => bench.get('platform', target);

async function ripe(more: Parameters<Bench['paid']>[1] = {}) {
  const order = await bench.paid('platform', more);
  bench.wait(30_000);
  return order;
}

const named = ({ seller, transaction_id }: PaidOrder) => ({ sub_mchid: seller, transaction_id });

function splitBody(order: PaidOrder, amount: number, more: Record<string, unknown> = {}) {
  return {
    ...named(order),
    appid: bench.merchant('platform').appid,
    out_order_no: bench.number(),
    receivers: [
      { type: 'MERCHANT_ID', receiver_account: receiver, amount, description: '平台佣金' },
    ],
    finish: false,
    ...more,
  };
}

function finished(order: PaidOrder, out_order_no: string) {
  const query = `sub_mchid=${order.seller}&transaction_id=${order.transaction_id}`;
  return bench.until(
    () => get(`${SHARING}/orders?${query}&out_order_no=${out_order_no}`),
    ({ status }) => status === 'FINISHED',
  );
}

async function unsplit({ transaction_id }: PaidOrder) {
  return (await get(`${SHARING}/orders/${transaction_id}/amounts`)).content.unsplit_amount;
}

/** What the platform was told in notices of this kind. */
function told(event_type: string) {
  const { api_v3_key } = bench.merchant('platform');
  return bench.shop.received.flatMap(({ body }) => {
    const envelope = parseWireObject(body.toString('utf8'));
    if (envelope?.event_type !== event_type) return [];
    const resource = envelope.resource as Parameters<typeof decryptResource>[1];
    return [parseWireObject(decryptResource(api_v3_key, resource) ?? '')];
  });
}

describe('a platform’s split', () => {
  test('waits 30 seconds, goes to the platform, and finishes', async () => {
    const order = await bench.paid('platform');
    expect(refusal(await post(`${SHARING}/orders`, splitBody(order, 500)))[1]).toBe(
      'INVALID_REQUEST',
    );
    bench.wait(30_000);
    const before = bench.account(receiver).balance;
    const body = splitBody(order, 500);
    expect((await post(`${SHARING}/orders`, body)).content).toMatchObject({ status: 'PROCESSING' });
    const { content } = await finished(order, body.out_order_no);
    expect(content.receivers).toMatchObject([
      { receiver_account: receiver, receiver_mchid: receiver, amount: 500, result: 'SUCCESS' },
    ]);
    expect(bench.account(receiver).balance).toBe(before + 500n);
    const finish = { ...named(order), out_order_no: bench.number(), description: '确认收货' };
    const answer = await post(`${SHARING}/finish-order`, finish);
    expect(answer.content).toMatchObject({ order_id: expect.stringMatching(/^30084/) });
    expect((await finished(order, finish.out_order_no)).content).toMatchObject({
      finish_amount: 9440,
      finish_description: '确认收货',
      receivers: [],
    });
    expect(await unsplit(order)).toBe(0);
  });

  test('holds for 180 days, then the money is the seller’s', async () => {
    const order = await ripe();
    bench.wait(180 * DAY_MS - 60_000);
    expect(await unsplit(order)).toBe(9940);
    bench.wait(60_000);
    expect(await unsplit(order)).toBe(0);
    bench.wait(-180 * DAY_MS);
  });

  test('knows a receiver that was not added, and another family’s caller, for what they are', async () => {
    const order = await ripe();
    const stranger = bench.merchant('direct').mchid;
    const body = splitBody(order, 1);
    const receivers = body.receivers.map((part) => ({ ...part, receiver_account: stranger }));
    expect(refusal(await post(`${SHARING}/orders`, { ...body, receivers }))[1]).toBe(
      'INVALID_REQUEST',
    );
    const other = await bench.post('partner', `${SHARING}/orders`, body);
    expect(refusal(other)).toEqual([403, 'NO_AUTH']);
    expect(refusal(await post(`${SHARING}/orders`, { ...body, unfreeze_unsplit: true }))).toEqual([
      400,
      'PARAM_ERROR',
    ]);
  });

  test('is given back under the platform’s names', async () => {
    const order = await ripe();
    const body = splitBody(order, 800);
    await post(`${SHARING}/orders`, body);
    await finished(order, body.out_order_no);
    const wanted = {
      sub_mchid: order.seller,
      out_order_no: body.out_order_no,
      out_return_no: bench.number(),
      return_mchid: receiver,
      amount: 300,
      description: '退货',
    };
    expect((await post(`${SHARING}/returnorders`, wanted)).content.return_no).toMatch(/^31084/);
    const query = `sub_mchid=${order.seller}&out_return_no=${wanted.out_return_no}`;
    const { content } = await bench.until(
      () => get(`${SHARING}/returnorders?${query}&out_order_no=${wanted.out_order_no}`),
      ({ result }) => result === 'SUCCESS',
    );
    expect(content).toMatchObject({ amount: 300, return_mchid: receiver });
    expect(await unsplit(order)).toBe(9940 - 800 + 300);
  });

  test('takes a service fee after the sale, once', async () => {
    const order = await ripe();
    const { content } = await post(`${REFUNDS}/apply`, refundBody(order, 9000));
    const fee = {
      ...named(order),
      amount: 200,
      type: 'SERVICE_FEE_INCOME',
      scene: 'REFUND_TICKET',
      refund_id: content.refund_id,
    };
    const before = bench.account(receiver).balance;
    expect((await post(`${SHARING}/after-sales-orders`, fee)).status).toBe(200);
    expect((await post(`${SHARING}/after-sales-orders`, fee)).status).toBe(200);
    expect(bench.account(receiver).balance).toBe(before + 200n);
    const more = { ...fee, amount: 201 };
    expect((await post(`${SHARING}/after-sales-orders`, more)).status).toBe(400);
  });
});

describe('a subsidy', () => {
  const subsidize = (order: PaidOrder, amount: number) =>
    post('/v3/ecommerce/subsidies/create', { ...named(order), amount, description: '平台券' });

  async function rich() {
    const order = await ripe({ total: 20_000 });
    const body = splitBody(order, 6000, { finish: true });
    await post(`${SHARING}/orders`, body);
    await finished(order, body.out_order_no);
  }

  test('comes before the split, from the platform, up to what was announced', async () => {
    await rich();
    const order = await ripe({ subsidy: 700 });
    expect(refusal(await post(`${SHARING}/orders`, splitBody(order, 1)))[1]).toBe(
      'INVALID_REQUEST',
    );
    expect(refusal(await subsidize(order, 701))[1]).toBe('INVALID_REQUEST');
    const before = bench.everything();
    const first = await subsidize(order, 600);
    expect(first.content).toMatchObject({ result: 'SUCCESS', amount: 600 });
    expect((await subsidize(order, 600)).content.subsidy_id).toBe(first.content.subsidy_id);
    expect(refusal(await subsidize(order, 500))[1]).toBe('INVALID_REQUEST');
    expect(await unsplit(order)).toBe(9940 + 600);
    expect(bench.everything()).toBe(before);
    const body = splitBody(order, 1);
    expect((await post(`${SHARING}/orders`, body)).status).toBe(200);
    await finished(order, body.out_order_no);
  });

  test('is given back beside a refund, or cancelled', async () => {
    await rich();
    const order = await ripe({ subsidy: 500 });
    await subsidize(order, 500);
    const { content } = await post(`${REFUNDS}/apply`, refundBody(order, 5000));
    const back = {
      ...named(order),
      out_order_no: bench.number(),
      refund_id: content.refund_id,
      amount: 250,
      description: '退货',
    };
    const target = '/v3/ecommerce/subsidies/return';
    const first = await post(target, back);
    expect(first.content).toMatchObject({ result: 'SUCCESS', amount: 250 });
    expect((await post(target, back)).content).toEqual(first.content);
    const again = { ...back, out_order_no: bench.number(), amount: 251 };
    expect(refusal(await post(target, again))[1]).toBe('INVALID_REQUEST');
    const other = await ripe({ subsidy: 500 });
    const cancel = { ...named(other), description: '不需要' };
    expect((await post('/v3/ecommerce/subsidies/cancel', cancel)).content.result).toBe('SUCCESS');
    const body = splitBody(other, 1);
    expect((await post(`${SHARING}/orders`, body)).status).toBe(200);
    await finished(other, body.out_order_no);
    const plain = await ripe();
    expect(refusal(await subsidize(plain, 1))[1]).toBe('INVALID_REQUEST');
  });
});

function refundBody(order: PaidOrder, refund: number, more: Record<string, unknown> = {}) {
  return {
    ...named(order),
    sp_appid: bench.merchant('platform').appid,
    out_refund_no: bench.number(),
    amount: { refund, total: order.total, currency: 'CNY' },
    notify_url: bench.shop.notify_url,
    ...more,
  };
}

describe('a platform’s refund', () => {
  test('is applied for, arrives, and is told', async () => {
    const order = await ripe();
    const had = bench.running.sandbox.balance('lin');
    const body = refundBody(order, 2500);
    const { content } = await post(`${REFUNDS}/apply`, body);
    expect(content).toMatchObject({
      out_refund_no: body.out_refund_no,
      amount: { refund: 2500, payer_refund: 2500, currency: 'CNY' },
      refund_account: 'REFUND_SOURCE_SUB_MERCHANT',
    });
    const by = `out-refund-no/${body.out_refund_no}?sub_mchid=${order.seller}`;
    const done = await bench.until(
      () => get(`${REFUNDS}/${by}`),
      ({ status }) => status === 'SUCCESS',
    );
    const by_id = await get(`${REFUNDS}/id/${content.refund_id}?sub_mchid=${order.seller}`);
    expect(by_id.content).toEqual(done.content);
    expect(bench.running.sandbox.balance('lin')).toBe(had + 2500n);
    const notice = () =>
      told('REFUND.SUCCESS').find((each) => each?.out_refund_no === body.out_refund_no);
    await poll(notice).toMatchObject({
      sp_mchid: bench.merchant('platform').mchid,
      sub_mchid: order.seller,
      refund_status: 'SUCCESS',
    });
    expect((await post(`${REFUNDS}/apply`, body)).content.refund_id).toBe(content.refund_id);
    const other = { ...body, reason: '另一个原因' };
    expect(refusal(await post(`${REFUNDS}/apply`, other))).toEqual([400, 'INVALID_REQUEST']);
  });

  test('that the platform advances leaves the seller’s money alone until it is given back', async () => {
    const order = await ripe();
    const body = refundBody(order, 3000, { refund_account: 'REFUND_SOURCE_PARTNER_ADVANCE' });
    const before = { seller: bench.account(order.seller), platform: bench.account(receiver) };
    const { content } = await post(`${REFUNDS}/apply`, body);
    expect(content).toMatchObject({ amount: { refund: 3000, advance: 3000 } });
    // The fee of what went back comes back to the seller.
    expect(bench.account(order.seller)).toEqual({
      balance: before.seller.balance + 18n,
      held: before.seller.held,
    });
    expect(bench.account(receiver).balance).toBe(before.platform.balance - 3000n);
    const target = `${REFUNDS}/${content.refund_id}/return-advance`;
    const none = await get(`${target}?sub_mchid=${order.seller}`);
    expect(refusal(none)).toEqual([404, 'RESOURCE_NOT_EXISTS']);
    const back = await post(target, { sub_mchid: order.seller });
    expect(back.content).toMatchObject({ result: 'SUCCESS', return_amount: 3000 });
    expect((await post(target, { sub_mchid: order.seller })).content).toEqual(back.content);
    const asked = await get(`${target}?sub_mchid=${order.seller}`);
    expect(asked.content).toEqual(back.content);
    expect(bench.account(receiver).balance).toBe(before.platform.balance);
  });

  test('above what was paid leaves an advance undone', async () => {
    const order = await ripe();
    const before = [bench.account(order.seller), bench.account(receiver)];
    const body = refundBody(order, 10_001, { refund_account: 'REFUND_SOURCE_PARTNER_ADVANCE' });
    expect((await post(`${REFUNDS}/apply`, body)).status).toBe(400);
    expect([bench.account(order.seller), bench.account(receiver)]).toEqual(before);
  });

  test('of another platform’s seller is not found', async () => {
    const order = await ripe();
    const body = { ...refundBody(order, 1), sub_mchid: bench.seller('partner') };
    expect(refusal(await post(`${REFUNDS}/apply`, body))).toEqual([403, 'NO_AUTH']);
    const wrong = { ...refundBody(order, 1), sub_mchid: bench.seller('platform', 1) };
    expect((await post(`${REFUNDS}/apply`, wrong)).status).toBeGreaterThanOrEqual(400);
  });
});

describe('balances and withdrawals', () => {
  test('show what is available and what is held', async () => {
    const order = await ripe();
    const { balance, held } = bench.account(order.seller);
    const asked = await get(`/v3/ecommerce/fund/balance/${order.seller}`);
    expect(asked.content).toEqual({
      sub_mchid: order.seller,
      account_type: 'BASIC',
      available_amount: Number(balance - held),
      pending_amount: Number(held),
    });
    const own = await get('/v3/merchant/fund/balance/BASIC');
    expect(own.content.available_amount).toBe(Number(bench.account(receiver).balance));
    const foreign = await get(`/v3/ecommerce/fund/balance/${bench.seller('partner')}`);
    expect(refusal(foreign)).toEqual([403, 'NO_AUTH']);
    bench.wait(DAY_MS);
    const day = new Date(bench.running.clock.now().getTime() - DAY_MS + 8 * 3_600_000);
    const date = day.toISOString().slice(0, 10);
    const ended = await get(`/v3/ecommerce/fund/enddaybalance/${order.seller}?date=${date}`);
    expect(ended.content.available_amount).toBe(Number(balance));
    expect((await get(`/v3/ecommerce/fund/enddaybalance/${order.seller}?date=x`)).status).toBe(400);
  });

  test('a withdrawal leaves at once, arrives later, and can come back', async () => {
    const order = await ripe();
    const finish = { ...named(order), out_order_no: bench.number(), description: '完结' };
    await post(`${SHARING}/finish-order`, finish);
    await finished(order, finish.out_order_no);
    const { balance } = bench.account(order.seller);
    const body = {
      sub_mchid: order.seller,
      out_request_no: `W${Date.now()}`,
      amount: 5000,
      remark: '货款',
      notify_url: bench.shop.notify_url,
    };
    const { content } = await post('/v3/ecommerce/fund/withdraw', body);
    expect((await post('/v3/ecommerce/fund/withdraw', body)).content).toEqual(content);
    expect(bench.account(order.seller).balance).toBe(balance - 5000n);
    const target = `/v3/ecommerce/fund/withdraw/out-request-no/${body.out_request_no}`;
    const query = () => get(`${target}?sub_mchid=${order.seller}`);
    expect((await query()).content.status).toBe('CREATE_SUCCESS');
    bench.wait(5_000);
    expect((await query()).content.status).toBe('SUCCESS');
    await bench.act('withdrawals/decide', { withdraw_id: content.withdraw_id, status: 'REFUND' });
    expect((await query()).content).toMatchObject({ status: 'REFUND', reason: '银行退票' });
    expect(bench.account(order.seller).balance).toBe(balance);
    const states = () => told('MCHWITHDRAW.CHANGE').map((each) => each?.status);
    await poll(() => states().sort()).toEqual(['REFUND', 'SUCCESS']);
    const much = { ...body, out_request_no: `X${Date.now()}`, amount: 9_000_000 };
    expect(refusal(await post('/v3/ecommerce/fund/withdraw', much))).toEqual([403, 'NOT_ENOUGH']);
  });
});
