import { beforeAll, beforeEach, expect, test } from 'vitest';
import { escrow, holdIn, holdOf, MINUTE_MS } from '../../../../test/market/market-rig.ts';
import { type MoneyRig, startMoneyRig } from '../../../../test/support/money-rig.ts';
import { brokenLaws } from '../../../check/run.ts';
import { type BusinessDate, businessDate } from '../../../clock.ts';
import { sql } from '../../../db/pool.ts';
import { releaseHold } from '../../../escrow/release.ts';
import { type Id, newId } from '../../../ids.ts';
import { LAWS } from '../../../laws/every.ts';
import { createPayout } from '../../../payouts/create.ts';
import { changeTerms } from '../../../payouts/terms.ts';
import { offer, openSeller, type Seller, sale } from '../../../payouts/testing.ts';
import { createRefund } from '../../../refunds/create.ts';
import { lastFullDay, settleMerchant } from '../../../settlement/settle.ts';
import { requireAccount } from '../../../wallets/registry.ts';
import type { SellerReport } from '../../bill.ts';
import { resolveBreak } from '../../breaks/resolve.ts';
import { closedDay, toMorning } from '../../testing.ts';

/** What a platform's wallet has for a seller, beside the seller's balance in the ledger. */
let rig: MoneyRig;
let seller: Seller;
beforeAll(async () => {
  rig = await startMoneyRig();
  seller = await openSeller(rig, {
    wallet: 'wechat_pay',
    role: 'platform',
    custody: 'wallet_held',
  });
  const { merchant_id, wallet_account_id: wallet_account } = seller;
  await changeTerms(rig.app, rig.app.db, merchant_id, { wallet_account, state: 'manual' });
});
beforeEach(() => toMorning(rig));

const today = () => businessDate(rig.clock.now());

async function close(date: BusinessDate): Promise<SellerReport | undefined> {
  const report = await closedDay(rig, { account_id: seller.wallet_account_id, date });
  expect(report.not_compared).toEqual([]);
  return report.sellers?.find((each) => each.seller === seller.sub_merchant);
}

async function refunded(payment: Parameters<typeof rig.reload>[0], amount: bigint): Promise<void> {
  const now = await rig.reload(payment);
  await createRefund(rig.app, {
    payment: now,
    amount,
    reference: `R-${amount}`,
    reason: 'broken',
    metadata: {},
  });
  await rig.until(
    () => rig.reload(payment),
    (after) => after.refunded >= amount,
  );
}

async function balanceBreaks(): Promise<string[]> {
  const rows = await rig.app.db.query<{ text: string }>(sql`
    select concat_ws(' ', subject, amount) as text from breaks
    where state = 'open' and wallet_account_id = ${seller.wallet_account_id} order by id`);
  return rows.map(({ text }) => text);
}

async function payOut(amount: bigint): Promise<string> {
  await settleMerchant(rig.app, seller, lastFullDay(rig.app));
  const { wallet_account_id } = seller;
  return (await createPayout(rig.app, { merchant: seller, wallet_account_id, amount })).id;
}

test('the wallet has what the ledger says: sales, held money, refunds, payouts', async () => {
  const first = today();
  const sold = await sale(rig, seller, 9_000n);
  const held = await sale(rig, seller, 5_000n, escrow(10, []));
  await refunded(sold, 1_000n);
  await toMorning(rig);
  expect(await close(first)).toMatchObject({ not_compared: null });
  const second = today();
  await payOut(4_000n);
  await releaseHold(rig.app, { hold: await holdOf(rig, held), why: 'receipt' });
  await holdIn(rig, held, 'released');
  await sale(rig, seller, 3_000n);
  await toMorning(rig);
  for (const date of [first, second, second]) {
    const found = await close(date);
    expect(found?.closing).toBeGreaterThan(0);
    expect(found).toMatchObject({ expected: found?.closing, not_compared: null });
  }
  expect(await balanceBreaks()).toEqual([]);
});

test('a sale that is booked after midnight is of the day on which it was paid', async () => {
  const date = today();
  await rig.clock.advance((13 * 60 - 2) * MINUTE_MS);
  const { wechat_pay } = rig.sandboxes;
  const before = wechat_pay.balance('lin-xia');
  rig.faults.wechat_pay.set([
    { fault: 'notification_lost', probability: 1 },
    { fault: 'error_before_effect', probability: 1, operation: 'query' },
  ]);
  const selling = sale(rig, seller, 2_000n);
  await rig.until(
    async () => wechat_pay.balance('lin-xia'),
    (now) => now < before,
  );
  expect(today()).toBe(date);
  await rig.clock.advance(5 * MINUTE_MS);
  expect(today()).not.toBe(date);
  rig.faults.wechat_pay.set([]);
  const [booked] = await rig.app.db.query<{ at: Date }>(sql`
    select business_at as at from postings where subject_id = ${(await selling).id} limit 1`);
  expect(businessDate(booked?.at ?? new Date(0))).not.toBe(date);
  await toMorning(rig);
  const found = await close(date);
  expect(found).toMatchObject({ expected: found?.closing, not_compared: null });
  expect(await balanceBreaks()).toEqual([]);
});

test('money that left without anybody’s knowing is a break, once', async () => {
  const date = today();
  await sale(rig, seller, 8_000n);
  const account = await requireAccount(rig.app.wallets, seller.wallet_account_id);
  const { sellerFunds } = rig.app.wallets.connector('wechat_pay');
  const outcome = await sellerFunds?.withdraw(account, {
    withdrawal_reference: 'byhand4711',
    ...(seller.sub_merchant === undefined ? {} : { sub_merchant: seller.sub_merchant }),
    amount: 700n,
    description: 'by hand',
    notify_url: rig.notify_url('wechat_pay'),
  });
  expect(outcome).toMatchObject({ kind: 'fact' });
  await toMorning(rig);
  const next = today();
  await sale(rig, seller, 6_000n);
  await toMorning(rig);
  const found = await close(date);
  expect(found?.expected).toBe((found?.closing ?? 0) + 700);
  const broken = [`ledger ${date} ${seller.sub_merchant} -700`];
  expect(await balanceBreaks()).toEqual(broken);
  const after = await close(next);
  expect(after).toMatchObject({ expected: after?.closing, not_compared: null });
  expect(await balanceBreaks()).toEqual(broken);
  await expectBookedOnce(date, next);
});

/** Somebody says that it was the seller's withdrawal: then the ledger has that much less, too. */
async function expectBookedOnce(date: BusinessDate, next: BusinessDate): Promise<void> {
  const [found] = await rig.app.db.query<{ id: Id<'brk'> }>(sql`
    select id from breaks where state = 'open' and kind = 'balance'
      and wallet_account_id = ${seller.wallet_account_id}`);
  if (!found) throw new Error('no break');
  const own = () => rig.app.ledger.balance(0, `merchant:${seller.merchant_id}`);
  const before = await own();
  const note = 'withdrawn by hand';
  const booked = { id: found.id, action: 'book_to_merchant', note, by: 'key_1' } as const;
  const other = resolveBreak(rig.app, { ...booked, merchant_id: newId('mer') });
  await expect(other).rejects.toMatchObject({ code: 'invalid_parameter' });
  expect(await resolveBreak(rig.app, booked)).toMatchObject({ state: 'resolved' });
  expect((await own())?.posted).toBe((before?.posted ?? 0n) - 700n);
  for (const day of [date, next]) await close(day);
  const last = today();
  await sale(rig, seller, 900n);
  await toMorning(rig);
  const after = await close(last);
  expect(after).toMatchObject({ expected: after?.closing, not_compared: null });
  expect(await balanceBreaks()).toEqual([]);
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
}

test('money that came after the close is the seller’s at the wallet until it has gone back', async () => {
  const date = today();
  await sale(rig, seller, 2_500n);
  const { payment, attempt_id, qr } = await offer(rig, seller, 1_100n);
  rig.faults.wechat_pay.set([
    { fault: 'notification_lost', probability: 1 },
    { fault: 'error_before_effect', probability: 1, operation: 'query' },
  ]);
  await rig.payAt('wechat_pay', qr);
  // As if the wallet had confirmed a close and taken the money all the same.
  await rig.app.db.query(sql`
    update attempts set state = 'closed', version = version + 1, next_query_at = null
    where id = ${attempt_id}`);
  await rig.app.db.query(sql`
    update payments set state = 'closed', version = version + 1 where id = ${payment.id}`);
  rig.faults.wechat_pay.set([]);
  await toMorning(rig);
  const next = today();
  const before = await balanceBreaks();
  const found = await close(date);
  expect(found).toMatchObject({ expected: found?.closing, not_compared: null });
  await rig.until(returned(payment.id), ({ state }) => state === 'succeeded');
  await sale(rig, seller, 1_300n);
  await toMorning(rig);
  const after = await close(next);
  expect(after).toMatchObject({ expected: after?.closing, not_compared: null });
  expect(await balanceBreaks()).toEqual(before);
});

test('a seller with money on its way at midnight is compared when it has arrived', async () => {
  const date = today();
  const sold = await sale(rig, seller, 4_000n);
  rig.faults.wechat_pay.set([{ fault: 'refund_stuck', probability: 1, remaining: 1 }]);
  await createRefund(rig.app, {
    payment: await rig.reload(sold),
    amount: 1_500n,
    reference: 'stuck',
    reason: 'broken',
    metadata: {},
  });
  await toMorning(rig);
  expect(await close(date)).toMatchObject({
    expected: null,
    not_compared: 'money was on its way at midnight',
  });
  const told = await balanceBreaks();
  expect(told.filter((text) => text.startsWith(`ledger ${date}`))).toEqual([]);
});

function returned(payment_id: string): () => Promise<{ readonly state: string }> {
  return async () => {
    const [row] = await rig.app.db.query<{ state: string }>(sql`
      select state from refunds where payment_id = ${payment_id}`);
    return row ?? { state: 'not told of yet' };
  };
}
