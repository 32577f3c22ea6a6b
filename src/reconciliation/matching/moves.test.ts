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
import { type BusinessDate, businessDate } from '../../clock.ts';
import { sql } from '../../db/pool.ts';
import { releaseHold } from '../../escrow/release.ts';
import { LAWS } from '../../laws/every.ts';
import type { Payment } from '../../payments/payment.ts';
import { createPayout } from '../../payouts/create.ts';
import type { Payout } from '../../payouts/payout.ts';
import { changeTerms } from '../../payouts/terms.ts';
import { nextDay, openSeller, type SellerOptions, sale } from '../../payouts/testing.ts';
import type { Share } from '../../profit-sharing/shares.ts';
import { lastFullDay, settleMerchant } from '../../settlement/settle.ts';
import type { Report } from '../bill.ts';
import { closedDay, toMorning, untied } from '../testing.ts';

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

const change = (text: string, ...values: unknown[]) => rig.app.db.pool.query(text, values);

describe.each(['wechat_pay', 'alipay'] as const)('shares at %s', (wallet) => {
  test('are those of its bill, and a difference is a break until it is gone', async () => {
    const payment = await shared(wallet);
    const account = rig.accounts[wallet];
    await toMorning(rig);
    const right = { bill: { count: 2, amount: 800 }, books: { count: 2, amount: 800 } };
    expect(await close(account)).toMatchObject({ splits: right, breaks: [] });
    const ours = "payment_id = $1 and kind = 'split'";
    await change(
      `update split_orders set split_reference = 'Z' || split_reference where ${ours}`,
      payment.id,
    );
    const lost = await close(account);
    expect(lost.splits).toMatchObject({ ...right, breaks: { count: 2, amount: 0 } });
    expect(await found()).toEqual(['missing_here split -1000', 'missing_there split 1000']);
    await change(
      `update split_orders set split_reference = substr(split_reference, 2),
      parts = jsonb_set(parts, '{0,amount}', '"1007"') where ${ours}`,
      payment.id,
    );
    await close(account);
    expect(await found()).toEqual(['amount split 7', 'ledger split -7']);
    await change(
      `update split_orders set state = 'refused',
      parts = jsonb_set(parts, '{0,state}', '"refused"') where ${ours}`,
      payment.id,
    );
    await close(account);
    expect(await found()).toEqual(['state split -1000']);
    await change(
      `update split_orders set state = 'finished', parts = jsonb_set(
      jsonb_set(parts, '{0,amount}', '"1000"'), '{0,state}', '"succeeded"') where ${ours}`,
      payment.id,
    );
    expect(await close(account)).toMatchObject({ splits: right, breaks: [] });
    expect(await found()).toEqual([]);
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  });
});

async function paidOut(options: SellerOptions): Promise<Payout> {
  const seller = await openSeller(rig, options);
  const { merchant_id, wallet_account_id } = seller;
  await sale(rig, seller, 9_000n);
  await nextDay(rig, 2);
  await settleMerchant(rig.app, seller, lastFullDay(rig.app));
  await changeTerms(rig.app, rig.app.db, merchant_id, {
    wallet_account: wallet_account_id,
    state: 'manual',
    ...(options.custody === 'hub_held'
      ? { payee: 'lin-xia@sandbox.test', payee_name: '林夏' }
      : {}),
  });
  date = businessDate(rig.clock.now());
  return createPayout(rig.app, { merchant: seller, wallet_account_id, amount: 5_000n });
}

describe('payouts', () => {
  test('are the movements of the account that they left', async () => {
    const payout = await paidOut({ wallet: 'alipay', role: 'certificate', custody: 'hub_held' });
    const account = payout.wallet_account_id;
    await toMorning(rig);
    const right = { bill: { count: 1, amount: 5_000 }, books: { count: 1, amount: 5_000 } };
    for (let run = 0; run < 2; run += 1) {
      expect(await close(account)).toMatchObject({ payouts: right, breaks: [], sellers: null });
    }
    await change(
      `update payouts set payout_reference = 'Z' || payout_reference where id = $1`,
      payout.id,
    );
    expect((await close(account)).payouts).toMatchObject({ breaks: { amount: 0 } });
    expect(await found()).toEqual(['missing_here payout -5000', 'missing_there payout 5000']);
    await change(
      `update payouts set payout_reference = substr(payout_reference, 2), state = 'refused'
      where id = $1`,
      payout.id,
    );
    await close(account);
    expect(await found()).toEqual(['state payout -5000']);
    await change(`update payouts set state = 'succeeded' where id = $1`, payout.id);
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
      async () =>
        (
          await rig.app.db.query<{ state: string }>(sql`
        select state from payouts where id = ${payout.id}`)
        )[0]?.state,
      (state) => state === 'succeeded',
    );
    date = businessDate(rig.clock.now());
    await toMorning(rig);
    expect(await close(account)).toMatchObject({ breaks: [] });
    expect(await found()).toEqual([]);
  });
});
