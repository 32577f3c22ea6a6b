import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  addReceiver,
  escrow,
  type Holder,
  holdIn,
  holdOf,
  MINUTE_MS,
  paid,
  refunded,
  share,
} from '../../../test/market/market-rig.ts';
import { type MoneyRig, startMoneyRig } from '../../../test/support/money-rig.ts';
import { brokenLaws } from '../../check/run.ts';
import { type BusinessDate, businessDate, dayAfter } from '../../clock.ts';
import { sql } from '../../db/pool.ts';
import { releaseHold } from '../../escrow/release.ts';
import { LAWS } from '../../laws/every.ts';
import type { Payment } from '../../payments/payment.ts';
import type { Payout } from '../../payouts/payout.ts';
import { nextDay, type SellerOptions, soldAndPaidOut } from '../../payouts/testing.ts';
import type { Share } from '../../profit-sharing/shares.ts';
import type { Bill, Bills } from '../../wallets/products/bills.ts';
import type { Report } from '../bill.ts';
import { scheduleBills } from '../jobs.ts';
import { closedDay, toMorning, untied } from '../testing.ts';
import { atDesk } from './desk.ts';
import { keepNumbers, readFunds } from './funds.ts';

/** Shares and payouts against the bills that tell of them, at the sandboxes of two wallets. */
let rig: MoneyRig;
let receiver: Share['receiver'];
let date: BusinessDate;

beforeAll(async () => {
  rig = await startMoneyRig();
  receiver = await addReceiver(rig);
});
beforeEach(async () => {
  await toMorning(rig);
  date = businessDate(rig.clock.now());
});

async function close(account_id: string): Promise<Report> {
  const report = await closedDay(rig, { account_id, date });
  expect(untied(report)).toEqual([]);
  for (const side of [report.splits, report.payouts]) expect(side?.difference ?? 0).toBe(0);
  return report;
}

/** Shared once, and given back in part by a refund. */
async function shared(wallet: Holder): Promise<Payment> {
  const payment = await paid(rig, wallet, { terms: escrow(10, [share(receiver, 1_000n)]) });
  await rig.clock.advance(2 * MINUTE_MS);
  const hold = await holdOf(rig, payment);
  await releaseHold(rig.app, { hold, why: 'receipt' });
  await holdIn(rig, payment, 'released');
  await refunded(rig, await rig.reload(payment), 2_000n);
  return payment;
}

async function found(): Promise<string[]> {
  const rows = await rig.app.db.query<{ text: string }>(sql`
    select concat_ws(' ', kind, about, amount) as text from breaks where state = 'open' order by 1`);
  return rows.map(({ text }) => text);
}

describe('shares', () => {
  const right = { bill: { count: 2, amount: 800 }, books: { count: 2, amount: 800 } };

  test.each(['wechat_pay', 'alipay'] as const)('are those of the bill of %s', async (wallet) => {
    await shared(wallet);
    await toMorning(rig);
    const report = await close(rig.accounts[wallet]);
    expect(report).toMatchObject({ splits: right, breaks: [], not_compared: [] });
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  });

  test('that differ are breaks until they do not any more', async () => {
    const payment = await shared('wechat_pay');
    const account = rig.accounts.wechat_pay;
    const change = (what: string) =>
      rig.app.db.pool.query(
        `update split_orders set ${what} where payment_id = $1 and kind = 'split'`,
        [payment.id],
      );
    await toMorning(rig);
    await change(`split_reference = 'Z' || split_reference`);
    const lost = await close(account);
    expect(lost.splits).toMatchObject({ ...right, breaks: { count: 2, amount: 0 } });
    expect(await found()).toEqual(['missing_here split -1000', 'missing_there split 1000']);
    await change(`split_reference = substr(split_reference, 2),
      parts = jsonb_set(parts, '{0,amount}', '"1007"')`);
    await close(account);
    expect(await found()).toEqual(['amount split 7', 'ledger split -7']);
    await change(`state = 'refused', parts = jsonb_set(parts, '{0,state}', '"refused"')`);
    await close(account);
    expect(await found()).toEqual(['state split -1000']);
    await change(`state = 'finished', parts = jsonb_set(
      jsonb_set(parts, '{0,amount}', '"1000"'), '{0,state}', '"succeeded"')`);
    // By itself, since it may have been done here after the bill came.
    await rig.clock.advance(13 * 60 * MINUTE_MS);
    await scheduleBills.run(rig.app);
    expect(await rig.until(found, (open) => open.length === 0)).toEqual([]);
    expect(await close(account)).toMatchObject({ splits: right, breaks: [] });
  });

  test('that two days name are even, whichever day is compared last', async () => {
    const payment = await shared('wechat_pay');
    const account = rig.accounts.wechat_pay;
    const [split] = await rig.app.db.query<{ on: string }>(sql`
      select (finished_at at time zone 'Asia/Shanghai')::date::text as on from split_orders
      where payment_id = ${payment.id} and kind = 'split'`);
    expect(split?.on).toBe(date);
    await toMorning(rig);
    await rig.app.db.pool.query(
      `update split_orders set finished_at = finished_at + interval '1 day'
      where payment_id = $1 and kind = 'split'`,
      [payment.id],
    );
    await toMorning(rig);
    date = dayAfter(date);
    await close(account);
    expect(await found()).toEqual(['missing_there split 1000']);
    date = dayAfter(date, -1);
    await close(account);
    expect(await found()).toEqual([]);
  });
});

async function stateOf({ id }: Payout): Promise<string | undefined> {
  const [row] = await rig.app.db.query<{ state: string }>(sql`
    select state from payouts where id = ${id}`);
  return row?.state;
}

async function paidOut(options: SellerOptions): Promise<Payout> {
  const payout = await soldAndPaidOut(rig, options);
  date = businessDate(rig.clock.now());
  return payout;
}

describe('payouts', () => {
  test('are the movements of the account that they left', async () => {
    const payout = await paidOut({ wallet: 'alipay', role: 'certificate', custody: 'hub_held' });
    const account = payout.wallet_account_id;
    const change = (what: string) =>
      rig.app.db.pool.query(`update payouts set ${what} where id = $1`, [payout.id]);
    await toMorning(rig);
    const right = { bill: { count: 1, amount: 5_000 }, books: { count: 1, amount: 5_000 } };
    for (let run = 0; run < 2; run += 1) {
      expect(await close(account)).toMatchObject({ payouts: right, breaks: [], sellers: null });
    }
    await change(`payout_reference = 'Z' || payout_reference`);
    expect((await close(account)).payouts).toMatchObject({ breaks: { amount: 0 } });
    expect(await found()).toEqual(['missing_here payout -5000', 'missing_there payout 5000']);
    await change(`payout_reference = substr(payout_reference, 2), state = 'refused'`);
    await close(account);
    expect(await found()).toEqual(['state payout -5000']);
    await change(`given_back_on = billed_on + 1`);
    await close(account);
    expect(await found()).toEqual([]);
    await change(`given_back_on = null, state = 'succeeded'`);
    expect(await close(account)).toMatchObject({ payouts: right, breaks: [] });
    expect(await found()).toEqual([]);
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  });

  test('of sellers’ own money are in the bill of that money, and each account follows', async () => {
    const custody = 'wallet_held' as const;
    const payout = await paidOut({ wallet: 'wechat_pay', role: 'platform', custody });
    const account = payout.wallet_account_id;
    await toMorning(rig);
    const report = await close(account);
    expect(report).toMatchObject({
      payouts: { bill: { count: 1, amount: 5_000 }, books: { count: 1, amount: 5_000 } },
      breaks: [],
    });
    expect(report.sellers).toMatchObject([
      {
        seller: payout.sub_merchant,
        opening: 8_946,
        closing: 3_946,
        out: { count: 1, amount: 5_000 },
      },
    ]);
    // It arrives on a later day, which has no line of it: that is no break.
    await rig.until(
      () => stateOf(payout),
      (state) => state === 'succeeded',
    );
    date = businessDate(rig.clock.now());
    await toMorning(rig);
    expect(await close(account)).toMatchObject({ breaks: [] });
    expect(await found()).toEqual([]);
  });

  test('leave from the account that transfers leave from, with nothing left out', async () => {
    const payout = await paidOut({ wallet: 'wechat_pay', custody: 'hub_held' });
    const account = payout.wallet_account_id;
    for (const { id } of rig.sandboxes.wechat_pay.receivable('lin-xia')) {
      await rig.sandboxes.wechat_pay.answerTransfer(id, 'accept');
    }
    await rig.until(
      () => stateOf(payout),
      (state) => state === 'succeeded',
    );
    await toMorning(rig);
    rig.faults.wechat_pay.set([{ fault: 'rate_limited', operation: 'bill.funds', probability: 1 }]);
    // Refused for the moment: asked for again, as one that is not made yet.
    expect(await close(account)).toMatchObject({
      payouts: null,
      not_compared: [{ passing: true }, { passing: true }],
    });
    rig.faults.wechat_pay.set([]);
    const report = await close(account);
    expect(report.payouts).toMatchObject({
      bill: { count: 1, amount: 5_000 },
      books: { count: 1 },
    });
    expect(report.not_compared).toEqual([]);
    expect(await found()).toEqual([]);
  });

  test('that arrive the day after are right whichever bill comes first', async () => {
    const payout = await paidOut({ wallet: 'wechat_pay', custody: 'hub_held' });
    const account = payout.wallet_account_id;
    const left_on = date;
    await rig.clock.advance(14 * 60 * MINUTE_MS);
    const { wechat_pay } = rig.sandboxes;
    for (const { id } of wechat_pay.receivable('lin-xia')) {
      await wechat_pay.answerTransfer(id, 'accept');
    }
    await rig.until(
      () => stateOf(payout),
      (state) => state === 'succeeded',
    );
    date = businessDate(rig.clock.now());
    expect(date).toBe(dayAfter(left_on));
    await toMorning(rig);
    await close(account);
    expect(await found()).toEqual(['missing_there payout 5000']);
    date = left_on;
    expect(await close(account)).toMatchObject({ payouts: { bill: { count: 1 } }, breaks: [] });
    expect(await found()).toEqual([]);
  });

  test('that nobody accepts come back on a later day, and both days are right', async () => {
    const payout = await paidOut({ wallet: 'wechat_pay', custody: 'hub_held' });
    const account = payout.wallet_account_id;
    expect(payout.state).toBe('needs_payee');
    await nextDay(rig);
    await rig.until(
      () => stateOf(payout),
      (state) => state === 'refused',
    );
    await toMorning(rig);
    const left = { bill: { count: 1, amount: 5_000 }, books: { count: 1, amount: 5_000 } };
    expect(await close(account)).toMatchObject({ payouts: left, breaks: [] });
    date = dayAfter(date);
    const back = { bill: { count: 1, amount: -5_000 }, books: { count: 1, amount: -5_000 } };
    expect(await close(account)).toMatchObject({ payouts: back, breaks: [] });
    const [row] = await rig.app.db.query<{ on: string }>(sql`
      select given_back_on::text as on from payouts where id = ${payout.id}`);
    expect(row?.on).toBe(date);
    expect(await found()).toEqual([]);
  });
});

test('money that comes back and leaves again fits both ways, and the wallet’s order decides', async () => {
  const line = {
    kind: 'fund',
    line: 1,
    amount: 1_088n,
    entry_id: '1',
    type: '转账',
    note: '',
  } as const;
  const at = new Date();
  const bill: Bill = {
    kind: 'funds',
    date,
    summary: () => undefined,
    async *lines() {
      yield { ...line, at, direction: 'out', balance: 5_000n };
      yield { ...line, at, direction: 'in', balance: 6_088n };
    },
    dispose: () => Promise.resolve(),
  };
  const about = { account_id: rig.accounts.alipay, date, day_shift_ms: 0 };
  const atDeskOnce = (order?: Bills['funds_order']) =>
    atDesk(rig.app, { ...about, refunds_by: 'completed' }, async (desk) => {
      await keepNumbers(desk);
      const funds = await readFunds(desk, bill, () => Promise.resolve(), order);
      return funds.get('');
    });
  // The hub may be at another day of the account by itself.
  const read = (order?: Bills['funds_order']) =>
    rig.until(
      () => atDeskOnce(order),
      (funds) => funds !== undefined,
    );
  expect(await read()).toMatchObject({ opening: 6_088n, closing: 6_088n, follows: true });
  const newest = await read('newest_first');
  expect(newest).toMatchObject({ opening: 5_000n, closing: 5_000n, follows: true });
});
