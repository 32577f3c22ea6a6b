import { afterAll, describe, expect, test } from 'vitest';
import { mixedDay as alipayDay } from '../../src/sandbox/alipay/bills/testing.ts';
import { packFile } from '../../src/sandbox/wechat-pay/bills/files.ts';
import { DAY, NEXT_DAY } from '../../src/sandbox/wechat-pay/bills/testing.ts';
import { type TradeEntry, tradeFile } from '../../src/sandbox/wechat-pay/bills/trade-bill.ts';
import { openBillBench as openAlipay } from '../../src/wallets/alipay/bills/testing.ts';
import type { BillOutcome } from '../../src/wallets/products/bills.ts';
import { linesOf } from '../../src/wallets/wechat-pay/bills/bills.ts';
import {
  openBillBench as openWechatPay,
  mixedDay as wechatPayDay,
} from '../../src/wallets/wechat-pay/bills/testing.ts';

/** A great day in each sandbox, and bills far larger than any test's: lines, totals, memory. */
const COUNT = 10_000;
const asked_at = new Date(`${NEXT_DAY}T10:00:01+08:00`);
const stops: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const stop of stops) await stop();
});

interface Happened {
  readonly kind: string;
  readonly reference: string;
  readonly amount: bigint;
}

async function compare(outcome: BillOutcome, happened: readonly Happened[]): Promise<void> {
  if (outcome.kind !== 'bill') throw new Error(`${outcome.kind}: ${JSON.stringify(outcome.trace)}`);
  const wanted = new Map(happened.map((each) => [`${each.kind} ${each.reference}`, each.amount]));
  let fees = 0n;
  for await (const line of outcome.bill.lines()) {
    if (line.kind !== 'payment' && line.kind !== 'refund') throw new Error(line.kind);
    const key = `${line.kind} ${line.refund_reference ?? line.wallet_reference}`;
    expect([key, line.amount]).toEqual([key, wanted.get(key)]);
    wanted.delete(key);
    fees += line.fee;
  }
  expect([...wanted.keys()]).toEqual([]);
  const sum = (kind: string) => {
    const amounts = happened.filter((each) => each.kind === kind).map(({ amount }) => amount);
    return { count: amounts.length, amount: amounts.reduce((all, amount) => all + amount, 0n) };
  };
  expect(outcome.bill.summary()).toEqual({
    payments: sum('payment'),
    refunds: sum('refund'),
    fees,
  });
}

describe(`a day of ${COUNT} orders and their refunds is what its bill says`, () => {
  test('at WeChat Pay', async () => {
    const { world, bills, accountOf, stop } = await openWechatPay();
    stops.push(stop);
    const happened = await wechatPayDay(world, { count: COUNT, seed: 1 });
    world.at(`${NEXT_DAY} 10:00:01`);
    const wanted = { kind: 'payments', date: DAY, asked_at } as const;
    await compare(await bills.fetch(accountOf('direct'), wanted), happened);
  });

  test('at Alipay', async () => {
    const { desk, bills, accountOf, stop } = await openAlipay();
    stops.push(stop);
    const happened = await alipayDay(desk, { count: COUNT, seed: 2 });
    desk.at(`${NEXT_DAY} 10:00:01`);
    const wanted = { kind: 'payments', date: DAY, asked_at } as const;
    await compare(await bills.fetch(accountOf('key'), wanted), happened);
  });
});

test('a bill of 300,000 lines is written and read in little memory', async () => {
  const count = 300_000;
  function* entries(): Generator<TradeEntry> {
    for (let index = 0; index < count; index += 1) {
      const number = index.toString().padStart(10, '0');
      yield () => ({
        total: BigInt(index + 1),
        settled: BigInt(index + 1),
        cash_coupons: 0n,
        refund: 0n,
        refund_settled: 0n,
        cash_coupons_back: 0n,
        fee: 1n,
        texts: {
          交易时间: `${DAY} 12:00:00`,
          微信订单号: `4200${number}`,
          商户订单号: `T${number}`,
          交易状态: 'SUCCESS',
          商品名称: '龙井茶 250g',
        },
      });
    }
  }
  const before = process.memoryUsage().rss;
  const packed = await packFile(tradeFile('ALL', entries()));
  expect(packed.size).toBeGreaterThan(30_000_000);
  let read = 0;
  let highest = 0;
  for await (const line of linesOf('payments', [packed.gzip])) {
    read += 1;
    expect(line.amount > 0n).toBe(true);
    if (read % 10_000 === 0) highest = Math.max(highest, process.memoryUsage().rss);
  }
  expect(read).toBe(count);
  expect(highest - before).toBeLessThan(250 * 1024 * 1024);
});
