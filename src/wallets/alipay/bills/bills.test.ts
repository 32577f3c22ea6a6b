import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DAY, type Happened, mixedDay, NEXT_DAY } from '../../../sandbox/alipay/bills/testing.ts';
import type { Bill, BillOutcome, FundLine, PaymentLine } from '../../products/bills.ts';
import { allowedLink } from './download.ts';
import { type BillBench, openBillBench } from './testing.ts';

/** Fetching bills over the wire: what happened is what they say, and no bill is no empty bill. */
let bench: BillBench;
let happened: Happened[];
const READY = `${NEXT_DAY} 10:00:01`;
const asked_at = new Date(`${NEXT_DAY}T10:00:01+08:00`);
const COUNT = 150;

beforeAll(async () => {
  bench = await openBillBench();
  happened = await mixedDay(bench.desk, { count: COUNT, seed: 11 });
});
afterAll(() => bench.stop());
beforeEach(() => {
  bench.desk.world.faults.set([]);
  bench.desk.at(READY);
});

const byReference = (a: { reference: string }, b: { reference: string }) =>
  a.reference < b.reference ? -1 : 1;

function billOf(outcome: BillOutcome): Bill {
  if (outcome.kind !== 'bill') throw new Error(`${outcome.kind}: ${JSON.stringify(outcome)}`);
  return outcome.bill;
}

async function payments(bill: Bill): Promise<PaymentLine[]> {
  const lines: PaymentLine[] = [];
  for await (const line of bill.lines()) {
    if (line.kind === 'payment' || line.kind === 'refund') lines.push(line);
  }
  return lines;
}

async function funds(bill: Bill): Promise<FundLine[]> {
  const lines: FundLine[] = [];
  for await (const line of bill.lines()) if (line.kind === 'fund') lines.push(line);
  return lines;
}

function said(lines: readonly PaymentLine[]): Happened[] {
  const found = lines.map(({ kind, amount, wallet_reference, refund_reference }) => ({
    kind,
    amount,
    reference: refund_reference ?? wallet_reference,
  }));
  return found.sort(byReference);
}

const fetchBill = (kind: 'payments' | 'funds', more = {}) =>
  bench.bills.fetch(bench.accountOf('key'), { kind, date: DAY, asked_at, ...more });

describe('the bill of payments', () => {
  test('has every payment and refund of the day, to the fen, and nothing else', async () => {
    const bill = billOf(await fetchBill('payments'));
    const lines = await payments(bill);
    expect(said(lines)).toEqual(happened.toSorted(byReference));
    const sum = (kind: string) =>
      happened.filter((each) => each.kind === kind).reduce((all, { amount }) => all + amount, 0n);
    expect(bill.summary()).toEqual({
      payments: { count: COUNT, amount: sum('payment') },
      refunds: { count: happened.length - COUNT, amount: sum('refund') },
      fees: lines.reduce((all, { fee }) => all + fee, 0n),
    });
    expect(sum('payment') - sum('refund')).toBe(bench.desk.balance());
  });

  test('comes over OpenAPI v3 as well', async () => {
    const account = bench.accountOf('key', { protocol: 'v3' });
    const outcome = await bench.bills.fetch(account, { kind: 'payments', date: DAY, asked_at });
    expect(said(await payments(billOf(outcome)))).toEqual(happened.toSorted(byReference));
  });
});

test('the bill of money agrees with the payments and their fees, and ends at the balance', async () => {
  const entries = await funds(billOf(await fetchBill('funds')));
  const lines = await payments(billOf(await fetchBill('payments')));
  const net = lines.reduce(
    (all, { kind, amount, fee }) => all + (kind === 'payment' ? amount : -amount) - fee,
    0n,
  );
  // The newest comes first.
  expect(entries[0]?.balance).toBe(net);
  let balance = 0n;
  for (const entry of entries.toReversed()) {
    balance += entry.direction === 'in' ? entry.amount : -entry.amount;
    expect(entry.balance).toBe(balance);
  }
  expect(new Set(entries.map(({ entry_id }) => entry_id)).size).toBe(entries.length);
});

describe('no bill', () => {
  test('is not ready while the day is not over', async () => {
    bench.desk.at(`${DAY} 23:00:00`);
    const early = { asked_at: new Date(`${DAY}T23:00:00+08:00`) };
    expect((await fetchBill('payments', early)).kind).toBe('not_ready');
  });

  test('of a day on which money moved is late, not empty: the account’s log tells', async () => {
    bench.desk.world.faults.set([{ fault: 'bill_late', probability: 1, remaining: 1 }]);
    const late = await fetchBill('payments');
    expect(late.kind).toBe('not_ready');
    expect(late.trace.operation).toBe('alipay.data.bill.accountlog.query');
    expect((await fetchBill('payments')).kind).toBe('bill');
  });

  test('of a day without a movement is empty', async () => {
    expect((await fetchBill('payments', { date: '2031-03-04' })).kind).toBe('empty');
    expect((await fetchBill('funds', { date: '2031-03-04' })).kind).toBe('empty');
  });

  test.each([
    { kind: 'splits' },
    { purse: 'operation' },
    { date: '2031-03' },
    { date: 'yesterday' },
  ])('for %o', async (wrong) => {
    expect(await fetchBill('payments', wrong)).toMatchObject({
      kind: 'refused',
      code: 'invalid_request',
    });
  });

  test('of somebody else’s seller', async () => {
    expect(await fetchBill('payments', { sub_merchant: '2088000000000000' })).toMatchObject({
      kind: 'refused',
      code: 'not_permitted',
    });
  });
});

describe('a link', () => {
  const gateway = 'https://openapi.alipay.com/gateway.do';

  test.each([
    ['http://dwbillcenter.alipay.com/downloadBillFile.resource?fileId=1', true],
    ['https://dwbillcenter.alipay.com/downloadBillFile.resource', true],
    ['https://alipay.com.evil.example/x', false],
    ['https://evilalipay.com/x', false],
    ['http://169.254.169.254/latest', false],
    ['http://127.0.0.1:80/x', false],
    ['file:///etc/passwd', false],
    ['https://user@dwbillcenter.alipay.com/', false],
    ['no link', false],
  ])('to %s is followed: %s', (link, allowed) => {
    const found = allowedLink(link, gateway);
    expect(found !== undefined).toBe(allowed);
    if (allowed) expect(found?.startsWith('https://dwbillcenter.alipay.com/')).toBe(true);
  });

  test('of a sandbox leads to that sandbox alone', () => {
    const sandbox = 'http://127.0.0.1:4100/gateway.do';
    expect(allowedLink('http://127.0.0.1:4100/f?a=1', sandbox)).toBe('http://127.0.0.1:4100/f?a=1');
    expect(allowedLink('http://127.0.0.1:4101/f', sandbox)).toBeUndefined();
    expect(allowedLink('https://dwbillcenter.alipay.com/f', sandbox)).toBeUndefined();
  });

  test('is not shown in the trace', async () => {
    const outcome = await fetchBill('payments');
    expect(outcome.trace.operation).toBe('GET bill_download_url');
    expect(JSON.stringify(outcome.trace)).not.toContain('fileId');
  });
});

test('a wrong bill is read like a true one: only comparing tells', async () => {
  bench.desk.world.faults.set([{ fault: 'bill_wrong', probability: 1 }]);
  const truth = happened.toSorted(byReference);
  for (let i = 0; i < 5; i += 1) {
    expect(said(await payments(billOf(await fetchBill('payments'))))).not.toEqual(truth);
  }
});
