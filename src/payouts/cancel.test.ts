import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { brokenLaws } from '../check/run.ts';
import { sql } from '../db/pool.ts';
import { LAWS } from '../laws/every.ts';
import { findFunds } from '../settlement/funds.ts';
import { lastFullDay, settleMerchant } from '../settlement/settle.ts';
import { requireAccount } from '../wallets/registry.ts';
import { advancePayout } from './advance.ts';
import { cancelPayout } from './cancel.ts';
import { createPayout } from './create.ts';
import { queryPayout } from './jobs.ts';
import { isOpen, type Payout } from './payout.ts';
import { selectDue, selectPayout } from './queries.ts';
import { sendPayout } from './send.ts';
import { changeTerms } from './terms.ts';
import { nextDay, openSeller, payerOf, type Seller, sale } from './testing.ts';
import { payoutTimeline } from './timeline.ts';

/** Taking payouts back from the wallets' sandboxes. */
let rig: MoneyRig;
let wechat: Seller;
let alipay: Seller;

async function openFunds(seller: Seller, amount: bigint, payee?: string): Promise<void> {
  const { app } = rig;
  const payment = await sale(rig, seller, amount);
  await nextDay(rig, 2);
  await settleMerchant(app, seller, lastFullDay(app));
  const { wallet_account_id: wallet_account, merchant_id } = seller;
  const to = payee ?? (await payerOf(rig, seller, payment));
  const name = payee === undefined ? {} : { payee_name: '林夏' };
  const terms = { wallet_account, state: 'manual', payee: to, ...name } as const;
  await changeTerms(app, app.db, merchant_id, terms);
}

beforeAll(async () => {
  rig = await startMoneyRig({ HUTONG_JOB_LEASE_MS: '10000' });
  wechat = await openSeller(rig, { wallet: 'wechat_pay', custody: 'hub_held' });
  alipay = await openSeller(rig, { wallet: 'alipay', role: 'certificate', custody: 'hub_held' });
  await openFunds(wechat, 90_000n);
  await openFunds(alipay, 50_000n, 'lin-xia@sandbox.test');
});
beforeEach(() => {
  rig.faults.alipay.set([]);
  rig.faults.wechat_pay.set([]);
});

const pay = (seller: Seller, amount: bigint) =>
  createPayout(rig.app, { merchant: seller, wallet_account_id: seller.wallet_account_id, amount });

async function over(payout: Payout): Promise<Payout> {
  const found = await rig.until(
    () => selectPayout(rig.app.db, payout.book, payout.id),
    (now) => now !== undefined && !isOpen(now),
  );
  if (!found) throw new Error('the payout is gone');
  return found;
}

async function accept(): Promise<void> {
  const sandbox = rig.sandboxes.wechat_pay;
  for (const { id } of sandbox.receivable('lin-xia')) await sandbox.answerTransfer(id, 'accept');
}

/** Nothing is reserved or gone, and the books keep every law. */
async function free(seller: Seller, paid_out: bigint): Promise<void> {
  expect(await findFunds(rig.app.db, seller)).toMatchObject({ paid_out });
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
}

describe('a transfer that waits for its payee', () => {
  test('is taken back once, however often it is asked for, and its money is free', async () => {
    const before = await findFunds(rig.app.db, wechat);
    const payout = await pay(wechat, 7_000n);
    expect(payout.state).toBe('needs_payee');
    const asked = await Promise.all([1, 2, 3].map(() => cancelPayout(rig.app, payout)));
    for (const { cancel_requested_at } of asked) expect(cancel_requested_at).not.toBeNull();
    expect(await over(payout)).toMatchObject({ state: 'cancelled' });
    expect(await cancelPayout(rig.app, payout)).toMatchObject({ state: 'cancelled' });
    expect(rig.sandboxes.wechat_pay.receivable('lin-xia')).toEqual([]);
    await free(wechat, before.paid_out);
    const what = (await payoutTimeline(rig.app, payout)).map(({ kind, what }) => `${kind} ${what}`);
    expect(what).toContain('step payout.cancel_requested');
    expect(what.filter((line) => line === 'event payout.cancelled')).toHaveLength(1);
    expect(what.filter((line) => line.startsWith('posting'))).toHaveLength(2);
    expect(what.some((line) => line.startsWith('notification wechat_pay'))).toBe(true);
    expect(what.some((line) => /^wallet_call POST .*cancel$/.test(line))).toBe(true);
  });

  test.each(['error_after_effect', 'error_before_effect'] as const)(
    'is asked back again when the answer was lost (%s)',
    async (fault) => {
      const before = await findFunds(rig.app.db, wechat);
      const payout = await pay(wechat, 6_000n);
      rig.faults.wechat_pay.set([{ fault, probability: 1, remaining: 1 }]);
      expect(await cancelPayout(rig.app, payout)).toMatchObject({ state: 'needs_payee' });
      expect(await over(payout)).toMatchObject({ state: 'cancelled' });
      await free(wechat, before.paid_out);
    },
  );

  test('and is accepted first ends paid', async () => {
    const { paid_out } = await findFunds(rig.app.db, wechat);
    const payout = await pay(wechat, 5_000n);
    await accept();
    // The hub may not know yet: the wallet does.
    const told = await cancelPayout(rig.app, payout).catch((error: unknown) => error);
    const refused = told instanceof Error;
    if (refused) expect(told).toMatchObject({ code: expect.stringMatching(/refused|conflict/) });
    expect(await over(payout)).toMatchObject({ state: 'succeeded' });
    await free(wechat, paid_out + 5_000n);
  });

  test('and that the wallet will not give back is asked back no more', async () => {
    const { paid_out } = await findFunds(rig.app.db, wechat);
    const payout = await pay(wechat, 3_500n);
    const silent = { fault: 'error_before_effect', probability: 1 } as const;
    rig.faults.wechat_pay.set([
      { ...silent, operation: 'transfer.cancel', remaining: 1 },
      { ...silent, operation: 'transfer.query' },
      { fault: 'notification_lost', probability: 1 },
    ]);
    const wished = await cancelPayout(rig.app, payout);
    expect(wished).toMatchObject({ state: 'needs_payee', cancel_refusal: null });
    expect(wished.cancel_requested_at).not.toBeNull();
    await accept();
    const refused = await rig.until(
      () => selectPayout(rig.app.db, payout.book, payout.id),
      (now) => now?.cancel_requested_at === null,
    );
    expect(refused).toMatchObject({
      state: 'needs_payee',
      cancel_refusal: { code: 'invalid_request', message: expect.stringContaining('撤销') },
    });
    const calls = async (what: RegExp) => {
      const entries = await payoutTimeline(rig.app, payout);
      return entries.filter((entry) => what.test(`${entry.what} ${entry.detail['outcome']}`))
        .length;
    };
    await queryPayout(rig.app, payout.book, payout.id);
    expect(await calls(/^POST .*cancel refused$/)).toBe(1);
    expect(await calls(/^payout.cancel_refused/)).toBe(1);
    rig.faults.wechat_pay.set([]);
    expect(await over(payout)).toMatchObject({ state: 'succeeded' });
    await free(wechat, paid_out + 3_500n);
  });

  test('and is reported paid after the cancellation was asked for ends paid', async () => {
    const { paid_out } = await findFunds(rig.app.db, wechat);
    const payout = await pay(wechat, 4_000n);
    rig.faults.wechat_pay.set([{ fault: 'error_before_effect', probability: 1 }]);
    await cancelPayout(rig.app, payout);
    const account = await requireAccount(rig.app.wallets, wechat.wallet_account_id);
    const { payout_reference } = payout;
    const paid = { kind: 'transfer', payout_reference, state: 'succeeded' } as const;
    await advancePayout(rig.app, account, paid, 'notification');
    expect(await over(payout)).toMatchObject({ state: 'succeeded' });
    await free(wechat, paid_out + 4_000n);
  });
});

describe('a transfer through Alipay', () => {
  test('that was paid, or is on its way, is not taken back', async () => {
    const paid = await pay(alipay, 3_000n);
    await expect(cancelPayout(rig.app, paid)).rejects.toMatchObject({ code: 'state_conflict' });
    rig.faults.alipay.set([{ fault: 'error_after_effect', probability: 1 }]);
    const unknown = await pay(alipay, 2_000n);
    expect(unknown.state).toBe('unknown');
    await expect(cancelPayout(rig.app, unknown)).rejects.toMatchObject({
      code: 'state_conflict',
      message: expect.stringContaining('alipay takes no transfer back'),
    });
    rig.faults.alipay.set([]);
    expect(await over(unknown)).toMatchObject({ state: 'succeeded' });
  });

  test('that the wallet does not take yet stays here', async () => {
    const before = await findFunds(rig.app.db, alipay);
    const held = rig.sandboxes.alipay.balance('lin-xia');
    rig.faults.alipay.set([{ fault: 'rate_limited', probability: 1 }]);
    const payout = await pay(alipay, 2_500n);
    expect(payout).toMatchObject({ state: 'created', refusal: { code: 'rate_limited' } });
    expect(await cancelPayout(rig.app, payout)).toMatchObject({ state: 'created' });
    rig.faults.alipay.set([]);
    expect(await over(payout)).toMatchObject({ state: 'cancelled' });
    expect(rig.sandboxes.alipay.balance('lin-xia')).toBe(held);
    await free(alipay, before.paid_out);
  });
});

test('a payout whose first request may still be on its way is not taken for taken back', async () => {
  const before = await findFunds(rig.app.db, alipay);
  rig.faults.alipay.set([{ fault: 'error_before_effect', probability: 1 }]);
  const payout = await pay(alipay, 2_000n);
  // As it is until the answer of the first request is recorded.
  await rig.app.db.query(sql`
    update payouts set state = 'created', version = version + 1 where id = ${payout.id}`);
  rig.faults.alipay.set([]);
  expect(await cancelPayout(rig.app, payout)).toMatchObject({ state: 'created' });
  expect(await sendPayout(rig.app, payout, { first: false })).toBe('try_again');
  expect(await over(payout)).toMatchObject({ state: 'cancelled' });
  await free(alipay, before.paid_out);
});

test('a payout of yesterday that is taken back today does not leave again today', async () => {
  const { app } = rig;
  const due = async () => {
    const day = lastFullDay(app);
    const found = await selectDue(app.db, { book: 0, day, after: '', limit: 10 });
    return found.some(({ merchant_id }) => merchant_id === alipay.merchant_id);
  };
  const { wallet_account_id: wallet_account, merchant_id } = alipay;
  rig.faults.alipay.set([{ fault: 'rate_limited', probability: 1 }]);
  const payout = await pay(alipay, 1_500n);
  await nextDay(rig);
  await cancelPayout(app, payout);
  rig.faults.alipay.set([]);
  await over(payout);
  await changeTerms(app, app.db, merchant_id, { wallet_account, state: 'automatic' });
  expect(await due()).toBe(false);
  await changeTerms(app, app.db, merchant_id, { wallet_account, state: 'manual' });
});
