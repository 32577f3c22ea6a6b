import { beforeAll, beforeEach, expect, test } from 'vitest';
import {
  addReceiver,
  escrow,
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
import { soldAndPaidOut } from '../../payouts/testing.ts';
import type { Share } from '../../profit-sharing/shares.ts';
import type { Report } from '../bill.ts';
import { closedDay, toMorning, untied } from '../testing.ts';

/** Days that are compared more than once, and things that two days have. */
let rig: MoneyRig;
let receiver: Share['receiver'];

beforeAll(async () => {
  rig = await startMoneyRig();
  receiver = await addReceiver(rig);
});
beforeEach(() => toMorning(rig));

async function close(account_id: string, date: string): Promise<Report> {
  const report = await closedDay(rig, { account_id, date });
  expect(untied(report)).toEqual([]);
  for (const side of [report.splits, report.payouts]) expect(side?.difference ?? 0).toBe(0);
  return report;
}

async function found(): Promise<string[]> {
  const rows = await rig.app.db.query<{ text: string }>(sql`
    select concat_ws(' ', kind, about, amount) as text from breaks where state = 'open' order by 1`);
  return rows.map(({ text }) => text);
}

const today = (): BusinessDate => businessDate(rig.clock.now());

test('a refund and the shares it took back are two breaks under one number', async () => {
  const account = rig.accounts.alipay;
  const payment = await paid(rig, 'alipay', { terms: escrow(10, [share(receiver, 1_000n)]) });
  await rig.clock.advance(2 * MINUTE_MS);
  await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
  await holdIn(rig, payment, 'released');
  await refunded(rig, await rig.reload(payment), 2_000n);
  const date = today();
  // By us on the day after.
  await rig.app.db.query(sql`
    update refunds set succeeded_at = succeeded_at + interval '1 day' where payment_id = ${payment.id}`);
  await rig.app.db.query(sql`
    update split_orders set finished_at = finished_at + interval '1 day'
    where payment_id = ${payment.id} and kind = 'return'`);
  await toMorning(rig);
  await paid(rig, 'alipay', { terms: escrow(10, []) });
  await toMorning(rig);
  await close(account, dayAfter(date));
  expect(await found()).toEqual(['missing_there refund 2000', 'missing_there split -200']);
  await close(account, date);
  expect(await found()).toEqual([]);
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});

test('a day that is compared without its bill of money keeps what that bill had shown', async () => {
  const payout = await soldAndPaidOut(rig, { wallet: 'wechat_pay', custody: 'hub_held' });
  const account = payout.wallet_account_id;
  const date = today();
  await paid(rig, 'wechat_pay', { terms: escrow(10, []) });
  for (const { id } of rig.sandboxes.wechat_pay.receivable('lin-xia')) {
    await rig.sandboxes.wechat_pay.answerTransfer(id, 'accept');
  }
  await rig.until(
    async () =>
      rig.app.db.query<{ state: string }>(sql`
        select state from payouts where id = ${payout.id}`),
    ([row]) => row?.state === 'succeeded',
  );
  await rig.app.db.query(sql`
    update payouts set payout_reference = 'Z' || payout_reference where id = ${payout.id}`);
  await toMorning(rig);
  const balance = () =>
    rig.app.db.query(sql`
      select closing_balance from bills where wallet_account_id = ${account} and date = ${date}`);
  await close(account, date);
  const shown = ['missing_here payout -5000', 'missing_there payout 5000'];
  expect(await found()).toEqual(shown);
  const left = await balance();
  expect(left).toEqual([{ closing_balance: expect.any(BigInt) }]);
  rig.faults.wechat_pay.set([{ fault: 'rate_limited', operation: 'bill.funds', probability: 1 }]);
  expect(await close(account, date)).toMatchObject({ payouts: null, funds: null });
  expect(await found()).toEqual(shown);
  expect(await balance()).toEqual(left);
  rig.faults.wechat_pay.set([]);
  await rig.app.db.query(sql`
    update payouts set payout_reference = substr(payout_reference, 2) where id = ${payout.id}`);
  await close(account, date);
  expect(await found()).toEqual([]);
});

test('a payout that the bills of two days have is listed twice', async () => {
  const alipay = { wallet: 'alipay', role: 'certificate', custody: 'hub_held' } as const;
  const payout = await soldAndPaidOut(rig, alipay);
  const date = today();
  await rig.app.db.query(sql`
    update payouts set billed_on = ${dayAfter(date, -3)}::date where id = ${payout.id}`);
  await toMorning(rig);
  const twice = await close(payout.wallet_account_id, date);
  expect(twice.payouts).toMatchObject({ bill: { count: 1 }, books: { count: 0 } });
  expect(await found()).toEqual(['duplicate payout -5000']);
  await rig.app.db.query(sql`update payouts set billed_on = null where id = ${payout.id}`);
  await close(payout.wallet_account_id, date);
  expect(await found()).toEqual([]);
});

test.each(['wechat_pay', 'alipay'] as const)(
  'a share at %s that the bills of two days have is listed twice',
  async (wallet) => {
    const account = rig.accounts[wallet];
    const shared = async (): Promise<string> => {
      const payment = await paid(rig, wallet, { terms: escrow(10, [share(receiver, 1_000n)]) });
      await rig.clock.advance(2 * MINUTE_MS);
      await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
      await holdIn(rig, payment, 'released');
      return payment.id;
    };
    await shared();
    const before = today();
    await toMorning(rig);
    expect((await close(account, before)).splits).toMatchObject({ books: { count: 1 } });
    const payment_id = await shared();
    const told = rig.clock.now();
    const date = today();
    const move = (days: number) =>
      rig.app.db.query(sql`
        update split_orders set finished_at = finished_at + ${days} * interval '1 day'
        where payment_id = ${payment_id}`);
    const compared = (minutes: number) =>
      rig.app.db.query(sql`
        update bills set closed_at = ${new Date(told.getTime() + minutes * MINUTE_MS)}
        where wallet_account_id = ${account} and date = ${before}`);
    await toMorning(rig);
    // By us on the day before, and told of while its bill was compared: it may have lacked it.
    await move(-1);
    await compared(1);
    const late = await close(account, date);
    expect(late.splits).toMatchObject({ bill: { count: 1 }, books: { count: 0 } });
    expect(await found()).toEqual([]);
    await move(1);
    await close(account, date);
    await rig.app.db.query(sql`delete from breaks where wallet_account_id = ${account}`);
    // As if that bill had been compared well after, and had lacked nothing.
    await move(-1);
    await compared(60);
    const twice = await close(account, date);
    expect(twice.splits).toMatchObject({ bill: { count: 1 }, books: { count: 0 } });
    expect(await found()).toEqual(['duplicate split -1000']);
    await move(1);
    await close(account, date);
    expect(await found()).toEqual([]);
  },
);
