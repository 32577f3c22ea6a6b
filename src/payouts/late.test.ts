import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { brokenLaws } from '../check/run.ts';
import { sql } from '../db/pool.ts';
import { newWalletReference } from '../ids.ts';
import { LAWS } from '../laws/every.ts';
import { findFunds } from '../settlement/funds.ts';
import { lastFullDay, settleMerchant } from '../settlement/settle.ts';
import { requireAccount } from '../wallets/registry.ts';
import { cancelPayout } from './cancel.ts';
import { createPayout } from './create.ts';
import type { Payout } from './payout.ts';
import { selectPayout } from './queries.ts';
import { sendPayout } from './send.ts';
import { changeTerms } from './terms.ts';
import { nextDay, openSeller, payerOf, type Seller, sale } from './testing.ts';

/** Requests that are still on their way to a wallet when somebody wants the payout back. */
let rig: MoneyRig;
let wechat: Seller;
let alipay: Seller;
const PERSON = 'lin-xia';
const PAYEE = { payee: 'lin-xia@sandbox.test', payee_name: '林夏' } as const;
const TRANSFER = 'alipay.fund.trans.uni.transfer';
const QUESTION = 'alipay.fund.trans.common.query';
const ONCE = { probability: 1, remaining: 1 } as const;

beforeAll(async () => {
  // A request may be late by a whole minute.
  rig = await startMoneyRig({ HUTONG_RETRY_PACE: '1', HUTONG_WALLET_TIMEOUT_MS: '4000' });
  wechat = await openSeller(rig, { wallet: 'wechat_pay', custody: 'hub_held' });
  alipay = await openSeller(rig, { wallet: 'alipay', role: 'certificate', custody: 'hub_held' });
  for (const seller of [wechat, alipay]) {
    const payment = await sale(rig, seller, 90_000n);
    await nextDay(rig, 2);
    await settleMerchant(rig.app, seller, lastFullDay(rig.app));
    const to = seller === alipay ? PAYEE : { payee: await payerOf(rig, seller, payment) };
    const terms = { wallet_account: seller.wallet_account_id, state: 'manual', ...to } as const;
    await changeTerms(rig.app, rig.app.db, seller.merchant_id, terms);
  }
});
beforeEach(() => {
  rig.faults.alipay.set([]);
  rig.faults.wechat_pay.set([]);
});

/** Nobody sends it but the test. */
async function pay(merchant: Seller, amount: bigint): Promise<Payout> {
  const { wallet_account_id } = merchant;
  const payout = await createPayout(rig.app, { merchant, wallet_account_id, amount });
  await rig.app.db.query(sql`
    update jobs set run_at = run_at + interval '1 day' where kind = 'payout.send'`);
  return payout;
}

const later = (payout: Payout) => sendPayout(rig.app, payout, { first: false });
const now = ({ book, id }: Payout) => selectPayout(rig.app.db, book, id);

/** As if the last request had left a minute ago. */
async function aMinuteOn({ id }: Payout): Promise<void> {
  await rig.app.db.query(sql`
    update payouts set sent_at = sent_at - interval '61 seconds' where id = ${id}`);
}

function struck(): Promise<number | undefined> {
  return rig.until(
    async () => rig.faults.alipay.settings[0]?.remaining,
    (left) => left === 0,
  );
}

/** The request of this payout reaches the wallet after all. */
async function arrive(payout: Payout): Promise<void> {
  const { payout_reference, amount, wallet_account_id } = payout;
  const account = await requireAccount(rig.app.wallets, wallet_account_id);
  await rig.app.wallets.connector('alipay').payouts?.pay(account, {
    payout_reference,
    amount,
    currency: 'CNY',
    ...PAYEE,
    description: `结算 ${payout.id}`,
    notify_url: rig.notify_url('alipay'),
  });
}

async function cancelled(payout: Payout, { paid_out }: { paid_out: bigint }): Promise<void> {
  expect(await later(payout)).toBe('answered');
  expect(await now(payout)).toMatchObject({ state: 'cancelled' });
  const seller = payout.wallet === 'alipay' ? alipay : wechat;
  expect(await findFunds(rig.app.db, seller)).toMatchObject({ paid_out });
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
}

describe('a payout that is wanted back', () => {
  test('while its second request is under way is paid when that arrives', async () => {
    const { paid_out } = await findFunds(rig.app.db, alipay);
    rig.faults.alipay.set([{ fault: 'rate_limited', operation: TRANSFER, ...ONCE }]);
    const payout = await pay(alipay, 2_500n);
    expect(payout).toMatchObject({ state: 'created', refusal: { code: 'rate_limited' } });
    rig.faults.alipay.set([{ fault: 'timeout_before_effect', operation: TRANSFER, ...ONCE }]);
    const sending = later(payout);
    await struck();
    expect(await cancelPayout(rig.app, payout)).toMatchObject({ state: 'created' });
    expect(await sending).toBe('try_again');
    // The wish did not hide that the request has no answer.
    expect(await now(payout)).toMatchObject({ state: 'unknown' });
    expect(await later(payout)).toBe('try_again');
    await arrive(payout);
    expect(await later(payout)).toBe('answered');
    expect(await now(payout)).toMatchObject({ state: 'succeeded' });
    expect(await findFunds(rig.app.db, alipay)).toMatchObject({ paid_out: paid_out + 2_500n });
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  });

  test('while the wallet is asked about it does not leave any more', async () => {
    const before = await findFunds(rig.app.db, alipay);
    const balance = rig.sandboxes.alipay.balance(PERSON);
    rig.faults.alipay.set([{ fault: 'rate_limited', operation: TRANSFER, ...ONCE }]);
    const payout = await pay(alipay, 2_000n);
    rig.faults.alipay.set([
      { fault: 'answer_slow', operation: QUESTION, delay_ms: 3_000, ...ONCE },
    ]);
    const sending = later(payout);
    await struck();
    await cancelPayout(rig.app, payout);
    expect(await sending).toBe('try_again');
    expect(rig.sandboxes.alipay.balance(PERSON)).toBe(balance);
    await aMinuteOn(payout);
    await cancelled(payout, before);
  });

  test('is not taken for taken back because the wallet would not say', async () => {
    const before = await findFunds(rig.app.db, alipay);
    rig.faults.alipay.set([{ fault: 'error_before_effect', operation: TRANSFER, ...ONCE }]);
    const payout = await pay(alipay, 1_500n);
    // As it is until the answer of the first request is recorded.
    await rig.app.db.query(sql`
      update payouts set state = 'created', version = version + 1 where id = ${payout.id}`);
    rig.faults.alipay.set([{ fault: 'rate_limited', operation: QUESTION, ...ONCE }]);
    expect(await later(payout)).toBe('try_again');
    expect(await now(payout)).toMatchObject({ refusal: { code: 'rate_limited' } });
    await cancelPayout(rig.app, payout);
    expect(await later(payout)).toBe('try_again');
    await aMinuteOn(payout);
    await cancelled(payout, before);
  });

  test('waits for the last of its requests, however old it is', async () => {
    const before = await findFunds(rig.app.db, wechat);
    const lost = { fault: 'error_before_effect', operation: 'transfer.create' } as const;
    rig.faults.wechat_pay.set([{ ...lost, probability: 1 }]);
    const payout = await pay(wechat, 1_000n);
    await nextDay(rig);
    expect(await later(payout)).toBe('try_again');
    expect(await cancelPayout(rig.app, payout)).toMatchObject({ state: 'unknown' });
    rig.faults.wechat_pay.set([]);
    expect(await later(payout)).toBe('try_again');
    await aMinuteOn(payout);
    await cancelled(payout, before);
  });
});

test('a withdrawal refused for want of money is believed a minute later', async () => {
  const seller = await openSeller(rig, {
    wallet: 'wechat_pay',
    role: 'platform',
    custody: 'wallet_held',
  });
  await sale(rig, seller, 60_000n);
  await nextDay(rig, 2);
  await settleMerchant(rig.app, seller, lastFullDay(rig.app));
  const { wallet_account_id: wallet_account } = seller;
  await changeTerms(rig.app, rig.app.db, seller.merchant_id, { wallet_account, state: 'manual' });
  const lost = { fault: 'error_before_effect', operation: 'ecommerce.withdraw' } as const;
  rig.faults.wechat_pay.set([{ ...lost, ...ONCE }]);
  const payout = await pay(seller, 40_000n);
  expect(payout).toMatchObject({ kind: 'withdrawal', state: 'unknown' });
  // What the earlier request would leave behind, were it carried out just now.
  const account = await requireAccount(rig.app.wallets, wallet_account);
  const taken = await rig.app.wallets.connector('wechat_pay').sellerFunds?.withdraw(account, {
    withdrawal_reference: newWalletReference(0),
    sub_merchant: seller.sub_merchant ?? '',
    amount: payout.amount,
    description: 'elsewhere',
    notify_url: rig.notify_url('wechat_pay'),
  });
  expect(taken).toMatchObject({ kind: 'fact' });
  const refusal = { code: 'insufficient_funds' };
  for (const _ of ['sent', 'only asked about']) {
    expect(await later(payout)).toBe('try_again');
    expect(await now(payout)).toMatchObject({ state: 'unknown', refusal });
  }
  expect(await findFunds(rig.app.db, seller)).toMatchObject({ paid_out: 40_000n });
  await aMinuteOn(payout);
  expect(await later(payout)).toBe('answered');
  expect(await now(payout)).toMatchObject({ state: 'refused' });
  expect(await findFunds(rig.app.db, seller)).toMatchObject({ paid_out: 0n });
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});
