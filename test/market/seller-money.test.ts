import { beforeAll, expect, test } from 'vitest';
import { dayAfter, startOfDay } from '../../src/clock.ts';
import { sql } from '../../src/db/pool.ts';
import { newId, newWalletReference } from '../../src/ids.ts';
import { enrolMerchant } from '../../src/merchants/enrol.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payableNow } from '../../src/payouts/payable.ts';
import { selectDue } from '../../src/payouts/queries.ts';
import { changeTerms, findTerms, type TermsChange } from '../../src/payouts/terms.ts';
import { settleDays } from '../../src/settlement/jobs.ts';
import { lastFullDay, type MerchantAt, settleMerchant } from '../../src/settlement/settle.ts';
import {
  type Booking,
  book,
  openAccount,
  openMerchant,
  openStalls,
  type Stalls,
} from '../support/stalls.ts';

/** Sellers’ money by hand-made postings: what may leave, whose day it is, and how many sellers. */
let stalls: Stalls;
beforeAll(async () => {
  stalls = await openStalls(['hub_held', 'merchant_own']);
});

interface Seller extends MerchantAt {
  readonly wallet_account_id: string;
}

async function payable(seller: Seller): Promise<bigint> {
  const { app } = stalls.hub;
  const terms = await findTerms(app.db, seller.merchant_id, seller.wallet_account_id);
  if (!terms) throw new Error('no terms');
  return (await payableNow(app, seller, terms)).payable;
}

async function paidOutBy(account: number): Promise<Seller> {
  const { hub, accounts } = stalls;
  const merchant = await openMerchant(stalls);
  const { merchant_id } = merchant;
  const wallet_account_id = accounts[account] ?? '';
  await enrolMerchant(hub.app.db, {
    merchant_id,
    wallet: 'alipay',
    wallet_account_id,
    sub_merchant: undefined,
  });
  const terms = { wallet_account: wallet_account_id, state: 'manual', payee: 'x@y.test' } as const;
  await changeTerms(hub.app, hub.app.db, merchant_id, terms);
  return { ...merchant, wallet_account_id };
}

function on(merchant: MerchantAt, account: number, one: Pick<Booking, 'what' | 'amount' | 'at'>) {
  return book(stalls, merchant, { ...one, wallet_account_id: stalls.accounts[account] ?? '' });
}

test('money that the seller has at another wallet does not pay for refunds here', async () => {
  const { app } = stalls.hub;
  const seller = await paidOutBy(0);
  const yesterday = startOfDay(lastFullDay(app));
  await on(seller, 0, { what: 'payment', amount: 10_000n, at: yesterday });
  await on(seller, 1, { what: 'payment', amount: 90_000n, at: yesterday });
  await settleMerchant(app, seller, lastFullDay(app));
  const today = startOfDay(dayAfter(lastFullDay(app)));
  await on(seller, 0, { what: 'refund', amount: 6_000n, at: today });
  expect(await payable(seller)).toBe(4_000n);
  await expect(
    createPayout(app, {
      merchant: seller,
      wallet_account_id: seller.wallet_account_id,
      amount: 4_001n,
    }),
  ).rejects.toMatchObject({ code: 'amount_exceeds_payable' });
});

test('what the seller owes at one wallet is kept back at the others', async () => {
  const { app } = stalls.hub;
  const seller = await paidOutBy(0);
  const other = await openAccount(stalls, 'hub_held');
  const yesterday = startOfDay(lastFullDay(app));
  await on(seller, 0, { what: 'payment', amount: 10_000n, at: yesterday });
  await book(stalls, seller, {
    what: 'refund',
    amount: 700n,
    wallet_account_id: other,
    at: yesterday,
  });
  await settleMerchant(app, seller, lastFullDay(app));
  expect(await payable(seller)).toBe(9_300n);
});

const SELLERS = 201;

test('one run settles every seller’s day, also behind sellers that cannot be settled', async () => {
  const { app } = stalls.hub;
  const { platform_id } = stalls;
  // First in the order of ids, and booked at an account that is gone.
  await app.db.query(sql`
    insert into merchants (id, platform_id, name)
    select 'mer_' || lpad(i::text, 28, '0'), ${platform_id}, 'Stall' from generate_series(1, ${SELLERS}) i`);
  await app.db.query(sql`
    insert into ledger_accounts (book, id, currency, normal)
    select 0, 'merchant:mer_' || lpad(i::text, 28, '0'), 'CNY', 'credit'
    from generate_series(1, ${SELLERS}) i`);
  const at = startOfDay(lastFullDay(app));
  const stuck = { book: 0, platform_id, merchant_id: `mer_${'1'.padStart(28, '0')}` };
  await book(stalls, stuck, { what: 'payment', amount: 1n, wallet_account_id: 'wac_gone', at });
  const last = await openMerchant(stalls);
  const wallet_account_id = stalls.accounts[0] ?? '';
  await book(stalls, last, { what: 'payment', amount: 900n, wallet_account_id, at });
  await settleDays.run(app);
  const nets = await app.db.query(sql`
    select merchant_id, net, state from settlements
    where book = 0 and merchant_id in (${last.merchant_id}, ${stuck.merchant_id})`);
  expect(nets).toEqual([{ merchant_id: last.merchant_id, net: 900n, state: 'settled' }]);
  const [left] = await app.db.query(sql`
    select count(*)::int as sellers from merchants m
    left join settlement_cursors c on c.merchant_id = m.id
    where m.id <= 'mer_1' and c.settled_to is null`);
  expect(left).toEqual({ sellers: 1 });
});

/** Rows of a CSV whose cells need no quotes. */
function cells(csv: string): string[][] {
  return csv
    .trim()
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(','));
}

test('a day ends at midnight in Shanghai, to the millisecond, for settlements and statements', async () => {
  const { hub, key } = stalls;
  const merchant = await openMerchant(stalls);
  const day = lastFullDay(hub.app);
  const before = dayAfter(day, -1);
  const midnight = startOfDay(day).getTime();
  await on(merchant, 0, { what: 'payment', amount: 1_000n, at: new Date(midnight - 1) });
  await on(merchant, 0, { what: 'refund', amount: 400n, at: new Date(midnight + 1) });
  await on(merchant, 0, { what: 'payment', amount: 30n, at: new Date(midnight) });
  await settleMerchant(hub.app, merchant, day);
  const days = await hub.app.db.query(sql`
    select to_char(business_date, 'YYYY-MM-DD') as date, net from settlements
    where merchant_id = ${merchant.merchant_id} order by business_date`);
  expect(days).toEqual([
    { date: before, net: 1_000n },
    { date: day, net: -370n },
  ]);
  const read = async (from: string, format: string) =>
    hub.call(
      'GET',
      `/v1/merchants/${merchant.merchant_id}/statements?from=${from}&to=${from}&format=${format}`,
      { key },
    );
  expect((await read(before, 'json')).json).toMatchObject({
    opening_balance: 0,
    closing_balance: 1_000,
  });
  expect((await read(day, 'json')).json).toMatchObject({
    opening_balance: 1_000,
    closing_balance: 630,
  });
  const rows = [
    ...cells((await read(before, 'csv')).text),
    ...cells((await read(day, 'csv')).text),
  ];
  expect(rows.map(([date, time, kind, ...rest]) => [date, time, kind, rest.at(-1)])).toEqual([
    [before, '', 'opening', '0.00'],
    [before, '23:59:59', 'payment', '10.00'],
    [before, '', 'closing', '10.00'],
    [day, '', 'opening', '10.00'],
    [day, '00:00:00', 'payment', '10.30'],
    [day, '00:00:00', 'refund', '6.30'],
    [day, '', 'closing', '6.30'],
  ]);
});

test('a cursor that nobody was given is refused, whatever is in it', async () => {
  const { hub, key } = stalls;
  const merchant = await openMerchant(stalls);
  const day = lastFullDay(hub.app);
  const huge = '9'.repeat(18);
  const line = `pst_${'0'.repeat(28)}`;
  const forged = [
    [huge, huge, huge, '1', '2026-01-01T00:00:00.000Z', line],
    ['0', '0', '0', huge, '9999-12-31T23:59:59.999Z', line],
    ['0', '5', '0', '1', '0001-01-01T00:00:00.000Z', line],
    ['0', '5', '0', '-1', '0000-01-01T00:00:00.000Z', line],
    {},
  ];
  for (const one of forged) {
    const cursor = Buffer.from(JSON.stringify(one)).toString('base64url');
    const path = `/v1/merchants/${merchant.merchant_id}/statements?from=${day}&to=${day}&cursor=${cursor}`;
    const { status } = await hub.call('GET', path, { key });
    expect([200, 400]).toContain(status);
  }
});

test('a payout that was refused or taken back is not made again by itself before the next day', async () => {
  const { app } = stalls.hub;
  const seller = await paidOutBy(0);
  const { merchant_id, wallet_account_id: wallet_account, platform_id } = seller;
  const terms = (over: Partial<TermsChange>) =>
    changeTerms(app, app.db, merchant_id, { wallet_account, state: 'automatic', ...over });
  const due = async (days = 0) => {
    const day = dayAfter(lastFullDay(app), days);
    const found = await selectDue(app.db, { book: 0, day, after: '', limit: 100 });
    return found.some((one) => one.merchant_id === merchant_id);
  };
  await on(seller, 0, { what: 'payment', amount: 900n, at: startOfDay(lastFullDay(app)) });
  await settleMerchant(app, seller, lastFullDay(app));
  expect(await due()).toBe(false);
  await terms({ hold_days: 1 });
  expect([await due(), await due(1)]).toEqual([false, true]);
  await terms({ hold_days: 0, minimum: 901n });
  expect(await due()).toBe(false);
  await terms({ minimum: 900n });
  expect(await due()).toBe(true);
  await app.db.query(sql`
    insert into payouts (book, id, platform_id, merchant_id, wallet_account_id, wallet, kind, state,
      amount, currency, payout_reference, payee, reservation_id, created_at)
    values (0, ${newId('pyo')}, ${platform_id}, ${merchant_id}, ${wallet_account}, 'alipay',
      'transfer', 'cancelled', 900, 'CNY', ${newWalletReference(0)}, 'sealed', ${newId('pst')},
      ${app.clock.now()})`);
  expect([await due(), await due(1)]).toEqual([false, true]);
});
