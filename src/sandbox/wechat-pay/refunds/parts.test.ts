import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../faults.ts';
import { type BillWorld, openBillWorld } from '../bills/testing.ts';
import { callApi, nativeOrder, pay, runSandbox } from '../testing.ts';

/** Many refunds of one order: together they give all of it, and not all at once. */
let world: BillWorld;
const REFUNDS = '/v3/refund/domestic/refunds';

beforeAll(async () => {
  world = await openBillWorld();
});
afterAll(() => world.stop());

async function giveCoupon(funded_by: string, amount: number): Promise<void> {
  const answer = await fetch(`${world.running.sandbox.url}/__sandbox/actions/coupons/give`, {
    method: 'POST',
    body: JSON.stringify({ person: 'chen', amount, funded_by }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

test.each([
  ['no', 1],
  ['wallet', 2],
  ['merchant', 3],
  ['other', 4],
])(
  'all parts of an order with %s coupon sum to the whole, to the fen (seed %i)',
  async (by, seed) => {
    const random = seededRandom(seed);
    for (let round = 0; round < 4; round += 1) {
      const total = 500 + Math.floor(random() * 50_000);
      const coupon = by === 'no' ? 0 : 1 + Math.floor(random() * 400);
      if (coupon > 0) await giveCoupon(by, coupon);
      const sale = await world.sell({ person: 'chen', total });
      const had = world.running.sandbox.balance('chen');
      const sums = { refund: 0, payer_refund: 0, settlement_refund: 0, refund_fee: 0 };
      for (let left = total, part = 0; left > 0; left -= part) {
        part = Math.min(left, 1 + Math.floor(random() * (total / 3)));
        const { amount } = await world.giveBack(sale, part);
        const said = amount as typeof sums;
        for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += said[name];
      }
      const settled = by === 'merchant' ? total - coupon : total;
      expect(sums).toEqual({
        refund: total,
        payer_refund: total - coupon,
        settlement_refund: settled,
        refund_fee: Math.round(settled * 0.006),
      });
      const back = BigInt(total - coupon);
      await expect.poll(() => world.running.sandbox.balance('chen')).toBe(had + back);
    }
  },
);

test('two refunds of one order are a minute apart, where rates are kept', async () => {
  const strict = await runSandbox({ rate_limits: true });
  const { code, out_trade_no } = await nativeOrder(strict);
  await pay(strict, code);
  const refund = (number: number, amount = 100) =>
    callApi(strict, {
      method: 'POST',
      target: REFUNDS,
      body: {
        out_trade_no,
        out_refund_no: `${out_trade_no}-${number}`,
        amount: { refund: amount, total: 1234, currency: 'CNY' },
      },
    });
  expect((await refund(1, 9_999)).content.code).toBe('INVALID_REQUEST');
  expect((await refund(2)).status).toBe(200);
  const soon = await refund(3);
  expect([soon.status, soon.content.code]).toEqual([429, 'FREQUENCY_LIMITED']);
  expect((await refund(2)).status).toBe(200);
  await strict.stop();
});
