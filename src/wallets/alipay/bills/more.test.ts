import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BillDesk, DAY, NEXT_DAY } from '../../../sandbox/alipay/bills/testing.ts';
import type { BillLine, FundLine, PaymentLine } from '../../products/bills.ts';
import { type BillBench, openBillBench } from './testing.ts';

/** Bills of what coupons paid, and of sellers under a platform, read by the connector. */
let bench: BillBench;
let desk: BillDesk;
const asked_at = new Date(`${NEXT_DAY}T10:00:01+08:00`);

beforeAll(async () => {
  bench = await openBillBench();
  ({ desk } = bench);
});
afterAll(() => bench.stop());

async function linesOf(role: 'key' | 'platform', kind: 'payments' | 'funds', seller?: string) {
  desk.at(`${NEXT_DAY} 10:00:01`);
  const wanted = { kind, date: DAY, asked_at };
  const more = seller === undefined ? {} : { sub_merchant: seller };
  const got = await bench.bills.fetch(bench.accountOf(role), { ...wanted, ...more });
  if (got.kind !== 'bill') throw new Error(`${got.kind}: ${JSON.stringify(got.trace)}`);
  const lines: BillLine[] = [];
  for await (const line of got.bill.lines()) lines.push(line);
  return lines;
}

const paymentsOf = async (role: 'key' | 'platform', seller?: string): Promise<PaymentLine[]> =>
  (await linesOf(role, 'payments', seller)).flatMap((line) =>
    line.kind === 'payment' || line.kind === 'refund' ? [line] : [],
  );

test.each(['wallet', 'merchant'])('what a coupon of the %s paid is told apart', async (funder) => {
  desk.at(`${DAY} 12:00:00`);
  await desk.act('coupons/give', { person: 'chen', amount: 1_000, funder });
  const { out_trade_no } = await desk.paid({ amount: '100.00', person: 'chen' });
  const refund = { out_trade_no, refund_amount: '50.00', out_request_no: `${out_trade_no}R` };
  expect((await desk.call('alipay.trade.refund', refund))['fund_change']).toBe('Y');
  const own = (await paymentsOf('key')).filter((line) => line.wallet_reference === out_trade_no);
  expect(own.map(({ kind, amount, coupons }) => [kind, amount, coupons])).toEqual([
    ['payment', 10_000n, 1_000n],
    ['refund', 5_000n, 500n],
  ]);
});

test('a platform sees all sellers, or one; the money is in the seller’s own bill', async () => {
  const [first = '', second = ''] = desk.sellers();
  desk.at(`${DAY} 13:00:00`);
  const sold = async (merchant_id: string, amount: string) => {
    const settle = { trans_in_type: 'defaultSettle', amount };
    const more = {
      sub_merchant: { merchant_id },
      settle_info: { settle_detail_infos: [settle], settle_period_time: '7d' },
    };
    return (await desk.paid({ amount, role: 'platform', more })).out_trade_no;
  };
  const one = await sold(first, '10.00');
  const other = await sold(second, '20.00');
  const numbers = (lines: PaymentLine[]) => lines.map((line) => line.wallet_reference).sort();
  expect(numbers(await paymentsOf('platform'))).toEqual([one, other].sort());
  expect(numbers(await paymentsOf('platform', first))).toEqual([one]);
  const moved = (await linesOf('platform', 'funds', second)) as FundLine[];
  expect(moved.map(({ direction, amount }) => [direction, amount])).toEqual([
    ['out', 12n],
    ['in', 2_000n],
  ]);
  const wanted = { kind: 'payments', date: DAY, asked_at, sub_merchant: first } as const;
  expect(await bench.bills.fetch(bench.accountOf('key'), wanted)).toMatchObject({
    kind: 'refused',
    code: 'not_permitted',
  });
});
