import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseWireObject } from '../../../protocols/wechat-pay/messages.ts';
import { oaepDecrypt } from '../../../protocols/wechat-pay/oaep.ts';
import { decryptResource } from '../../../protocols/wechat-pay/resource.ts';
import { type Bench, openBench, type PaidOrder, poll, type Role, refusal } from './testing.ts';

/** The rules of ordinary profit sharing, asked over the wire. */
let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.stop());

const SHARING = '/v3/profitsharing';
const MINUTE_MS = 60_000;
const NAMES = { partner: '胡同服务商', platform: '胡同平台', direct: '胡同集市' } as const;

function payerOf(role: Role) {
  return role === 'direct' ? {} : { sub_mchid: bench.seller(role) };
}

function addReceiver(role: Role, account: string, more: Record<string, unknown> = {}) {
  return bench.post(role, `${SHARING}/receivers/add`, {
    ...payerOf(role),
    appid: bench.merchant(role).appid,
    type: 'MERCHANT_ID',
    account,
    relation_type: 'PARTNER',
    ...more,
  });
}

async function partnerReceives(role: Role) {
  const { mchid } = bench.merchant('partner');
  const name = bench.seal(role, NAMES.partner);
  expect((await addReceiver(role, mchid, { name })).status).toBe(200);
  return mchid;
}

function splitBody(order: PaidOrder, parts: [account: string, amount: number][]) {
  return {
    ...payerOf(order.role),
    appid: bench.merchant(order.role).appid,
    transaction_id: order.transaction_id,
    out_order_no: bench.number(),
    receivers: parts.map(([account, amount]) => ({
      type: /^\d/.test(account) ? 'MERCHANT_ID' : 'PERSONAL_OPENID',
      account,
      amount,
      description: '佣金',
    })),
    unfreeze_unsplit: false,
  };
}

const split = (order: PaidOrder, body: object) => bench.post(order.role, `${SHARING}/orders`, body);

function querySplit(order: PaidOrder, out_order_no: string) {
  const seller = order.role === 'direct' ? '' : `&sub_mchid=${order.seller}`;
  const query = `transaction_id=${order.transaction_id}${seller}`;
  return bench.get(order.role, `${SHARING}/orders/${out_order_no}?${query}`);
}

function finished(order: PaidOrder, out_order_no: string) {
  return bench.until(
    () => querySplit(order, out_order_no),
    ({ state }) => state === 'FINISHED',
  );
}

async function unsplit(order: PaidOrder) {
  const target = `${SHARING}/transactions/${order.transaction_id}/amounts`;
  return (await bench.get(order.role, target)).content.unsplit_amount;
}

async function ripe(role: Role, more: Parameters<Bench['paid']>[1] = {}) {
  const order = await bench.paid(role, more);
  bench.wait(MINUTE_MS);
  return order;
}

describe('receivers', () => {
  test('a merchant is added under its registered name, and answered in secret', async () => {
    const { mchid, private_key } = bench.merchant('partner');
    const own = bench.merchant('direct');
    const added = await addReceiver('direct', mchid, { name: bench.seal('direct', NAMES.partner) });
    expect(added.content).toMatchObject({ type: 'MERCHANT_ID', account: mchid });
    const name = String(added.content.name);
    expect(oaepDecrypt(createPrivateKey(own.private_key), name)).toBe(NAMES.partner);
    expect(oaepDecrypt(createPrivateKey(private_key), name)).toBeUndefined();
  });

  test.each([
    ['a wrong name', () => ({ name: bench.seal('direct', '别的公司') }), 'INVALID_REQUEST'],
    ['no name', () => ({}), 'PARAM_ERROR'],
    ['a name in clear', () => ({ name: NAMES.partner }), 'PARAM_ERROR'],
    ['a name for another wallet key', () => ({ name: 'A'.repeat(344) }), 'PARAM_ERROR'],
    ['a foreign appid', () => ({ appid: 'wx0123456789abcdef' }), 'APPID_MCHID_NOT_MATCH'],
    ['an unknown relation', () => ({ relation_type: 'FRIEND' }), 'PARAM_ERROR'],
    ['an unknown field', () => ({ nickname: '小禾' }), 'PARAM_ERROR'],
    ['a direct merchant’s sub_mchid', () => ({ sub_mchid: '1700000000' }), 'PARAM_ERROR'],
  ])('%s is refused', async (_what, more, code) => {
    const { mchid } = bench.merchant('partner');
    expect(refusal(await addReceiver('direct', mchid, more()))).toEqual([400, code]);
  });

  test('a person is named by the openid of this app, and by no wrong name', async () => {
    const openid = await bench.openid('direct', 'chen');
    const person = (name: string, account = openid) =>
      addReceiver('direct', account, { type: 'PERSONAL_OPENID', name: bench.seal('direct', name) });
    expect((await person('陈明')).status).toBe(200);
    expect(refusal(await person('林小禾'))).toEqual([400, 'INVALID_REQUEST']);
    const foreign = await bench.openid('partner', 'chen');
    expect(refusal(await person('陈明', foreign))).toEqual([400, 'PARAM_ERROR']);
  });

  test('a platform has calls of its own', async () => {
    const { mchid } = bench.merchant('partner');
    const name = bench.seal('platform', NAMES.partner);
    expect(refusal(await addReceiver('platform', mchid, { name }))).toEqual([403, 'NO_AUTH']);
  });

  test('a partner acts for its own sellers alone', async () => {
    const name = bench.seal('partner', NAMES.direct);
    const { mchid } = bench.merchant('direct');
    const of = (sub_mchid: unknown) => addReceiver('partner', mchid, { name, sub_mchid });
    expect((await of(bench.seller('partner'))).status).toBe(200);
    expect(refusal(await of(bench.seller('platform')))).toEqual([403, 'NO_AUTH']);
    expect(refusal(await of(bench.merchant('partner').mchid))).toEqual([400, 'PARAM_ERROR']);
    expect(refusal(await of(undefined))).toEqual([400, 'PARAM_ERROR']);
  });
});

describe.each<Role>(['direct', 'partner'])('a split by a %s merchant', (role) => {
  test('goes to its receivers, and what is left is released', async () => {
    const receiver = role === 'direct' ? await partnerReceives(role) : await directReceives();
    const openid = await bench.openid(role, 'chen');
    await addReceiver(role, openid, { type: 'PERSONAL_OPENID' });
    const before = {
      receiver: bench.account(receiver),
      chen: bench.running.sandbox.balance('chen'),
    };
    const order = await ripe(role);
    const body = splitBody(order, [
      [receiver, 1000],
      [openid, 500],
    ]);
    expect((await split(order, body)).content).toMatchObject({
      state: 'PROCESSING',
      order_id: expect.stringMatching(/^30084\d{23}$/),
      receivers: [{ result: 'PENDING' }, { result: 'PENDING' }],
    });
    expect((await finished(order, body.out_order_no)).content).toMatchObject({
      receivers: [
        { account: receiver, amount: 1000, result: 'SUCCESS' },
        { account: openid, amount: 500, result: 'SUCCESS' },
      ],
    });
    expect(bench.account(receiver).balance).toBe(before.receiver.balance + 1000n);
    expect(bench.running.sandbox.balance('chen')).toBe(before.chen + 500n);
    expect(await unsplit(order)).toBe(10_000 - 60 - 1500);
    const release = {
      ...payerOf(role),
      transaction_id: order.transaction_id,
      out_order_no: bench.number(),
      description: '确认收货',
    };
    await bench.post(role, `${SHARING}/orders/unfreeze`, release);
    expect((await finished(order, release.out_order_no)).content).toMatchObject({
      receivers: [{ account: order.seller, amount: 8440, description: '解冻给分账方' }],
    });
    expect(await unsplit(order)).toBe(0);
    expect(bench.account(order.seller).held).toBe(0n);
    expect(refusal(await split(order, splitBody(order, [[receiver, 1]])))).toEqual([
      400,
      'INVALID_REQUEST',
    ]);
  });

  async function directReceives() {
    const { mchid } = bench.merchant('direct');
    const name = bench.seal('partner', NAMES.direct);
    expect((await addReceiver('partner', mchid, { name })).status).toBe(200);
    return mchid;
  }
});

describe('a split', () => {
  test('waits a minute after the payment', async () => {
    const receiver = await partnerReceives('direct');
    const order = await bench.paid('direct');
    expect(refusal(await split(order, splitBody(order, [[receiver, 1]])))).toEqual([
      400,
      'INVALID_REQUEST',
    ]);
    bench.wait(MINUTE_MS);
    expect((await split(order, splitBody(order, [[receiver, 1]]))).status).toBe(200);
  });

  test('needs an order that was marked, a known receiver, and each of them once', async () => {
    const receiver = await partnerReceives('direct');
    const plain = await ripe('direct', { sharing: false });
    expect(refusal(await split(plain, splitBody(plain, [[receiver, 1]])))[1]).toBe(
      'INVALID_REQUEST',
    );
    const order = await ripe('direct');
    const refused = async (parts: [string, number][]) =>
      refusal(await split(order, splitBody(order, parts)));
    expect(await refused([[bench.merchant('platform').mchid, 1]])).toEqual([
      400,
      'INVALID_REQUEST',
    ]);
    expect(await refused([])).toEqual([400, 'INVALID_REQUEST']);
    const twice: [string, number][] = [
      [receiver, 1],
      [receiver, 2],
    ];
    expect(await refused(twice)).toEqual([400, 'INVALID_REQUEST']);
    expect(await refused([[receiver, 0]])).toEqual([400, 'PARAM_ERROR']);
    const many = Array.from({ length: 51 }, (): [string, number] => [receiver, 1]);
    expect(await refused(many)).toEqual([400, 'PARAM_ERROR']);
  });

  test('gives away 30 % at most, the seller’s own part not counted', async () => {
    const receiver = await partnerReceives('direct');
    const order = await ripe('direct');
    expect(refusal(await split(order, splitBody(order, [[receiver, 3001]])))).toEqual([
      403,
      'RULE_LIMIT',
    ]);
    const own = splitBody(order, [
      [receiver, 3000],
      [order.seller, 5000],
    ]);
    expect((await split(order, own)).status).toBe(200);
    expect(await unsplit(order)).toBe(1940);
    expect(refusal(await split(order, splitBody(order, [[receiver, 1]])))).toEqual([
      403,
      'RULE_LIMIT',
    ]);
    expect(refusal(await split(order, splitBody(order, [[order.seller, 1941]])))).toEqual([
      403,
      'NOT_ENOUGH',
    ]);
  });

  test('a seller’s own ratio counts, and is told', async () => {
    const sub_mchid = bench.seller('partner');
    await bench.act('sub-merchants/split-ratio', { sub_mchid, ratio: 500 });
    const config = await bench.get('partner', `${SHARING}/merchant-configs/${sub_mchid}`);
    expect(config.content).toEqual({ sub_mchid, max_ratio: 500 });
    const order = await ripe('partner');
    const { mchid } = bench.merchant('direct');
    await addReceiver('partner', mchid, { name: bench.seal('partner', NAMES.direct) });
    expect(refusal(await split(order, splitBody(order, [[mchid, 501]])))).toEqual([
      403,
      'RULE_LIMIT',
    ]);
    await bench.act('sub-merchants/split-ratio', { sub_mchid, ratio: 3000 });
  });

  test('is asked for 50 times at most', async () => {
    const receiver = await partnerReceives('direct');
    const order = await ripe('direct');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => split(order, splitBody(order, [[receiver, 1]]))),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(refusal(await split(order, splitBody(order, [[receiver, 1]])))).toEqual([
      403,
      'RULE_LIMIT',
    ]);
  });

  test('again under its number is the same, with other parameters none', async () => {
    const receiver = await partnerReceives('direct');
    const order = await ripe('direct');
    const body = splitBody(order, [[receiver, 100]]);
    const first = await split(order, body);
    const again = await split(order, body);
    expect(again.content.order_id).toBe(first.content.order_id);
    expect(await unsplit(order)).toBe(9840);
    const other = { ...body, unfreeze_unsplit: true };
    const refused = await split(order, other);
    expect(refusal(refused)).toEqual([400, 'INVALID_REQUEST']);
    expect(refused.headers.get('request-id')).toMatch(/-268498688$/);
    const { receivers: _, unfreeze_unsplit: __, appid: ___, ...rest } = body;
    const release = { ...rest, description: '完结' };
    expect(refusal(await bench.post('direct', `${SHARING}/orders/unfreeze`, release))).toEqual([
      400,
      'INVALID_REQUEST',
    ]);
  });

  test('is seen and made by its own merchant alone', async () => {
    const receiver = await partnerReceives('direct');
    const order = await ripe('direct');
    const body = splitBody(order, [[receiver, 100]]);
    await split(order, body);
    const stolen = { ...body, sub_mchid: bench.seller('partner') };
    const { appid } = bench.merchant('partner');
    const answer = await bench.post('partner', `${SHARING}/orders`, { ...stolen, appid });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const query = `transaction_id=${order.transaction_id}&sub_mchid=${bench.seller('partner')}`;
    const asked = await bench.get('partner', `${SHARING}/orders/${body.out_order_no}?${query}`);
    expect(refusal(asked)).toEqual([404, 'RESOURCE_NOT_EXISTS']);
    const amounts = `${SHARING}/transactions/${order.transaction_id}/amounts`;
    expect(refusal(await bench.get('partner', amounts))).toEqual([404, 'RESOURCE_NOT_EXISTS']);
  });

  test('one refused receiver leaves the others served, its money the seller’s', async () => {
    const receiver = await partnerReceives('direct');
    const openid = await bench.openid('direct', 'chen');
    await addReceiver('direct', openid, { type: 'PERSONAL_OPENID' });
    const order = await ripe('direct');
    bench.running.faults.set([{ fault: 'split_part_refused', probability: 1, amount: 700n }]);
    const body = splitBody(order, [
      [receiver, 700],
      [openid, 300],
    ]);
    await split(order, body);
    const { content } = await finished(order, body.out_order_no);
    bench.running.faults.set([]);
    expect(content.receivers).toMatchObject([
      { result: 'CLOSED', fail_reason: 'RECEIVER_HIGH_RISK' },
      { result: 'SUCCESS' },
    ]);
    expect(await unsplit(order)).toBe(9940 - 1000);
    expect((await split(order, splitBody(order, [[receiver, 2700]]))).status).toBe(200);
  });

  test('a receiver that is removed meanwhile gets nothing', async () => {
    const receiver = await partnerReceives('direct');
    const order = await ripe('direct');
    const body = splitBody(order, [[receiver, 700]]);
    await split(order, body);
    const { appid } = bench.merchant('direct');
    const gone = { appid, type: 'MERCHANT_ID', account: receiver };
    expect((await bench.post('direct', `${SHARING}/receivers/delete`, gone)).status).toBe(200);
    const { content } = await finished(order, body.out_order_no);
    expect(content.receivers).toMatchObject([{ result: 'CLOSED', fail_reason: 'NO_RELATION' }]);
  });

  test('the fault dial can leave the seller short', async () => {
    const receiver = await partnerReceives('direct');
    const order = await ripe('direct');
    const setting = { probability: 1, remaining: 1, operation: 'sharing.split' };
    bench.running.faults.set([{ fault: 'merchant_short', ...setting }]);
    expect(refusal(await split(order, splitBody(order, [[receiver, 1]])))).toEqual([
      403,
      'NOT_ENOUGH',
    ]);
    bench.running.faults.set([]);
  });

  test('tells the receiver, where it said where', async () => {
    const receiver = await partnerReceives('direct');
    const notify_url = bench.shop.notify_url;
    await bench.act('notices/address', { mchid: receiver, about: 'profit_sharing', notify_url });
    const order = await ripe('direct');
    const body = splitBody(order, [[receiver, 123]]);
    await split(order, body);
    const { api_v3_key } = bench.merchant('partner');
    const told = () =>
      bench.shop.received.flatMap(({ body: raw }) => {
        const envelope = parseWireObject(raw.toString('utf8'));
        if (envelope?.event_type !== 'PROFITSHARING.SUCCESS') return [];
        const resource = envelope.resource as Parameters<typeof decryptResource>[1];
        return [parseWireObject(decryptResource(api_v3_key, resource) ?? '')];
      });
    await poll(told).toMatchObject([
      {
        mchid: bench.merchant('direct').mchid,
        transaction_id: order.transaction_id,
        out_order_no: body.out_order_no,
        receiver: { type: 'MERCHANT_ID', account: receiver, amount: 123, description: '佣金' },
      },
    ]);
    await bench.act('notices/address', {
      mchid: receiver,
      about: 'profit_sharing',
      notify_url: '',
    });
  });
});
