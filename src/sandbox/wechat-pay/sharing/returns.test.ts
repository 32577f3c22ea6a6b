import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { memoryJournal, SandboxStore } from '../../store.ts';
import { runSandbox } from '../testing.ts';
import type { ReceiverRecord } from './book.ts';
import { Bench, openBench, type PaidOrder, refusal } from './testing.ts';

/** What comes back from receivers, what is released, and what outlives a restart. */
let bench: Bench;
let receiver: string;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.stop());

const SHARING = '/v3/profitsharing';
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

beforeEach(async () => {
  receiver = await partnerReceives(bench);
});

async function partnerReceives(at: Bench): Promise<string> {
  const { mchid } = at.merchant('partner');
  const answer = await at.post('direct', `${SHARING}/receivers/add`, {
    appid: at.merchant('direct').appid,
    type: 'MERCHANT_ID',
    account: mchid,
    name: at.seal('direct', '胡同服务商'),
    relation_type: 'PARTNER',
  });
  expect(answer.status).toBe(200);
  return mchid;
}

/** A paid order of which the receiver already has 1000 fen. */
async function divided(more: { release?: boolean; amount?: number } = {}) {
  const order = await bench.paid('direct');
  bench.wait(MINUTE_MS);
  const out_order_no = bench.number();
  await bench.post('direct', `${SHARING}/orders`, {
    transaction_id: order.transaction_id,
    out_order_no,
    receivers: [
      { type: 'MERCHANT_ID', account: receiver, amount: more.amount ?? 1000, description: '佣金' },
    ],
    unfreeze_unsplit: more.release ?? false,
  });
  const query = `${SHARING}/orders/${out_order_no}?transaction_id=${order.transaction_id}`;
  const done = await bench.until(
    () => bench.get('direct', query),
    ({ state }) => state === 'FINISHED',
  );
  return { order, out_order_no, order_id: String(done.content.order_id) };
}

type Divided = Awaited<ReturnType<typeof divided>>;

function returnBody({ out_order_no }: Divided, amount: number) {
  return {
    out_order_no,
    out_return_no: bench.number(),
    return_mchid: receiver,
    amount,
    description: '退货',
  };
}

const giveBack = (body: object) => bench.post('direct', `${SHARING}/return-orders`, body);

function settled(out_return_no: string, out_order_no: string) {
  const target = `${SHARING}/return-orders/${out_return_no}?out_order_no=${out_order_no}`;
  return bench.until(
    () => bench.get('direct', target),
    ({ result }) => result !== 'PROCESSING',
  );
}

async function unsplit({ transaction_id }: PaidOrder) {
  const target = `${SHARING}/transactions/${transaction_id}/amounts`;
  return (await bench.get('direct', target)).content.unsplit_amount;
}

describe('a return', () => {
  test('brings money back to the seller, where it can be split again', async () => {
    const split = await divided();
    const before = { to: bench.account(split.order.seller), from: bench.account(receiver) };
    const body = returnBody(split, 400);
    const answer = await giveBack(body);
    expect(answer.content).toMatchObject({ result: 'PROCESSING', order_id: split.order_id });
    const { content } = await settled(body.out_return_no, split.out_order_no);
    expect(content).toMatchObject({ result: 'SUCCESS', amount: 400, return_mchid: receiver });
    expect(bench.account(receiver).balance).toBe(before.from.balance - 400n);
    expect(bench.account(split.order.seller)).toEqual({
      balance: before.to.balance + 400n,
      held: before.to.held + 400n,
    });
    expect(await unsplit(split.order)).toBe(9940 - 1000 + 400);
  });

  test('of a released payment is the seller’s own', async () => {
    const split = await divided({ release: true });
    const { held } = bench.account(split.order.seller);
    const body = returnBody(split, 1000);
    await giveBack(body);
    await settled(body.out_return_no, split.out_order_no);
    expect(bench.account(split.order.seller).held).toBe(held);
    expect(await unsplit(split.order)).toBe(0);
  });

  test('never exceeds what the receiver got, over all of them', async () => {
    const split = await divided();
    expect((await giveBack(returnBody(split, 600))).status).toBe(200);
    expect(refusal(await giveBack(returnBody(split, 401)))).toEqual([400, 'INVALID_REQUEST']);
    expect((await giveBack(returnBody(split, 400))).status).toBe(200);
    expect(refusal(await giveBack(returnBody(split, 1)))).toEqual([400, 'INVALID_REQUEST']);
  });

  test('again under its number is the same, with other parameters none', async () => {
    const split = await divided();
    const body = returnBody(split, 100);
    const [first, again] = [await giveBack(body), await giveBack(body)];
    expect(again.content.return_id).toBe(first.content.return_id);
    expect(refusal(await giveBack({ ...body, amount: 101 }))).toEqual([400, 'INVALID_REQUEST']);
    expect((await giveBack(returnBody(split, 900))).status).toBe(200);
  });

  test('comes from a receiver of this split alone, a merchant', async () => {
    const split = await divided();
    const stranger = { ...returnBody(split, 1), return_mchid: bench.merchant('platform').mchid };
    expect(refusal(await giveBack(stranger))).toEqual([400, 'INVALID_REQUEST']);
    const nowhere = { ...returnBody(split, 1), out_order_no: 'S-unknown' };
    expect(refusal(await giveBack(nowhere))).toEqual([404, 'RESOURCE_NOT_EXISTS']);
    const { out_order_no: _, ...unnamed } = returnBody(split, 1);
    expect(refusal(await giveBack(unnamed))).toEqual([400, 'PARAM_ERROR']);
    const by_id = { ...unnamed, order_id: split.order_id };
    expect((await giveBack(by_id)).content.out_order_no).toBe(split.out_order_no);
  });

  test('fails when the receiver has not the money, and may be tried anew', async () => {
    const split = await divided();
    await bench.act('withdraw', { mchid: receiver });
    const body = returnBody(split, 1000);
    await giveBack(body);
    const { content } = await settled(body.out_return_no, split.out_order_no);
    expect(content).toMatchObject({ result: 'FAILED', fail_reason: 'BALANCE_NOT_ENOUGH' });
    await divided();
    const anew = returnBody(split, 1000);
    await giveBack(anew);
    const again = await settled(anew.out_return_no, split.out_order_no);
    expect(again.content.result).toBe('SUCCESS');
  });

  test('fails on demand', async () => {
    const split = await divided();
    const setting = { probability: 1, remaining: 1, operation: 'sharing.return' };
    bench.running.faults.set([{ fault: 'merchant_short', ...setting }]);
    const body = returnBody(split, 10);
    await giveBack(body);
    const { content } = await settled(body.out_return_no, split.out_order_no);
    bench.running.faults.set([]);
    expect(content.fail_reason).toBe('BALANCE_NOT_ENOUGH');
  });

  test('is too late after 180 days', async () => {
    const split = await divided();
    bench.wait(181 * DAY_MS);
    const body = returnBody(split, 10);
    await giveBack(body);
    const { content } = await settled(body.out_return_no, split.out_order_no);
    expect(content).toMatchObject({ result: 'FAILED', fail_reason: 'TIME_OUT_CLOSED' });
    bench.wait(-181 * DAY_MS);
  });
});

describe('held money', () => {
  test('is the seller’s by itself after 30 days', async () => {
    const order = await bench.paid('direct');
    const { held } = bench.account(order.seller);
    bench.wait(30 * DAY_MS - 1000);
    expect(await unsplit(order)).toBe(9940);
    bench.wait(1000);
    expect(await unsplit(order)).toBe(0);
    expect(bench.account(order.seller).held).toBe(held - 9940n);
    bench.wait(-30 * DAY_MS);
  });

  test('pays refunds first; what was split comes from the seller’s own', async () => {
    const split = await divided();
    const refund = {
      transaction_id: split.order.transaction_id,
      out_refund_no: bench.number(),
      amount: { refund: 10_000, total: 10_000, currency: 'CNY' },
    };
    await bench.act('withdraw', { mchid: split.order.seller });
    const target = '/v3/refund/domestic/refunds';
    expect(refusal(await bench.post('direct', target, refund))).toEqual([403, 'NOT_ENOUGH']);
    const body = returnBody(split, 1000);
    await giveBack(body);
    await settled(body.out_return_no, split.out_order_no);
    expect((await bench.post('direct', target, refund)).status).toBe(200);
    expect(await unsplit(split.order)).toBe(0);
    const more = {
      transaction_id: split.order.transaction_id,
      out_order_no: bench.number(),
      receivers: [{ type: 'MERCHANT_ID', account: receiver, amount: 1, description: '佣金' }],
      unfreeze_unsplit: false,
    };
    expect(refusal(await bench.post('direct', `${SHARING}/orders`, more))).toEqual([
      400,
      'INVALID_REQUEST',
    ]);
  });
});

test('holds, splits on their way and receivers outlive a restart', async () => {
  const store = await SandboxStore.open(memoryJournal);
  const first = await openBench({ store });
  const account = await partnerReceives(first);
  const order = await first.paid('direct');
  first.wait(MINUTE_MS);
  const out_order_no = first.number();
  const before = first.everything();
  const answer = await first.post('direct', `${SHARING}/orders`, {
    transaction_id: order.transaction_id,
    out_order_no,
    receivers: [{ type: 'MERCHANT_ID', account, amount: 1000, description: '佣金' }],
    unfreeze_unsplit: false,
  });
  expect(answer.content.state).toBe('PROCESSING');
  await first.running.sandbox.stop();
  const running = await runSandbox({ store, keys_dir: first.running.keys_dir });
  running.clock.offset_ms = first.running.clock.offset_ms;
  const second = new Bench(running, first.shop);
  const query = `${SHARING}/orders/${out_order_no}?transaction_id=${order.transaction_id}`;
  const done = await second.until(
    () => second.get('direct', query),
    ({ state }) => state === 'FINISHED',
  );
  expect(done.content.receivers).toMatchObject([{ result: 'SUCCESS', amount: 1000 }]);
  expect(second.account(account).balance).toBe(1000n);
  expect(second.account(order.seller).held).toBe(8940n);
  expect(second.everything()).toBe(before);
  await second.stop();
  await first.running.stop();
});

test('a list of receivers ends at 20 000', async () => {
  const store = await SandboxStore.open(memoryJournal);
  const first = await openBench({ store });
  const { mchid: owner, appid } = first.merchant('direct');
  await first.running.sandbox.stop();
  const receivers = store.collection<ReceiverRecord>('split_receivers');
  for (let number = 0; number < 20_000; number += 1) {
    const account = `o${number}`;
    const type = 'PERSONAL_OPENID';
    const about = { relation_type: 'USER', custom_relation: null, added_at: 0 };
    receivers.put(`${owner}:${type}:${account}`, { owner, type, account, ...about });
  }
  const running = await runSandbox({ store, keys_dir: first.running.keys_dir });
  const second = new Bench(running, first.shop);
  const add = () =>
    second.post('direct', `${SHARING}/receivers/add`, {
      appid,
      type: 'MERCHANT_ID',
      account: second.merchant('partner').mchid,
      name: second.seal('direct', '胡同服务商'),
      relation_type: 'PARTNER',
    });
  expect(refusal(await add())).toEqual([403, 'RULE_LIMIT']);
  const gone = { appid, type: 'PERSONAL_OPENID', account: 'o7' };
  await second.post('direct', `${SHARING}/receivers/delete`, gone);
  expect((await add()).status).toBe(200);
  await second.stop();
  await first.running.stop();
});

test('a person is given 200 000 yuan a month at most', async () => {
  const openid = await bench.openid('direct', 'chen');
  const { appid } = bench.merchant('direct');
  const type = 'PERSONAL_OPENID';
  const person = { appid, type, account: openid, relation_type: 'USER' };
  await bench.post('direct', `${SHARING}/receivers/add`, person);
  await bench.running.sandbox.setBalance('lin', 100_000_000n);
  const order = await bench.paid('direct', { total: 70_000_000 });
  bench.wait(MINUTE_MS);
  const give = async (amount: number) => {
    const out_order_no = bench.number();
    await bench.post('direct', `${SHARING}/orders`, {
      appid,
      transaction_id: order.transaction_id,
      out_order_no,
      receivers: [{ type, account: openid, amount, description: '推广' }],
      unfreeze_unsplit: false,
    });
    const query = `${SHARING}/orders/${out_order_no}?transaction_id=${order.transaction_id}`;
    const { content } = await bench.until(
      () => bench.get('direct', query),
      ({ state }) => state === 'FINISHED',
    );
    return content.receivers;
  };
  expect(await give(20_000_000)).toMatchObject([{ result: 'SUCCESS' }]);
  const refused = { result: 'CLOSED', fail_reason: 'RECEIVER_RECEIPT_LIMIT' };
  expect(await give(1)).toMatchObject([refused]);
});
