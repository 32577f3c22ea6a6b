import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DAY, NEXT_DAY } from '../../../sandbox/wechat-pay/bills/testing.ts';
import { merchantOf } from '../../../sandbox/wechat-pay/testing.ts';
import type { FundLine, PaymentLine } from '../../products/bills.ts';
import {
  type BillBench,
  billOf,
  type Happened,
  linesOf,
  mixedDay,
  openBillBench,
} from './testing.ts';

/** Fetching bills over the wire: what happened is what they say, and what is wrong is refused. */
let bench: BillBench;
let happened: Happened[];
let sellers: Happened[];
let first = '';
const READY = `${NEXT_DAY} 10:00:01`;
const asked_at = new Date(`${NEXT_DAY}T10:00:01+08:00`);
const COUNT = 250;

beforeAll(async () => {
  bench = await openBillBench();
  [first = ''] = merchantOf(bench.world.running, 'platform').sub_merchants;
  const { world } = bench;
  happened = await mixedDay(world, { count: COUNT, seed: 5 });
  sellers = await mixedDay(world, { count: 12, seed: 6, account: 'platform', sub_mchid: first });
});
afterAll(() => bench.stop());
beforeEach(() => {
  bench.world.running.faults.set([]);
  bench.world.at(READY);
});

const byReference = (a: { reference: string }, b: { reference: string }) =>
  a.reference < b.reference ? -1 : 1;

function said(lines: readonly PaymentLine[]): Happened[] {
  const found = lines.map(({ kind, amount, wallet_reference, refund_reference }) => ({
    kind,
    amount,
    reference: refund_reference ?? wallet_reference,
  }));
  return found.sort(byReference);
}

const fetchBill = (kind: 'payments' | 'funds' | 'seller_funds', role = 'direct', more = {}) =>
  bench.bills.fetch(bench.accountOf(role), { kind, date: DAY, asked_at, ...more });

describe('the bill of payments', () => {
  test('has every payment and refund of the day, to the fen, and nothing else', async () => {
    const bill = billOf(await fetchBill('payments'));
    expect(bill.summary()).toBeUndefined();
    const lines = (await linesOf(bill)) as PaymentLine[];
    expect(said(lines)).toEqual(happened.toSorted(byReference));
    const sum = (kind: string) =>
      happened.filter((each) => each.kind === kind).reduce((all, { amount }) => all + amount, 0n);
    expect(bill.summary()).toEqual({
      payments: { count: COUNT, amount: sum('payment') },
      refunds: { count: happened.length - COUNT, amount: sum('refund') },
      fees: lines.reduce((all, { fee }) => all + fee, 0n),
    });
    const owed = bench.world.running.sandbox.merchantBalances();
    const { mchid } = merchantOf(bench.world.running);
    expect(sum('payment') - sum('refund')).toBe(owed.get(mchid));
  });

  test('is read once, and not after it was disposed of', async () => {
    const bill = billOf(await fetchBill('payments'));
    await linesOf(bill);
    expect(() => bill.lines()).toThrow('read once');
    const other = billOf(await fetchBill('payments'));
    await other.dispose();
    expect(() => other.lines()).toThrow('read once');
  });

  test('of a platform names the sellers, all or one', async () => {
    const all = (await linesOf(billOf(await fetchBill('payments', 'platform')))) as PaymentLine[];
    expect(said(all)).toEqual(sellers.toSorted(byReference));
    expect(all.every((line) => line.sub_merchant === first)).toBe(true);
    const [, second] = merchantOf(bench.world.running, 'platform').sub_merchants;
    expect(await fetchBill('payments', 'platform', { sub_merchant: second })).toMatchObject({
      kind: 'empty',
    });
  });
});

describe('the bill of money', () => {
  test('agrees with the payments and their fees, and with the balance at the end', async () => {
    const lines = (await linesOf(billOf(await fetchBill('funds')))) as FundLine[];
    const payments = (await linesOf(billOf(await fetchBill('payments')))) as PaymentLine[];
    const net = payments.reduce(
      (all, { kind, amount, fee }) => all + (kind === 'payment' ? amount : -amount) - fee,
      0n,
    );
    expect(lines.at(-1)?.balance).toBe(net);
    let balance = 0n;
    for (const line of lines) {
      balance += line.direction === 'in' ? line.amount : -line.amount;
      expect(line.balance).toBe(balance);
    }
    expect(new Set(lines.map(({ entry_id }) => entry_id)).size).toBe(lines.length);
  });

  test('of sellers is decrypted for the platform alone', async () => {
    const all = (await linesOf(billOf(await fetchBill('seller_funds', 'platform')))) as FundLine[];
    const one = billOf(await fetchBill('funds', 'platform', { sub_merchant: first }));
    const some = (await linesOf(one)) as FundLine[];
    expect(all.every(({ sub_merchant }) => sub_merchant === first)).toBe(true);
    expect(some.map(({ entry_id }) => entry_id)).toEqual(all.map(({ entry_id }) => entry_id));
    expect(one.summary()).toMatchObject({ in: { count: 12 } });
    expect(await fetchBill('seller_funds')).toMatchObject({
      kind: 'refused',
      code: 'not_permitted',
    });
  });
});

describe('no bill', () => {
  test('is not ready before ten, empty after it, by the asker’s clock', async () => {
    const { bills, world, accountOf } = bench;
    const account = accountOf('direct');
    world.at(`${NEXT_DAY} 09:00:00`);
    expect((await fetchBill('payments')).kind).toBe('not_ready');
    world.at(`${DAY} 23:00:00`);
    const early = { asked_at: new Date(`${DAY}T23:00:00+08:00`) };
    expect((await fetchBill('payments', 'direct', early)).kind).toBe('not_ready');
    world.at(READY);
    const empty = { kind: 'payments', date: '2031-03-04' } as const;
    expect((await bills.fetch(account, { ...empty, asked_at })).kind).toBe('empty');
    expect((await bills.fetch(account, { kind: 'splits', date: DAY, asked_at })).kind).toBe(
      'empty',
    );
  });

  test('late is not ready, and comes with the next try', async () => {
    bench.world.running.faults.set([{ fault: 'bill_late', probability: 1, remaining: 1 }]);
    expect(await fetchBill('payments')).toMatchObject({
      kind: 'not_ready',
      trace: { operation: 'GET /v3/bill/tradebill', wallet_code: 'STATEMENT_CREATING' },
    });
    expect((await fetchBill('payments')).kind).toBe('bill');
  });

  test('behind a link that has run out is none that the wallet refuses', async () => {
    const { faults } = bench.world.running;
    const slow = { fault: 'answer_slow', operation: 'bill.trade', delay_ms: 300 } as const;
    faults.set([{ ...slow, probability: 1, remaining: 1 }]);
    const fetching = fetchBill('payments');
    await expect.poll(() => faults.settings[0]?.remaining).toBe(0);
    bench.world.at(`${NEXT_DAY} 10:20:00`);
    expect(await fetching).toMatchObject({
      kind: 'unknown',
      cause: expect.stringContaining('invalid_request INVALID_REQUEST'),
      trace: { operation: 'GET /v3/billdownload/file' },
    });
    expect((await fetchBill('payments')).kind).toBe('bill');
  });

  test('for no date', async () => {
    const { bills, accountOf } = bench;
    const bill = { kind: 'payments', date: '20310305' } as const;
    expect(await bills.fetch(accountOf('direct'), bill)).toMatchObject({
      kind: 'refused',
      code: 'invalid_request',
    });
  });
});

test('a wrong bill is read like a true one: only comparing tells', async () => {
  bench.world.running.faults.set([{ fault: 'bill_wrong', probability: 1 }]);
  let wrong = 0;
  for (let i = 0; i < 6; i += 1) {
    const lines = (await linesOf(billOf(await fetchBill('payments')))) as PaymentLine[];
    if (JSON.stringify(said(lines), text) !== JSON.stringify(happened.toSorted(byReference), text))
      wrong += 1;
  }
  expect(wrong).toBe(6);
});

function text(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

test('the trace of a download does not open the file', async () => {
  const outcome = await fetchBill('payments');
  expect(outcome.trace.operation).toBe('GET /v3/billdownload/file');
  expect(JSON.stringify(outcome.trace)).not.toMatch(/token=\w{10}/);
});
