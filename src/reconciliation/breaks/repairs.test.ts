import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  addReceiver,
  escrow,
  holdIn,
  holdOf,
  MINUTE_MS,
  paid,
  share,
} from '../../../test/market/market-rig.ts';
import { type MoneyRig, startMoneyRig } from '../../../test/support/money-rig.ts';
import { brokenLaws } from '../../check/run.ts';
import { businessDate, dayAfter } from '../../clock.ts';
import { sql } from '../../db/pool.ts';
import { releaseHold } from '../../escrow/release.ts';
import { LAWS } from '../../laws/every.ts';
import { advancePayout } from '../../payouts/advance.ts';
import type { Payout } from '../../payouts/payout.ts';
import { findPayoutNamed } from '../../payouts/send.ts';
import { soldAndPaidOut } from '../../payouts/testing.ts';
import { findFunds } from '../../settlement/funds.ts';
import { requireAccount } from '../../wallets/registry.ts';
import { selectBreak, selectBreaks } from '../queries.ts';
import { closedDay, toMorning } from '../testing.ts';
import { actionsOf, type Break, type BreakAction } from './break.ts';
import { resolveBreak } from './resolve.ts';

/** Breaks of payouts and shares, repaired over the sandboxes. */
let rig: MoneyRig;
beforeAll(async () => {
  rig = await startMoneyRig();
});
beforeEach(() => toMorning(rig));

async function openBreaks(): Promise<Break[]> {
  const any = { account_id: null, bill_id: null, payment_id: null, kind: null };
  const page = { until: null, before: null, limit: 10 };
  return selectBreaks(rig.app.db, { ...any, ...page, book: 0, state: 'open' });
}

async function onlyBreak(expected: Partial<Break>): Promise<Break> {
  const [found, ...others] = await openBreaks();
  expect(others).toEqual([]);
  expect(found).toMatchObject(expected);
  if (!found) throw new Error('no break');
  return found;
}

function repair({ id }: Break, action: BreakAction): Promise<Break> {
  return resolveBreak(rig.app, { id, action, note: 'ticket 4711', by: 'key_1' });
}

async function now(payout: Payout): Promise<Payout> {
  const found = await findPayoutNamed(rig.app, payout);
  if (!found) throw new Error('the payout is gone');
  return found;
}

async function tell(payout: Payout, state: 'succeeded' | 'refused' | 'returned') {
  const account = await requireAccount(rig.app.wallets, payout.wallet_account_id);
  const { kind, payout_reference } = payout;
  return advancePayout(rig.app, account, { kind, payout_reference, state }, 'notification');
}

const alipay = { wallet: 'alipay', role: 'certificate', custody: 'hub_held' } as const;

/** Paid by the wallet and by us; no bill of the day on which it is said to have arrived has it. */
async function unbilled(): Promise<{ payout: Payout; found: Break }> {
  const payout = await soldAndPaidOut(rig, alipay);
  expect(payout.state).toBe('succeeded');
  await rig.app.db.query(sql`
    update payouts set succeeded_at = succeeded_at + interval '1 day' where id = ${payout.id}`);
  await toMorning(rig);
  await toMorning(rig);
  const date = dayAfter(businessDate(rig.clock.now()), -1);
  await closedDay(rig, { account_id: payout.wallet_account_id, date });
  return { payout, found: await onlyBreak({ kind: 'missing_there', about: 'payout' }) };
}

async function nextDayClosed(account_id: string): Promise<void> {
  const date = businessDate(rig.clock.now());
  await toMorning(rig);
  await closedDay(rig, { account_id, date });
}

async function paidOut(payout: Payout): Promise<bigint> {
  return (await findFunds(rig.app.db, payout)).paid_out;
}

describe('a payout that no bill has', () => {
  test('stays as it is when the wallet confirms it', async () => {
    const { payout, found } = await unbilled();
    expect(actionsOf(found)).toEqual(['ask_wallet', 'book_as_returned', 'accept']);
    const ended = await repair(found, 'ask_wallet');
    expect(ended).toMatchObject({ state: 'resolved' });
    expect(ended.trail.at(-1)).toMatchObject({
      action: 'ask_wallet',
      by: 'key_1',
      note: 'ticket 4711 (the wallet says succeeded)',
    });
    expect(await now(payout)).toMatchObject({ state: 'succeeded' });
    expect(await paidOut(payout)).toBe(5_000n);
  });

  test('is the seller’s again when it never left, once, whatever is told later', async () => {
    const { payout, found } = await unbilled();
    expect(await repair(found, 'book_as_returned')).toMatchObject({ state: 'resolved' });
    expect(await now(payout)).toMatchObject({ state: 'returned' });
    expect(await paidOut(payout)).toBe(0n);
    for (const state of ['returned', 'succeeded'] as const) await tell(payout, state);
    expect(await now(payout)).toMatchObject({ state: 'returned' });
    expect(await paidOut(payout)).toBe(0n);
    await expect(repair(found, 'book_as_returned')).rejects.toMatchObject({
      code: 'state_conflict',
    });
  });
});

describe('a payout on which wallet and hub say otherwise', () => {
  /** The wallet has paid it; something told us that it would not. */
  async function refusedHere(): Promise<{ payout: Payout; found: Break }> {
    const lost = { fault: 'error_after_effect', probability: 1 } as const;
    rig.faults.alipay.set([
      { ...lost, operation: 'alipay.fund.trans.uni.transfer' },
      { ...lost, operation: 'alipay.fund.trans.common.query' },
      { fault: 'notification_lost', probability: 1 },
    ]);
    const payout = await soldAndPaidOut(rig, alipay);
    expect(payout.state).toBe('unknown');
    await tell(payout, 'refused');
    rig.faults.alipay.set([]);
    const date = businessDate(rig.clock.now());
    await toMorning(rig);
    await closedDay(rig, { account_id: payout.wallet_account_id, date });
    return { payout, found: await onlyBreak({ kind: 'state', amount: -5_000n }) };
  }

  test('counts as paid when the wallet says so, and is booked once', async () => {
    const { payout, found } = await refusedHere();
    expect(actionsOf(found)).toEqual(['ask_wallet', 'book_as_paid', 'accept']);
    expect(await repair(found, 'ask_wallet')).toMatchObject({ state: 'resolved' });
    expect(await now(payout)).toMatchObject({ state: 'succeeded' });
    expect(await paidOut(payout)).toBe(5_000n);
    await tell(payout, 'succeeded');
    expect(await paidOut(payout)).toBe(5_000n);
    expect(await openBreaks()).toEqual([]);
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  });

  test('counts as paid when somebody knows that it is', async () => {
    const { payout, found } = await refusedHere();
    expect(await repair(found, 'book_as_paid')).toMatchObject({ state: 'resolved' });
    expect(await now(payout)).toMatchObject({ state: 'succeeded' });
    expect(await paidOut(payout)).toBe(5_000n);
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  });

  test('counts as paid when it did not come back after all, and somebody knows it', async () => {
    const payout = await soldAndPaidOut(rig, alipay);
    const account_id = payout.wallet_account_id;
    await nextDayClosed(account_id);
    await tell(payout, 'returned');
    expect(await paidOut(payout)).toBe(0n);
    await nextDayClosed(account_id);
    const found = await onlyBreak({ kind: 'state', amount: -5_000n });
    expect(await repair(found, 'book_as_paid')).toMatchObject({ state: 'resolved' });
    expect(await now(payout)).toMatchObject({ state: 'succeeded' });
    expect(await paidOut(payout)).toBe(5_000n);
    expect(await openBreaks()).toEqual([]);
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  });

  test('stays paid when the wallet takes back that it refused it', async () => {
    const payout = await soldAndPaidOut(rig, alipay);
    expect(await tell(payout, 'refused')).toMatchObject({ outcome: 'refuse' });
    const found = await onlyBreak({ kind: 'state', amount: 5_000n });
    expect(actionsOf(found)).toEqual(['ask_wallet', 'book_as_returned', 'accept']);
    expect(await repair(found, 'ask_wallet')).toMatchObject({ state: 'resolved' });
    expect(await now(payout)).toMatchObject({ state: 'succeeded' });
  });

  test('and of which the wallet knows nothing stays open, with what was said', async () => {
    const { payout, found } = await unbilled();
    await rig.app.db.query(sql`
      update payouts set payout_reference = 'Z' || payout_reference where id = ${payout.id}`);
    await rig.app.db.query(sql`
      update breaks set subject = 'Z' || subject where id = ${found.id}`);
    const asked = await repair(found, 'ask_wallet');
    expect(asked).toMatchObject({ state: 'open' });
    expect(asked.trail.at(-1)?.note).toBe('ticket 4711 (the wallet knows no such payout)');
    expect(await selectBreak(rig.app.db, 0, found.id)).toMatchObject({ state: 'open' });
    expect(await repair(found, 'accept')).toMatchObject({ state: 'resolved' });
    await rig.app.db.query(sql`
      update payouts set payout_reference = substr(payout_reference, 2) where id = ${payout.id}`);
  });
});

test('a payout that was refused and whose money stays away is a break until it is back', async () => {
  const payout = await soldAndPaidOut(rig, { wallet: 'wechat_pay', custody: 'hub_held' });
  expect(payout.state).toBe('needs_payee');
  const account_id = payout.wallet_account_id;
  const left = businessDate(rig.clock.now());
  await rig.clock.advance(14 * 60 * MINUTE_MS);
  await tell(payout, 'refused');
  const freed = dayAfter(left);
  expect(businessDate(rig.clock.now())).toBe(freed);
  await toMorning(rig);
  // The wallet gives it back only now, a day after it was told to be refused.
  const close = (date: string) => closedDay(rig, { account_id, date });
  expect(await close(left)).toMatchObject({ payouts: { difference: 0 }, breaks: [] });
  const none = { count: 0, amount: 0 };
  for (let run = 0; run < 2; run += 1) {
    const payouts = { bill: none, books: { count: 1, amount: -5_000 }, difference: 0 };
    expect(await close(freed)).toMatchObject({ payouts });
  }
  const found = await onlyBreak({ kind: 'state', about: 'payout', amount: -5_000n });
  expect(found.subject).toBe(payout.payout_reference);
  expect(actionsOf(found)).toEqual(['ask_wallet', 'book_as_paid', 'accept']);
  const asked = await repair(found, 'ask_wallet');
  expect(asked).toMatchObject({ state: 'open' });
  expect(asked.trail.at(-1)?.note).toBe('ticket 4711 (the wallet says refused)');
  await toMorning(rig);
  const payouts = { bill: { count: 1, amount: -5_000 }, difference: 0 };
  expect(await close(dayAfter(freed))).toMatchObject({ payouts, breaks: [] });
  expect(await openBreaks()).toEqual([]);
  expect(await close(freed)).toMatchObject({ payouts: { books: none, difference: 0 } });
  expect(await openBreaks()).toEqual([]);
});

test('a payout that was booked as paid and is back after all is a break again', async () => {
  const payout = await soldAndPaidOut(rig, { wallet: 'wechat_pay', custody: 'hub_held' });
  const account_id = payout.wallet_account_id;
  const left = businessDate(rig.clock.now());
  await rig.clock.advance(14 * 60 * MINUTE_MS);
  await tell(payout, 'refused');
  await toMorning(rig);
  const close = (date: string) => closedDay(rig, { account_id, date });
  for (const date of [left, dayAfter(left)]) await close(date);
  const found = await onlyBreak({ kind: 'state', amount: -5_000n });
  expect(await repair(found, 'book_as_paid')).toMatchObject({ state: 'resolved' });
  await close(dayAfter(left));
  expect(await openBreaks()).toEqual([]);
  await toMorning(rig);
  await close(dayAfter(left, 2));
  const again = await onlyBreak({ kind: 'state', amount: 5_000n });
  expect(again.id).toBe(found.id);
  expect(await repair(again, 'book_as_returned')).toMatchObject({ state: 'resolved' });
  expect(await now(payout)).toMatchObject({ state: 'returned' });
  expect(await paidOut(payout)).toBe(0n);
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});

test('a share that no bill has is no break any more when the wallet confirms it', async () => {
  const receiver = await addReceiver(rig);
  const payment = await paid(rig, 'wechat_pay', { terms: escrow(10, [share(receiver, 1_000n)]) });
  await rig.clock.advance(2 * MINUTE_MS);
  await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
  await holdIn(rig, payment, 'released');
  await rig.app.db.query(sql`
    update split_orders set finished_at = finished_at + interval '1 day'
    where payment_id = ${payment.id}`);
  await toMorning(rig);
  await toMorning(rig);
  const date = dayAfter(businessDate(rig.clock.now()), -1);
  await closedDay(rig, { account_id: rig.accounts.wechat_pay, date });
  const found = await onlyBreak({ kind: 'missing_there', about: 'split', payment_id: payment.id });
  expect(actionsOf(found)).toEqual(['ask_wallet', 'accept']);
  const asked = await repair(found, 'ask_wallet');
  expect(asked.trail.at(-1)?.note).toContain('the wallet says finished, 1000 fen given');
  expect(asked).toMatchObject({ state: 'resolved' });
});
