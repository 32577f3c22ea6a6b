import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keysFolder } from '../../../../test/support/sandbox-keys.ts';
import { type JournalRecord, SandboxStore } from '../../store.ts';
import { type Desk, openDesk } from './testing.ts';

/** A wallet that is killed between two calls goes on with everything it had begun. */
let keys_dir = '';
const journal = new Map<string, JournalRecord>();

beforeAll(async () => {
  keys_dir = await keysFolder('alipay');
});

afterAll(() => rm(keys_dir, { recursive: true, force: true }));

/** The same books and keys, in a new process as far as the wallet can tell. */
async function start(): Promise<Desk> {
  const store = await SandboxStore.open({
    load: async () => [...journal.values()],
    write: async (records) => {
      for (const record of records) journal.set(`${record.kind}\n${record.key}`, record);
    },
  });
  return openDesk({ store, keys_dir });
}

test('payer codes, prompts, merged orders, holds, splits, refunds and applications go on', async () => {
  const first = await start();
  const seller_id = first.sellerId();
  await first.call('alipay.trade.royalty.relation.bind', {
    out_request_no: 'B1',
    receiver_list: [{ type: 'userId', account: first.sellerId('certificate') }],
  });
  await first.act('royalty/ratio', { seller_id, percent: 50 });
  await first.act('coupons/give', { person: 'chen', amount: 100 });
  const { code } = first.world.sandbox.payerCode('chen');
  const dear = { out_trade_no: 'DEAR', total_amount: '2000.00', subject: 'tea', scene: 'bar_code' };
  const auth_code = first.world.sandbox.payerCode('lin').code;
  const waiting = await first.call('alipay.trade.pay', { ...dear, auth_code });
  expect(waiting['code']).toBe('10003');
  const merge = await first.call('alipay.trade.merge.precreate', {
    out_merge_no: 'M1',
    order_details: ['P1', 'P2'].map((out_trade_no) => ({
      ...{ out_trade_no, total_amount: '1.00', subject: 'tea', product_code: 'QUICK_WAP_WAY' },
    })),
  });
  const frozen = { extend_params: { royalty_freeze: 'true' } };
  const { trade_no } = await first.paid({ amount: '100.00', product: 'page', more: frozen });
  const { settle_no } = await first.call('alipay.trade.order.settle', {
    trade_no,
    out_request_no: 'S1',
    royalty_mode: 'async',
    royalty_parameters: [{ trans_in: first.sellerId('certificate'), amount: '40.00' }],
  });
  const { out_trade_no } = await first.paid({ amount: '10.00' });
  const refund = { out_trade_no, refund_amount: '10.00', out_request_no: 'R1' };
  await first.call('alipay.trade.refund.apply', refund);
  const lin = first.world.sandbox.balance('lin');
  const { order_id } = await first.call(
    'ant.merchant.expand.indirect.zft.create',
    {
      external_id: 'E1',
      ...{ name: '茶馆', alias_name: '茶馆', merchant_type: '06', mcc: '5812' },
      ...{ cert_type: '100', cert_no: '1', service: ['wap支付'], alipay_logon_id: 'a@b.test' },
      contact_infos: [{ name: '王五', mobile: '13800000000' }],
    },
    'platform',
  );
  await first.stop();

  const second = await start();
  const { sandbox } = second.world;
  expect(sandbox.payerCode('chen').code).toBe(code);
  const paid = await second.call('alipay.trade.pay', {
    ...{ ...dear, out_trade_no: 'CHEAP', total_amount: '5.00' },
    auth_code: code,
  });
  expect(paid).toMatchObject({ code: '10000', buyer_pay_amount: '4.00' });
  const [prompt] = sandbox.prompts('lin');
  await sandbox.answerPrompt(prompt?.id ?? '', 'pay');
  const bizContent = { pre_order_no: merge['pre_order_no'] };
  await second.pay(second.sdk().pageExecute('alipay.trade.wap.merge.pay', 'GET', { bizContent }));
  expect(sandbox.balance('lin')).toBe(lin - 200_000n - 200n);

  second.world.clock.advance(60_000);
  const split = await second.call('alipay.trade.order.settle.query', { settle_no });
  expect(split['royalty_detail_list']).toMatchObject([{ state: 'SUCCESS', amount: '40.00' }]);
  const asked = { out_trade_no, out_request_no: 'R1' };
  const arrived = await second.call('alipay.trade.fastpay.refund.query', asked);
  expect(arrived['refund_status']).toBe('REFUND_SUCCESS');
  expect(sandbox.balance('lin')).toBe(lin - 200_000n - 200n + 1000n);
  const method = 'ant.merchant.expand.indirect.zftorder.query';
  const { orders } = await second.call(method, { order_id }, 'platform');
  expect(orders).toMatchObject([{ status: '99' }]);
  expect(second.sellers()).toHaveLength(4);

  second.world.clock.advance(30 * 86_400_000);
  const left = await second.call('alipay.trade.order.onsettle.query', { trade_no });
  expect(left['unsettled_amount']).toBe('0.00');
  await second.stop();
});
