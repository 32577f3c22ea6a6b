import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { oaepEncrypt } from '../../../protocols/wechat-pay/oaep.ts';
import { callApi, merchantOf, runSandbox } from '../testing.ts';
import { type BillWorld, DAY, NEXT_DAY, openBillWorld } from './testing.ts';

/** Bills of splits, coupons and reversals, and bills after a restart. */
let world: BillWorld;
const TRADE = `/v3/bill/tradebill?bill_date=${DAY}`;
const SPLITS = `/v3/profitsharing/bills?bill_date=${DAY}`;

beforeAll(async () => {
  world = await openBillWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.at(`${DAY} 12:00:00`));

async function act(name: string, input: object): Promise<void> {
  const answer = await fetch(`${world.running.sandbox.url}/__sandbox/actions/${name}`, {
    method: 'POST',
    body: JSON.stringify(input),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

const rowsOf = (file: Buffer) => {
  const [header = '', ...lines] = file.toString('utf8').slice(1).split('\r\n');
  const names = header.split(',');
  return lines.slice(0, -3).map((line) => {
    const cells = line.slice(1).split(',`');
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
};

test('a split, its receivers and what came back are in the bill of splits', async () => {
  const account = 'partner';
  const { appid, sub_merchants } = merchantOf(world.running, account);
  const [sub_mchid = ''] = sub_merchants;
  const receiver = merchantOf(world.running).mchid;
  const sale = await world.sell({ account, sub_mchid, total: 10_000, profit_sharing: true });
  const found = await world.call(
    `/v3/pay/partner/transactions/out-trade-no/${sale.out_trade_no}?` +
      `sp_mchid=${merchantOf(world.running, account).mchid}&sub_mchid=${sub_mchid}`,
    { account },
  );
  const { transaction_id } = found.content;
  const { public_key, public_key_id } = merchantOf(world.running, account);
  const added = await callApi(world.running, {
    method: 'POST',
    target: '/v3/profitsharing/receivers/add',
    account,
    headers: { 'Wechatpay-Serial': public_key_id },
    body: {
      sub_mchid,
      appid,
      type: 'MERCHANT_ID',
      account: receiver,
      name: oaepEncrypt(createPublicKey(public_key), '胡同集市'),
      relation_type: 'PARTNER',
    },
  });
  expect(added.status).toBe(200);
  world.at(`${DAY} 12:10:00`);
  const split = {
    sub_mchid,
    appid,
    transaction_id,
    out_order_no: 'SPLIT1',
    unfreeze_unsplit: false,
    receivers: [
      { type: 'MERCHANT_ID', account: receiver, amount: 1_500, description: '佣金, 三月' },
    ],
  };
  const made = await world.call('/v3/profitsharing/orders', { account, body: split });
  expect(made.text).toContain('SPLIT1');
  const state = async (target: string, field: string) =>
    (await world.call(target, { account })).content[field];
  const query = `transaction_id=${transaction_id}&sub_mchid=${sub_mchid}`;
  await expect
    .poll(() => state(`/v3/profitsharing/orders/SPLIT1?${query}`, 'state'), { timeout: 5000 })
    .toBe('FINISHED');
  const back = {
    sub_mchid,
    out_order_no: 'SPLIT1',
    out_return_no: 'BACK1',
    return_mchid: receiver,
    amount: 400,
    description: '退',
  };
  await world.call('/v3/profitsharing/return-orders', { account, body: back });
  const asked = `/v3/profitsharing/return-orders/BACK1?out_order_no=SPLIT1&sub_mchid=${sub_mchid}`;
  await expect.poll(() => state(asked, 'result'), { timeout: 5000 }).toBe('SUCCESS');

  world.at(`${NEXT_DAY} 10:00:01`);
  const rows = rowsOf(await world.file(SPLITS, account));
  expect(rows).toEqual([
    expect.objectContaining({
      微信订单号: transaction_id,
      '商户分账/回退单号': 'SPLIT1',
      分账方: sub_mchid,
      分账接收方: receiver,
      '金额(元)': '15.00',
      业务类型: '分账',
      分账描述: '佣金, 三月',
    }),
    expect.objectContaining({
      '商户分账/回退单号': 'BACK1',
      '金额(元)': '4.00',
      业务类型: '分账回退',
    }),
  ]);
  const text = (await world.file(`${SPLITS}&sub_mchid=${sub_mchid}`, account)).toString('utf8');
  expect(text.split('\r\n').at(-2)).toBe('`2,`1,`15.00,`1,`4.00');
  const other = sub_merchants[1];
  const none = await world.call(`${SPLITS}&sub_mchid=${other}`, { account });
  expect(none.content.code).toBe('NO_STATEMENT_EXIST');
  const { target } = await world.link(SPLITS, account);
  world.at(`${NEXT_DAY} 10:00:29`);
  expect((await world.call(target, { account })).status).toBe(200);
  world.at(`${NEXT_DAY} 10:00:35`);
  expect((await world.call(target, { account })).content.code).toBe('INVALID_REQUEST');
});

describe('what a coupon paid', () => {
  test.each([
    [
      'wallet',
      { 应结订单金额: '100.00', 代金券金额: '10.00' },
      { 退款金额: '50.00', 充值券退款金额: '5.00' },
    ],
    [
      'merchant',
      { 应结订单金额: '90.00', 代金券金额: '0.00' },
      { 退款金额: '45.00', 充值券退款金额: '0.00' },
    ],
  ])('out of the %s’s pocket stands in its own column', async (funded_by, paid, refunded) => {
    await act('coupons/give', { person: 'chen', amount: 1_000, funded_by });
    const sale = await world.sell({ person: 'chen', total: 10_000 });
    await world.giveBack(sale, 5_000);
    world.at(`${NEXT_DAY} 10:00:01`);
    const rows = rowsOf(await world.file(TRADE));
    const own = rows.filter((row) => row['商户订单号'] === sale.out_trade_no);
    expect(own).toEqual([
      expect.objectContaining({ 订单金额: '100.00', ...paid }),
      expect.objectContaining({ 申请退款金额: '50.00', 交易状态: 'REFUND', ...refunded }),
    ]);
  });
});

test('a reversed charge is paid and taken back in the same bill', async () => {
  const { appid, mchid } = merchantOf(world.running);
  const { code } = world.running.sandbox.payerCode('lin');
  const body = {
    appid,
    mchid,
    description: '早点',
    out_trade_no: 'REVERSED0001',
    payer: { auth_code: code },
    amount: { total: 800, currency: 'CNY' },
    scene_info: { store_info: { id: 'S1' } },
  };
  const charged = await world.call('/v3/pay/transactions/codepay', { body });
  expect(charged.status).toBe(200);
  world.at(`${DAY} 12:01:00`);
  const path = '/v3/pay/transactions/out-trade-no/REVERSED0001/reverse';
  expect((await world.call(path, { body: { appid, mchid } })).status).toBe(200);
  world.at(`${NEXT_DAY} 10:00:01`);
  const rows = rowsOf(await world.file(TRADE));
  const own = rows.filter((row) => row['商户订单号'] === 'REVERSED0001');
  expect(
    own.map((row) => [row['交易状态'], row['订单金额'], row['申请退款金额'], row['手续费']]),
  ).toEqual([
    ['SUCCESS', '8.00', '0.00', '0.05000'],
    ['REVOKED', '0.00', '8.00', '-0.05000'],
  ]);
});

test('a bill after a restart is the bill before it', async () => {
  world.at(`${NEXT_DAY} 10:00:01`);
  const before = await world.file(TRADE);
  const { store, keys_dir, clock } = world.running;
  const again = await runSandbox({ store, keys_dir });
  again.clock.offset_ms = clock.offset_ms;
  const asked = await callApi(again, { method: 'GET', target: TRADE });
  const url = new URL(String(asked.content.download_url));
  const got = await callApi(again, { method: 'GET', target: url.pathname + url.search });
  expect(got.bytes.toString('utf8')).toBe(before.toString('utf8'));
  await again.stop();
});
