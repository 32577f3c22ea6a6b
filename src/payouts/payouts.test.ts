import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { findAttempts } from '../attempts/find.ts';
import { brokenLaws } from '../check/run.ts';
import { sql } from '../db/pool.ts';
import { newWalletReference } from '../ids.ts';
import { LAWS } from '../laws/every.ts';
import { createRefund } from '../refunds/create.ts';
import { sellerBalance } from '../settlement/balance.ts';
import { findFunds } from '../settlement/funds.ts';
import { lastFullDay, settleMerchant } from '../settlement/settle.ts';
import { requireAccount } from '../wallets/registry.ts';
import { advancePayout } from './advance.ts';
import { createPayout } from './create.ts';
import { payOutDue } from './jobs.ts';
import type { Payout } from './payout.ts';
import { selectPayout, selectPayouts } from './queries.ts';
import { changeTerms } from './terms.ts';
import { nextDay, openSeller, payerOf, type Seller, sale } from './testing.ts';

/** From the sale to the seller's own money, over the real sandboxes of two wallets. */
let rig: MoneyRig;
let alipay: Seller;
let wechat: Seller;

beforeAll(async () => {
  rig = await startMoneyRig({ HUTONG_JOB_LEASE_MS: '10000' });
  alipay = await openSeller(rig, { wallet: 'alipay', role: 'certificate', custody: 'hub_held' });
  wechat = await openSeller(rig, { wallet: 'wechat_pay', custody: 'hub_held' });
});
beforeEach(() => {
  rig.faults.alipay.set([]);
  rig.faults.wechat_pay.set([]);
});

async function terms(seller: Seller, over: Record<string, unknown> = {}): Promise<void> {
  const { app } = rig;
  const wallet_account = seller.wallet_account_id;
  await changeTerms(app, app.db, seller.merchant_id, { wallet_account, state: 'manual', ...over });
}

async function settled(seller: Seller, amount: bigint): Promise<void> {
  await sale(rig, seller, amount);
  await nextDay(rig, 2);
  await settleMerchant(rig.app, seller, lastFullDay(rig.app));
}

const pay = (seller: Seller, amount?: bigint) =>
  createPayout(rig.app, { merchant: seller, wallet_account_id: seller.wallet_account_id, amount });

async function until(payout: Payout, state: Payout['state']): Promise<Payout> {
  const found = await rig.until(
    () => selectPayout(rig.app.db, payout.book, payout.id),
    (now) => now?.state === state,
  );
  if (!found) throw new Error('the payout is gone');
  return found;
}

async function consistent(seller: Seller): Promise<bigint> {
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  const balance = await sellerBalance(rig.app, seller);
  const [account] = balance.accounts;
  expect(balance.posted).toBe(account?.posted ?? 0n);
  expect(balance.reserved).toBe(account?.reserved ?? 0n);
  return balance.posted;
}

describe('a transfer through Alipay', () => {
  beforeAll(() => terms(alipay, { payee: 'lin-xia@sandbox.test', payee_name: '林夏' }));

  test('takes what is settled and no more; the payee has it once', async () => {
    await settled(alipay, 100_000n);
    const { settled: all } = await findFunds(rig.app.db, alipay);
    const before = rig.sandboxes.alipay.balance('lin-xia');
    await expect(pay(alipay, all + 1n)).rejects.toMatchObject({ code: 'amount_exceeds_payable' });
    const payout = await pay(alipay);
    expect(payout).toMatchObject({ state: 'succeeded', amount: all, payee_hint: 'test' });
    expect(rig.sandboxes.alipay.balance('lin-xia')).toBe(before + all);
    expect(await consistent(alipay)).toBe(0n);
    await expect(pay(alipay)).rejects.toMatchObject({ code: 'amount_exceeds_payable' });
  });

  test('whose answer is lost is asked about, and never sent under another number', async () => {
    await settled(alipay, 50_000n);
    const before = rig.sandboxes.alipay.balance('lin-xia');
    rig.faults.alipay.set([{ fault: 'error_after_effect', probability: 1, remaining: 1 }]);
    const payout = await pay(alipay, 20_000n);
    expect(payout.state).toBe('unknown');
    await expect(pay(alipay, 100n)).rejects.toMatchObject({ code: 'state_conflict' });
    const done = await until(payout, 'succeeded');
    expect(done.payout_reference).toBe(payout.payout_reference);
    expect(rig.sandboxes.alipay.balance('lin-xia')).toBe(before + 20_000n);
    await consistent(alipay);
  });

  test('that the wallet never heard of leaves under the same number', async () => {
    const before = rig.sandboxes.alipay.balance('lin-xia');
    rig.faults.alipay.set([{ fault: 'error_before_effect', probability: 1, remaining: 1 }]);
    const payout = await pay(alipay, 10_000n);
    expect(payout.state).toBe('unknown');
    await until(payout, 'succeeded');
    expect(rig.sandboxes.alipay.balance('lin-xia')).toBe(before + 10_000n);
  });

  test('that is refused gives the money back to be paid out again', async () => {
    await terms(alipay, { payee: 'nobody@sandbox.test', payee_name: '无此人' });
    const before = await findFunds(rig.app.db, alipay);
    const payout = await pay(alipay, 1_000n);
    expect(payout.state).toBe('refused');
    expect(payout.refusal?.message).toContain('invalid_request');
    expect(await findFunds(rig.app.db, alipay)).toMatchObject({ paid_out: before.paid_out });
    await consistent(alipay);
    await terms(alipay, { payee: 'lin-xia@sandbox.test', payee_name: '林夏' });
  });

  test('of 64 asked for at once, each for more than half of what there is, one leaves', async () => {
    const { settled: all, paid_out } = await findFunds(rig.app.db, alipay);
    const amount = (all - paid_out) / 2n + 1n;
    const before = rig.sandboxes.alipay.balance('lin-xia');
    const tries = await Promise.allSettled(Array.from({ length: 64 }, () => pay(alipay, amount)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = tries.flatMap((each) => (each.status === 'rejected' ? each.reason.code : []));
    const known = ['amount_exceeds_payable', 'state_conflict'];
    expect(codes.filter((code) => !known.includes(code))).toEqual([]);
    const after = await findFunds(rig.app.db, alipay);
    expect(after).toMatchObject({ settled: all, paid_out: paid_out + amount });
    expect(rig.sandboxes.alipay.balance('lin-xia')).toBe(before + amount);
    await consistent(alipay);
  });

  test('is never below the minimum of the terms, asked for or not', async () => {
    await settled(alipay, 5_000n);
    const { paid_out } = await findFunds(rig.app.db, alipay);
    await terms(alipay, { minimum: 2_000n });
    await expect(pay(alipay, 1_999n)).rejects.toMatchObject({
      code: 'invalid_parameter',
      message: expect.stringContaining('minimum of one payout to 2000 fen'),
    });
    expect(await findFunds(rig.app.db, alipay)).toMatchObject({ paid_out });
    expect(await pay(alipay, 2_000n)).toMatchObject({ state: 'succeeded', amount: 2_000n });
    await terms(alipay, { minimum: 10_000_000n });
    await expect(pay(alipay)).rejects.toMatchObject({ code: 'amount_exceeds_payable' });
    await terms(alipay, { minimum: 100n });
    await consistent(alipay);
  });

  test('leaves by itself where the terms say so, above the minimum and after the hold', async () => {
    await settled(alipay, 40_000n);
    await terms(alipay, { state: 'automatic', hold_days: 30 });
    await payOutDue(rig.app, 0);
    const open = await findFunds(rig.app.db, alipay);
    expect(open.settled - open.paid_out).toBeGreaterThanOrEqual(39_000n);
    await terms(alipay, { state: 'automatic', hold_days: 0, minimum: 10_000_000n });
    await payOutDue(rig.app, 0);
    expect(await findFunds(rig.app.db, alipay)).toMatchObject({ paid_out: open.paid_out });
    await terms(alipay, { state: 'automatic', minimum: 100n });
    await payOutDue(rig.app, 0);
    expect(await consistent(alipay)).toBe(0n);
    await terms(alipay, { state: 'manual' });
  });

  test('leaves behind what a refund needs', async () => {
    const payment = await sale(rig, alipay, 30_000n);
    await nextDay(rig, 2);
    await settleMerchant(rig.app, alipay, lastFullDay(rig.app));
    const request = { reference: 'R', reason: 'broken', metadata: {}, amount: 25_000n };
    await createRefund(rig.app, { payment, ...request });
    const { available } = await sellerBalance(rig.app, alipay);
    const payout = await pay(alipay);
    expect(payout.amount).toBe(available);
    expect(payout.amount).toBeLessThan(5_001n);
    await consistent(alipay);
  });
});

describe('a transfer through WeChat Pay', () => {
  test('waits for the payee, tells what their app needs, and ends when they accept', async () => {
    const payment = await sale(rig, wechat, 30_000n);
    await nextDay(rig, 2);
    await settleMerchant(rig.app, wechat, lastFullDay(rig.app));
    await terms(wechat, { payee: await payerOf(rig, wechat, payment) });
    const account = await requireAccount(rig.app.wallets, wechat.wallet_account_id);
    const before = rig.sandboxes.wechat_pay.balance('lin-xia');
    const payout = await pay(wechat, 20_000n);
    expect(payout.state).toBe('needs_payee');
    expect(payout.confirmation).toMatchObject({ appId: account.settings['appid'] });
    expect(await sellerBalance(rig.app, wechat)).toMatchObject({ reserved: 20_000n });
    await consistent(wechat);
    for (const { id } of rig.sandboxes.wechat_pay.receivable('lin-xia')) {
      await rig.sandboxes.wechat_pay.answerTransfer(id, 'accept');
    }
    await until(payout, 'succeeded');
    expect(rig.sandboxes.wechat_pay.balance('lin-xia')).toBe(before + 20_000n);
    await consistent(wechat);
    const [heard] = await rig.app.db.query<{ outcome: string }>(sql`
      select outcome from notifications
      where content -> 'fact' ->> 'payout_reference' = ${payout.payout_reference}
        and outcome is not null`);
    expect(heard).toBeDefined();
  });

  test('that nobody accepts comes back, and is paid out the next time', async () => {
    const before = await findFunds(rig.app.db, wechat);
    const payout = await pay(wechat, 5_000n);
    await nextDay(rig);
    await until(payout, 'refused');
    expect(await findFunds(rig.app.db, wechat)).toMatchObject({ paid_out: before.paid_out });
    await consistent(wechat);
  });
});

describe('a withdrawal of a seller’s money', () => {
  test('goes to the seller’s bank through the platform’s account', async () => {
    const seller = await openSeller(rig, {
      wallet: 'wechat_pay',
      role: 'platform',
      custody: 'wallet_held',
    });
    await terms(seller);
    const payment = await sale(rig, seller, 60_000n);
    const [attempt] = await findAttempts(rig.app, payment);
    expect(attempt?.sub_merchant).toBe(seller.sub_merchant);
    await nextDay(rig, 2);
    await settleMerchant(rig.app, seller, lastFullDay(rig.app));
    const payout = await pay(seller);
    expect(payout).toMatchObject({ kind: 'withdrawal', sub_merchant: seller.sub_merchant });
    await nextDay(rig, 2);
    await until(payout, 'succeeded');
    await consistent(seller);
    const refund = { reference: 'R', reason: 'broken', metadata: {}, amount: 100n };
    await expect(createRefund(rig.app, { payment, ...refund })).rejects.toMatchObject({
      code: 'seller_short',
    });
    await rig.app.db.pool.query('update merchants set owed_limit = 100 where id = $1', [
      seller.merchant_id,
    ]);
    expect((await createRefund(rig.app, { payment, ...refund })).amount).toBe(100n);
  });
});

describe('a payout', () => {
  test('is impossible where the wallet pays by itself', async () => {
    const own = await openSeller(rig, { wallet: 'douyin_pay', custody: 'merchant_own' });
    await expect(pay(own)).rejects.toMatchObject({ code: 'payout_not_possible' });
    await expect(terms(own)).rejects.toThrow(/by itself/);
  });

  test('of an unknown number, or told with another amount, is a break and moves nothing', async () => {
    const { app } = rig;
    const account = await requireAccount(app.wallets, alipay.wallet_account_id);
    const page = { limit: 1, before: undefined };
    const { platform_id, merchant_id, wallet_account_id } = alipay;
    const filter = { book: 0, platform_id, merchant_id, wallet_account_id, state: 'succeeded' };
    const [paid] = await selectPayouts(app.db, page, filter);
    const known = paid?.payout_reference ?? '';
    const before = await app.ledger.balance(0, `merchant:${merchant_id}`);
    const stranger = { kind: 'transfer', payout_reference: newWalletReference(0) } as const;
    const told = [
      { ...stranger, state: 'succeeded', amount: 77n },
      { kind: 'transfer', payout_reference: known, state: 'returned', amount: 1n },
      { kind: 'withdrawal', payout_reference: known, state: 'returned' },
    ] as const;
    const outcomes = [];
    for (const report of told) {
      outcomes.push((await advancePayout(app, account, report, 'notification')).outcome);
    }
    expect(outcomes).toEqual(['unknown_payout', 'refuse', 'refuse']);
    expect(await app.ledger.balance(0, `merchant:${merchant_id}`)).toEqual(before);
    const back = { kind: 'transfer', payout_reference: known, state: 'returned' } as const;
    await advancePayout(app, account, back, 'notification');
    await advancePayout(app, account, back, 'notification');
    const after = await app.ledger.balance(0, `merchant:${merchant_id}`);
    expect((after?.posted ?? 0n) - (before?.posted ?? 0n)).toBe(paid?.amount);
    await consistent(alipay);
  });
});
