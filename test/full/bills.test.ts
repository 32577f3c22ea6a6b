import { expect, test } from 'vitest';
import { packFile } from '../../src/sandbox/wechat-pay/bills/files.ts';
import { DAY } from '../../src/sandbox/wechat-pay/bills/testing.ts';
import { type TradeEntry, tradeFile } from '../../src/sandbox/wechat-pay/bills/trade-bill.ts';
import { linesOf } from '../../src/wallets/wechat-pay/bills/bills.ts';

/** A bill far larger than any test's. */
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
