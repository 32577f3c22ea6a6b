import { beforeAll, expect, test } from 'vitest';
import {
  addReceiver,
  escrow,
  holdIn,
  holdOf,
  MINUTE_MS,
  posted,
  share,
} from '../../test/market/market-rig.ts';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { whyWalletNot } from '../attempts/eligible.ts';
import { releaseHold } from '../escrow/release.ts';
import { openSeller, type Seller, sale } from '../payouts/testing.ts';
import { splitLimits } from '../profit-sharing/limits.ts';
import type { Share } from '../profit-sharing/shares.ts';
import { requireAccount } from '../wallets/registry.ts';
import { maxRate, RATE_KEPT_MS, RATE_UNKNOWN_MS } from './max-rate.ts';

/** What a seller may give away, as its wallet says it, before anybody pays. */
let rig: MoneyRig;
let receiver: Share['receiver'];
/** A seller of a partner at WeChat Pay, and a merchant of its own at Alipay. */
let seller: Seller;
let merchant: Seller;

beforeAll(async () => {
  rig = await startMoneyRig({ HUTONG_LOG_LEVEL: 'silent' });
  receiver = await addReceiver(rig);
  const custody = 'merchant_own';
  seller = await openSeller(rig, { wallet: 'wechat_pay', role: 'partner', custody });
  merchant = await openSeller(rig, { wallet: 'alipay', custody });
});

async function act(wallet: 'wechat_pay' | 'alipay', name: string, input: object): Promise<void> {
  const action = rig.sandboxes[wallet].actions.find((known) => known.name === name);
  if (!action) throw new Error(`no action ${name}`);
  await action.run(input);
}

/** What the wallet has agreed with the seller, percent. */
async function agree(percent: number): Promise<void> {
  const { sub_merchant: sub_mchid } = seller;
  await act('wechat_pay', 'sub-merchants/split-ratio', { sub_mchid, ratio: percent * 100 });
  const account = await requireAccount(rig.app.wallets, merchant.wallet_account_id);
  const seller_id = rig.app.wallets.connector('alipay').merchantNumber(account);
  await act('alipay', 'royalty/ratio', { seller_id, percent });
}

/** The hub so much later, by real time: what it was told before may have run out. */
function later(ms: number): MoneyRig['app'] {
  const { app } = rig;
  const real = () => new Date(app.clock.real().getTime() + ms);
  return { ...app, clock: { now: () => app.clock.now(), real } };
}

/** Why the seller's wallet is not offered for a payment of 100 yuan with such a share. */
async function why(app: MoneyRig['app'], of: Seller, amount: bigint) {
  const { book, platform_id, merchant_id, wallet } = of;
  const payment = await rig.create({ amount: 10_000n });
  const terms = escrow(10, [share(receiver, amount)]);
  const order = { ...payment, book, platform_id, merchant_id, terms };
  return (await whyWalletNot(app, order as typeof payment, wallet, 'qr')).reason;
}

async function rateOf(app: MoneyRig['app'], of: Seller): Promise<bigint> {
  const account = await requireAccount(rig.app.wallets, of.wallet_account_id);
  const limits = splitLimits(app.wallets.connector(of.wallet), account);
  if (!limits) throw new Error('no splits');
  return maxRate(app, { account, sub_merchant: of.sub_merchant ?? null }, limits);
}

test('a seller that may give away more than is usual gives it away', async () => {
  await agree(80);
  for (const one of [seller, merchant]) {
    const before = await posted(rig, `receiver:${receiver}`);
    const terms = escrow(10, [share(receiver, 5_000n)]);
    const payment = await sale(rig, one, 10_000n, terms);
    await rig.clock.advance(MINUTE_MS);
    await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
    expect(await holdIn(rig, payment, 'released')).toMatchObject({ shared: 5_000n });
    expect((await posted(rig, `receiver:${receiver}`)) - before).toBe(5_000n);
    expect(await why(rig.app, one, 8_000n)).toBeNull();
    expect(await why(rig.app, one, 8_001n)).toBe('shares_too_large');
  }
});

test('one that may give away less is not charged for a split that its wallet refuses', async () => {
  await agree(5);
  const app = later(RATE_KEPT_MS);
  for (const one of [seller, merchant]) {
    expect(await why(app, one, 500n)).toBeNull();
    expect(await why(app, one, 501n)).toBe('shares_too_large');
    const terms = escrow(10, [share(receiver, 501n)]);
    await expect(sale({ ...rig, app }, one, 10_000n, terms)).rejects.toMatchObject({
      code: 'splits_not_possible',
      message: expect.stringContaining(`${one.wallet} (shares_too_large)`),
    });
  }
});

test('the answer is kept for hours, and each seller has its own', async () => {
  await agree(40);
  const told = 2 * RATE_KEPT_MS;
  for (const one of [seller, merchant]) {
    expect(await rateOf(later(told), one)).toBe(40_000n);
  }
  await agree(10);
  for (const one of [seller, merchant]) {
    expect(await rateOf(later(told + RATE_KEPT_MS - MINUTE_MS), one)).toBe(40_000n);
    expect(await rateOf(later(told + RATE_KEPT_MS), one)).toBe(10_000n);
  }
  const other = { ...seller, sub_merchant: undefined };
  expect(await rateOf(later(told), other)).toBe(30_000n);
});

test('a wallet that does not answer is left alone for a minute, at what it said last', async () => {
  const quiet = [{ fault: 'error_before_effect', probability: 1 }] as const;
  const { sandboxes, faults } = rig;
  const fresh = sandboxes.wechat_pay.accounts().find(({ role }) => role === 'partner');
  const sub_merchant = fresh?.sub_merchants[1];
  if (sub_merchant === undefined) throw new Error('no second seller');
  const unknown = { ...seller, sub_merchant };
  await act('wechat_pay', 'sub-merchants/split-ratio', { sub_mchid: sub_merchant, ratio: 7_000 });
  const from = 4 * RATE_KEPT_MS;
  for (const wallet of ['wechat_pay', 'alipay'] as const) faults[wallet].set(quiet);
  expect(await rateOf(later(from), unknown)).toBe(30_000n);
  expect(await rateOf(later(from), merchant)).toBe(10_000n);
  for (const wallet of ['wechat_pay', 'alipay'] as const) faults[wallet].set([]);
  await agree(60);
  const soon = later(from + RATE_UNKNOWN_MS - 10_000);
  expect([await rateOf(soon, unknown), await rateOf(soon, merchant)]).toEqual([30_000n, 10_000n]);
  const then = later(from + RATE_UNKNOWN_MS);
  expect([await rateOf(then, unknown), await rateOf(then, merchant)]).toEqual([70_000n, 60_000n]);
});

test('many checkouts at once are one question', async () => {
  await agree(20);
  rig.faults.wechat_pay.set([{ fault: 'error_before_effect', probability: 1, remaining: 1 }]);
  const app = later(6 * RATE_KEPT_MS);
  const rates = await Promise.all(Array.from({ length: 50 }, () => rateOf(app, seller)));
  rig.faults.wechat_pay.set([]);
  // Only the first question fails, so that a second one would have been told 20 %.
  expect(new Set(rates)).toEqual(new Set([10_000n]));
});
