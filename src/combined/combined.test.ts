import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { createAttempt } from '../attempts/create.ts';
import { eligibleWallets } from '../attempts/eligible.ts';
import { findAttempts } from '../attempts/find.ts';
import { brokenLaws } from '../check/run.ts';
import { sql } from '../db/pool.ts';
import { LAWS } from '../laws/every.ts';
import { advance } from '../payments/advance.ts';
import { requestClose } from '../payments/close.ts';
import type { Attempt, Payment } from '../payments/payment.ts';
import { combinedOrder, nextDay, openSeller, type Seller } from '../payouts/testing.ts';
import { createRefund } from '../refunds/create.ts';
import { findRefunds } from '../refunds/find.ts';
import { sellerBalance } from '../settlement/balance.ts';
import { lastFullDay, settleMerchant } from '../settlement/settle.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { PresentationKind, WalletName } from '../wallets/wallet.ts';
import { advanceCombined } from './advance.ts';
import { orderAtWallet } from './attempt-part.ts';

/** One payment for several sellers, over the real sandboxes of the two wallets that have them. */
let rig: MoneyRig;
const sellers = new Map<WalletName, readonly Seller[]>();
const CASES = [
  ['wechat_pay', 'qr'],
  ['alipay', 'h5'],
] as const;

beforeAll(async () => {
  rig = await startMoneyRig();
  for (const [wallet] of CASES) {
    const custody = 'merchant_own' as const;
    const made = [];
    for (let n = 0; n < 3; n += 1) made.push(await openSeller(rig, { wallet, custody }));
    sellers.set(wallet, made);
  }
});
beforeEach(() => {
  rig.faults.alipay.set([]);
  rig.faults.wechat_pay.set([]);
});

const AMOUNTS = [10_000n, 3_333n, 5n];

function order(of: readonly Seller[], amounts: readonly bigint[] = AMOUNTS): Promise<Payment> {
  return combinedOrder(
    rig,
    of.map((seller, index) => [seller, amounts[index] ?? 1n]),
  );
}

function begin(payment: Payment, wallet: WalletName, presentation: PresentationKind) {
  return createAttempt(rig.app, { payment, wallet, presentation, client_ip: '127.0.0.1' });
}

function codeOf({ presentation_data: shown, refusal }: Attempt): string {
  if (shown?.kind === 'qr') return shown.qr;
  if (shown && 'url' in shown) return shown.url;
  throw new Error(`nothing is shown: ${JSON.stringify(refusal)}`);
}

function until(payment: Payment, done: (now: Payment) => boolean): Promise<Payment> {
  return rig.until(() => rig.reload(payment), done);
}

async function paid(wallet: WalletName, presentation: PresentationKind): Promise<Payment> {
  const payment = await order(sellers.get(wallet) ?? []);
  const attempt = await begin(payment, wallet, presentation);
  await rig.payAt(wallet, codeOf(attempt));
  return until(payment, ({ state }) => state === 'succeeded');
}

async function taken(payment: Payment): Promise<Map<string, bigint>> {
  const rows = await rig.app.db.query<{ account: string; sum: bigint }>(sql`
    select account, sum(amount)::bigint as sum from (
      select debit_account as account, -amount as amount from postings
      where book = ${payment.book} and subject_id = ${payment.id} and kind in ('posted', 'post')
      union all
      select credit_account, amount from postings
      where book = ${payment.book} and subject_id = ${payment.id} and kind in ('posted', 'post')
    ) t group by account`);
  return new Map(rows.map(({ account, sum }) => [account, sum]));
}

const refundPart = (payment: Payment, part: string | undefined, amount: bigint) =>
  createRefund(rig.app, {
    payment,
    part,
    amount,
    reference: randomUUID(),
    reason: 'broken',
    metadata: {},
  });

async function lawful(): Promise<void> {
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
}

describe.each(CASES)('a combined order by %s as %s', (wallet, presentation) => {
  test('is paid at once, and each seller has its own', async () => {
    const payment = await paid(wallet, presentation);
    const sums = await taken(payment);
    for (const { merchant_id, amount } of payment.parts) {
      const has = sums.get(`merchant:${merchant_id}`) ?? 0n;
      expect(has).toBeGreaterThan(0n);
      expect(has).toBeLessThanOrEqual(amount);
    }
    const fees = sums.get(`wallet_fees:${sellers.get(wallet)?.[0]?.wallet_account_id}`) ?? 0n;
    const all = payment.parts.map(({ merchant_id }) => sums.get(`merchant:${merchant_id}`) ?? 0n);
    expect(all.reduce((sum, one) => sum + one, fees)).toBe(13_338n);
    await lawful();
  });

  test('is refunded part by part; many refunds of a part leave what one would', async () => {
    const payment = await paid(wallet, presentation);
    const [first, second, third] = payment.parts;
    if (!first || !second || !third) throw new Error('three parts are needed');
    for (const amount of [1n, 3_000n, 332n]) await refundPart(payment, second.id, amount);
    await refundPart(payment, third.id, 5n);
    const now = await until(payment, ({ refunded }) => refunded === 3_338n);
    expect(now.parts.map(({ refunded }) => refunded)).toEqual([0n, 3_333n, 5n]);
    const sums = await taken(payment);
    expect(sums.get(`merchant:${second.merchant_id}`)).toBe(0n);
    expect(sums.get(`merchant:${third.merchant_id}`)).toBe(0n);
    await lawful();
  });

  test('refuses a refund over a part, of no part, and of another payment’s part', async () => {
    const payment = await paid(wallet, presentation);
    const other = await order(sellers.get(wallet) ?? []);
    const [first, second] = payment.parts;
    if (!first || !second) throw new Error('two parts are needed');
    await expect(refundPart(payment, second.id, 3_334n)).rejects.toMatchObject({
      code: 'amount_exceeds_refundable',
    });
    const wrong = { code: 'invalid_parameter', detail: { param: 'part' } };
    await expect(refundPart(payment, undefined, 1n)).rejects.toMatchObject(wrong);
    await expect(refundPart(payment, other.parts[0]?.id, 1n)).rejects.toMatchObject(wrong);
    const tries = await Promise.allSettled(
      Array.from({ length: 12 }, () => refundPart(payment, second.id, 1_000n)),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const now = await until(payment, ({ refunded }) => refunded === 3_000n);
    expect(now.parts[1]).toMatchObject({ refund_reserved: 3_000n, refunded: 3_000n });
    await lawful();
  });

  test('comes back part by part when it is paid after the close', async () => {
    const payment = await order(sellers.get(wallet) ?? []);
    const attempt = await begin(payment, wallet, presentation);
    await rig.payAt(wallet, codeOf(attempt));
    // Nobody heard of the money yet when the attempt is taken for closed.
    await rig.app.db.query(sql`
      update attempts set state = 'closed', next_query_at = null where id = ${attempt.id}
        and state <> 'succeeded'`);
    const now = await rig.reload(payment);
    if (now.state !== 'succeeded') await requestClose(rig.app, now, 'cancelled').catch(() => {});
    const end = await until(payment, ({ state }) => state === 'closed' || state === 'succeeded');
    if (end.state === 'closed') {
      const refunds = await rig.until(
        () => findRefunds(rig.app, payment),
        (all) => all.length === 3 && all.every(({ state }) => state === 'succeeded'),
      );
      expect(refunds.map(({ amount }) => amount).sort()).toEqual([...AMOUNTS].sort());
      expect(new Set(refunds.map(({ part_id }) => part_id)).size).toBe(3);
    }
    await lawful();
  });

  test('believes no fact that does not fit one of its parts', async () => {
    const payment = await order(sellers.get(wallet) ?? []);
    const attempt = await begin(payment, wallet, presentation);
    const account = await requireAccount(rig.app.wallets, attempt.wallet_account_id);
    const wallet_merchant = rig.app.wallets.connector(wallet).merchantNumber(account);
    const facts = await Promise.all(
      payment.parts.map(async ({ id, amount }) => {
        const { wallet_reference } = await orderAtWallet(rig.app, attempt, id);
        const common = { state: 'paid', currency: 'CNY', wallet_merchant } as const;
        return { ...common, wallet_reference, wallet_transaction_id: randomUUID(), amount };
      }),
    );
    const [first, second, third] = facts;
    if (!first || !second || !third) throw new Error('three parts are needed');
    const { wallet_reference } = attempt;
    const tell = (all: typeof facts) =>
      advanceCombined(rig.app, account, { wallet_reference, facts: all }, 'notification');
    // The sum is right and no part is.
    const shifted = [
      { ...first, amount: first.amount + 1n },
      { ...second, amount: second.amount - 1n },
      third,
    ];
    expect(await tell(shifted)).toMatchObject({ outcome: 'refuse', why: 'wrong_amount' });
    expect(await tell([first, second])).toMatchObject({ outcome: 'ignore', why: 'partly_paid' });
    const foreign = { ...third, wallet_reference: 'X'.repeat(28) };
    expect(await tell([first, second, foreign])).toMatchObject({ why: 'wrong_parts' });
    const whole = { ...first, wallet_reference, amount: payment.amount };
    expect(await advance(rig.app, account, whole, 'notification')).toMatchObject({
      outcome: 'refuse',
      why: 'wrong_parts',
    });
    const alone = { ...first, amount: payment.amount };
    expect(await advance(rig.app, account, alone, 'notification')).toMatchObject({
      outcome: 'refuse',
      why: 'wrong_amount',
    });
    expect(await rig.reload(payment)).toMatchObject({ state: 'pending' });
    expect((await taken(payment)).size).toBe(0);
    await lawful();
  });

  test('whose answer is lost is found by asking, and closes whole', async () => {
    // Questions about other orders may meet it first.
    rig.faults[wallet].set([{ fault: 'error_after_effect', probability: 1, remaining: 100 }]);
    const payment = await order(sellers.get(wallet) ?? []);
    const attempt = await begin(payment, wallet, presentation);
    rig.faults[wallet].set([]);
    expect(attempt.state).toBe('unknown');
    const closed = await requestClose(rig.app, payment, 'cancelled');
    if (closed.state !== 'closed') {
      await nextDay(rig);
      await until(payment, ({ state }) => state === 'closed');
    }
    expect((await taken(payment)).size).toBe(0);
  });
});

describe('a combined order', () => {
  test('settles with each of its sellers', async () => {
    const payment = await paid('wechat_pay', 'qr');
    await nextDay(rig, 2);
    for (const seller of sellers.get('wechat_pay') ?? []) {
      await settleMerchant(rig.app, seller, lastFullDay(rig.app));
      const balance = await sellerBalance(rig.app, seller);
      expect(balance.accounts[0]?.settled).toBe(balance.posted);
    }
    expect(payment.parts).toHaveLength(3);
    await lawful();
  });

  test('names each seller to a platform’s wallet by its own number', async () => {
    const options = { wallet: 'wechat_pay', role: 'platform', custody: 'wallet_held' } as const;
    const stalls = [await openSeller(rig, options), await openSeller(rig, options)];
    const payment = await order(stalls, [700n, 300n]);
    const attempt = await begin(payment, 'wechat_pay', 'qr');
    await rig.payAt('wechat_pay', codeOf(attempt));
    const done = await until(payment, ({ state }) => state === 'succeeded');
    const part = done.parts[1];
    const at = await orderAtWallet(rig.app, attempt, part?.id ?? null);
    expect(at.sub_merchant).toBe(stalls[1]?.sub_merchant);
    expect(at.wallet_transaction_id).not.toBeNull();
    // All of it is no more than the seller has: the wallet's fee comes back with it.
    await refundPart(done, part?.id, 300n);
    await until(payment, ({ refunded }) => refunded === 300n);
    await lawful();
  });

  test('says which wallet cannot take it, and why', async () => {
    const own = sellers.get('wechat_pay') ?? [];
    const [first] = sellers.get('alipay') ?? [];
    if (!first) throw new Error('a seller is needed');
    const reasons = async (payment: Payment, client: 'desktop' | 'phone') =>
      Object.fromEntries(
        (await eligibleWallets(rig.app, payment, client)).map((one) => [one.wallet, one.reason]),
      );
    expect(await reasons(await order(own), 'desktop')).toMatchObject({
      wechat_pay: null,
      alipay: 'not_enrolled',
    });
    const mixed = await order([...own.slice(0, 1), first]);
    expect(await reasons(mixed, 'phone')).toMatchObject({
      wechat_pay: 'not_enrolled',
      alipay: 'not_enrolled',
    });
    const desktop = await reasons(await order(sellers.get('alipay') ?? []), 'desktop');
    expect(desktop).toMatchObject({ alipay: 'not_in_this_browser' });
    const union = await openSeller(rig, { wallet: 'union_pay', custody: 'merchant_own' });
    const other = await openSeller(rig, { wallet: 'union_pay', custody: 'merchant_own' });
    expect(await reasons(await order([union, other]), 'desktop')).toMatchObject({
      union_pay: 'no_combined_orders',
    });
  });

  test('of more parts than the account takes is not offered; of as many it is paid', async () => {
    const [seller] = sellers.get('wechat_pay') ?? [];
    if (!seller) throw new Error('a seller is needed');
    const many = (count: number) => order(Array.from({ length: count }, () => seller));
    const wechat = async (payment: Payment) =>
      (await eligibleWallets(rig.app, payment, 'desktop')).find(
        ({ wallet }) => wallet === 'wechat_pay',
      )?.reason;
    expect(await wechat(await many(11))).toBe('too_many_parts');
    const most = await many(10);
    expect(await wechat(most)).toBeNull();
    await rig.payAt('wechat_pay', codeOf(await begin(most, 'wechat_pay', 'qr')));
    await until(most, ({ state }) => state === 'succeeded');
    const partner = await openSeller(rig, {
      wallet: 'wechat_pay',
      role: 'partner',
      custody: 'merchant_own',
    });
    const account = await requireAccount(rig.app.wallets, partner.wallet_account_id);
    expect(rig.app.wallets.connector('wechat_pay').combined?.maxParts?.(account)).toBe(50);
    await lawful();
  });

  test('keeps its attempts and parts together under row versions', async () => {
    const payment = await paid('wechat_pay', 'qr');
    const [attempt] = await findAttempts(rig.app, payment);
    expect(attempt).toMatchObject({ combined: true, sub_merchant: null, amount: 13_338n });
  });
});

test('a wallet that tells of one part and cannot be asked for the others is asked until it can', async () => {
  const payment = await order(sellers.get('alipay') ?? []);
  const attempt = await begin(payment, 'alipay', 'h5');
  rig.faults.alipay.set([{ fault: 'error_before_effect', probability: 1 }]);
  await rig.payAt('alipay', codeOf(attempt));
  const asked = async () => {
    const [row] = await rig.app.db.query<{ count: number }>(sql`
      select count(*)::int from wallet_calls
      where attempt_id = ${attempt.id} and operation = 'alipay.trade.query'`);
    return row?.count ?? 0;
  };
  await rig.until(asked, (count) => count >= 12);
  const jobs = await rig.app.db.query<{ state: string; tries: number }>(sql`
    select state, tries from jobs where kind = 'notification.process'`);
  expect(jobs.length).toBeGreaterThan(0);
  // None of them is nearer to being given up.
  for (const { state, tries } of jobs) expect([state, tries <= 1]).toEqual(['ready', true]);
  rig.faults.alipay.set([]);
  await until(payment, ({ state }) => state === 'succeeded');
});
