import { beforeAll, expect, test } from 'vitest';
import { brokenLaws } from '../../src/check/run.ts';
import { sql } from '../../src/db/pool.ts';
import { newId } from '../../src/ids.ts';
import { LAWS } from '../../src/laws/every.ts';
import type { Payment } from '../../src/payments/payment.ts';
import { openSeller, payerOf, type Seller, sale } from '../../src/payouts/testing.ts';
import { findSplitOrders } from '../../src/profit-sharing/find.ts';
import type { Share } from '../../src/profit-sharing/shares.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { sellerBalance } from '../../src/settlement/balance.ts';
import { type MoneyRig, startMoneyRig } from '../support/money-rig.ts';
import { addReceiver, holdIn, MINUTE_MS, posted, refunded, share, sharing } from './market-rig.ts';

/** Shares that a wallet cannot take back: the seller pays a refund of them alone, and is bound. */
let rig: MoneyRig;

beforeAll(async () => {
  rig = await startMoneyRig();
  // The wallet has money of others, too: it refuses no refund for want of it.
  const other = await openSeller(rig, { wallet: 'wechat_pay', custody: 'hub_held' });
  await sale(rig, other, 50_000n);
});

async function addPerson(account: { wechat_pay: string } | { alipay: string }) {
  const id = newId('rcv');
  const [[wallet, number]] = Object.entries(account) as [[string, string]];
  await rig.app.db.query(sql`
    insert into receivers (id, platform_id, name, kind, accounts)
    values (${id}, ${rig.platform_id}, 'Lin', 'person',
      ${JSON.stringify({ [wallet]: { account: number, name: '林夏' } })})`);
  return id;
}

/** Paid and shared: nothing of it is held. */
async function shared(seller: Seller, shares: readonly Share[]): Promise<Payment> {
  const payment = await sale(rig, seller, 10_000n, sharing(...shares));
  await rig.clock.advance(MINUTE_MS);
  await holdIn(rig, payment, 'released');
  return payment;
}

const refund = (payment: Payment, amount: bigint, reference: string) =>
  createRefund(rig.app, { payment, amount, reference, reason: 'broken', metadata: {} });

async function returnsOf(payment: Payment) {
  const orders = await findSplitOrders(rig.app, payment);
  return orders.filter(({ kind }) => kind === 'return');
}

async function owesAtMost(merchant_id: string, limit: bigint): Promise<void> {
  await rig.app.db.query(sql`
    update merchants set owed_limit = ${limit} where id = ${merchant_id}`);
}

async function has(seller: Seller): Promise<bigint> {
  return (await sellerBalance(rig.app, seller)).posted;
}

test('a person at WeChat Pay keeps its share, and the seller’s limit counts it', async () => {
  const seller = await openSeller(rig, { wallet: 'wechat_pay', custody: 'hub_held' });
  const first = await sale(rig, seller, 100n);
  const person = await addPerson({ wechat_pay: await payerOf(rig, seller, first) });
  const merchant = await addReceiver(rig);
  const shares = [share(person, 2_000n, 'referrer'), share(merchant, 500n)];
  const payment = await shared(seller, shares);
  const before = await has(seller);
  expect(before).toBe(99n + 7_500n - 60n);
  // Of 10,000 fen 500 come back from the merchant, and 60 of the wallet's fee.
  const short = 10_000n - 500n - 60n - before;
  await expect(refund(payment, 10_000n, 'all')).rejects.toMatchObject({
    code: 'seller_short',
    message: expect.stringContaining(`would owe ${short} fen`),
  });
  await owesAtMost(seller.merchant_id, short);
  await refunded(rig, payment, 10_000n);
  expect(await has(seller)).toBe(-short);
  expect(await posted(rig, `receiver:${person}`)).toBe(2_000n);
  expect(await posted(rig, `receiver:${merchant}`)).toBe(0n);
  const returns = await returnsOf(payment);
  expect(returns).toMatchObject([{ state: 'finished', parts: [{ receiver: merchant }] }]);
  const [refusals] = await rig.app.db.query(sql`
    select count(*)::int as told from events
    where payment_id = ${payment.id} and type = 'split.refused'`);
  expect(refusals).toEqual({ told: 0 });
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});

test('a person at Alipay gives it back with the refund', async () => {
  const seller = await openSeller(rig, {
    wallet: 'alipay',
    role: 'certificate',
    custody: 'hub_held',
  });
  const person = await addPerson({ alipay: 'lin-xia@sandbox.test' });
  const payment = await shared(seller, [share(person, 2_000n, 'referrer')]);
  expect(await has(seller)).toBe(8_000n - 60n);
  await refunded(rig, payment, 10_000n);
  expect(await has(seller)).toBe(0n);
  expect(await posted(rig, `receiver:${person}`)).toBe(0n);
});

test('nobody is asked for a share that is older than the wallet takes back', async () => {
  const seller = await openSeller(rig, { wallet: 'wechat_pay', custody: 'hub_held' });
  const merchant = await addReceiver(rig);
  const payment = await shared(seller, [share(merchant, 1_000n)]);
  await refunded(rig, payment, 5_000n);
  expect(await posted(rig, `receiver:${merchant}`)).toBe(500n);
  await rig.app.db.query(sql`
    update split_orders set finished_at = finished_at - interval '181 days'
    where payment_id = ${payment.id} and kind = 'split'`);
  await expect(refund(payment, 5_000n, 'rest')).rejects.toMatchObject({ code: 'seller_short' });
  await owesAtMost(seller.merchant_id, 500n);
  await refunded(rig, payment, 5_000n);
  expect(await posted(rig, `receiver:${merchant}`)).toBe(500n);
  expect(await returnsOf(payment)).toHaveLength(1);
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});
