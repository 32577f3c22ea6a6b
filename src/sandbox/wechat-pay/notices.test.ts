import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SandboxStore } from '../store.ts';
import {
  callApi,
  merchantOf,
  nativeOrder,
  openShop,
  orderBody,
  pay,
  type RunningSandbox,
  runSandbox,
} from './testing.ts';

/** Notifications and their retries, and what survives a restart. */
let running: RunningSandbox;
const target = '/v3/pay/transactions/native';

beforeAll(async () => {
  running = await runSandbox();
});
afterAll(() => running.stop());

describe('notifications', () => {
  test('are sent again until the shop says 200 or 204, under one id, signed afresh', async () => {
    const own = await openShop();
    own.statuses.push(500, 302, 400, 204);
    const { code } = await nativeOrder(running, { notify_url: own.notify_url });
    await pay(running, code);
    await own.notice(4);
    await expect.poll(() => running.sandbox.pendingNotifications()).toBe(0);
    expect(own.received).toHaveLength(4);
    const ids = own.received.map(({ body }) => JSON.parse(body.toString('utf8')).id as string);
    expect(new Set(ids).size).toBe(1);
    expect(new Set(own.received.map(({ headers }) => headers['wechatpay-signature'])).size).toBe(4);
    await own.stop();
  });

  test('are lost and doubled by the dial', async () => {
    const own = await openShop();
    running.faults.set([{ fault: 'notification_lost', probability: 1, remaining: 1 }]);
    await pay(running, (await nativeOrder(running, { notify_url: own.notify_url })).code);
    running.faults.set([{ fault: 'notification_duplicated', probability: 1, copies: 2 }]);
    await pay(running, (await nativeOrder(running, { notify_url: own.notify_url })).code);
    await own.notice(3);
    running.faults.set([]);
    const ids = own.received.map(({ body }) => JSON.parse(body.toString('utf8')).id as string);
    expect(new Set(ids).size).toBe(1);
    await own.stop();
  });
});

describe('durability', () => {
  test('keys and books survive a restart', async () => {
    const records = new Map<string, { kind: string; key: string; body: string | null }>();
    const journal = {
      load: async () => [...records.values()],
      write: async (list: readonly { kind: string; key: string; body: string | null }[]) => {
        for (const record of list) records.set(`${record.kind}/${record.key}`, record);
      },
    };
    const first = await runSandbox({
      store: await SandboxStore.open(journal),
      refund_delay_ms: 50,
    });
    const { code, out_trade_no } = await nativeOrder(first);
    await pay(first, code);
    const amount = { refund: 34, total: 1234, currency: 'CNY' };
    const body = { out_trade_no, out_refund_no: 'R1', amount };
    await callApi(first, { method: 'POST', target: '/v3/refund/domestic/refunds', body });
    await first.sandbox.stop();
    const second = await runSandbox({
      store: await SandboxStore.open(journal),
      keys_dir: first.keys_dir,
    });
    expect(merchantOf(second)).toEqual(merchantOf(first));
    expect(second.sandbox.transactions({ limit: 10 })).toHaveLength(1);
    const { mchid } = merchantOf(second);
    expect(second.sandbox.merchantBalances().get(mchid)).toBe(1200n);
    await expect.poll(() => second.sandbox.balance('lin')).toBe(500_000n - 1200n);
    await second.stop();
    await first.stop();
  });

  test('a fact that cannot be written is answered by an unsigned 500', async () => {
    let broken = false;
    const journal = {
      load: async () => [],
      write: async () => {
        if (broken) throw new Error('disk gone');
      },
    };
    const store = await SandboxStore.open(journal, { patience_ms: 20 });
    const own = await runSandbox({ store });
    broken = true;
    const body = orderBody(own);
    const answer = await callApi(own, { method: 'POST', target, body });
    expect([answer.status, answer.content.code]).toEqual([500, 'SYSTEM_ERROR']);
    expect(answer.headers.get('wechatpay-signature')).toBeNull();
    broken = false;
    await store.committed().catch(() => {});
    await expect
      .poll(async () => (await callApi(own, { method: 'POST', target, body })).status)
      .toBe(200);
    await own.stop();
  });
});
