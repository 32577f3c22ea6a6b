import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createEmptyDatabase } from '../../test/support/database.ts';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { brokenLaws } from '../check/run.ts';
import { migrate, migrationFolder, readMigrations } from '../db/migrate.ts';
import { sql } from '../db/pool.ts';
import { withClient } from '../db/postgres-admin.ts';
import { type Id, newWalletReference } from '../ids.ts';
import { LAWS } from '../laws/every.ts';
import { advance } from '../payments/advance.ts';
import { createPayout } from '../payouts/create.ts';
import { payableNow } from '../payouts/payable.ts';
import { changeTerms, findTerms } from '../payouts/terms.ts';
import { nextDay, openSeller, type Seller, sale } from '../payouts/testing.ts';
import { resolveBreak } from '../reconciliation/breaks/resolve.ts';
import { requireAccount } from '../wallets/registry.ts';
import { sellerBalance } from './balance.ts';
import { lastFullDay, settleMerchant } from './settle.ts';

/** Money for an order that nobody knew, given to its seller, is the seller's like any other. */
let rig: MoneyRig;
beforeAll(async () => {
  rig = await startMoneyRig();
});

async function givenFromSuspense(seller: Seller, amount: bigint): Promise<void> {
  const { app } = rig;
  const account = await requireAccount(app.wallets, seller.wallet_account_id);
  const wallet_merchant = app.wallets.connector(account.wallet).merchantNumber(account);
  const fact = { wallet_reference: newWalletReference(0), wallet_merchant, amount } as const;
  await advance(app, account, { ...fact, currency: 'CNY', state: 'paid' }, 'query');
  const [found] = await app.db.query<{ id: Id<'brk'> }>(sql`
    select id from breaks where subject = ${fact.wallet_reference} and payment_id is null`);
  if (!found) throw new Error('no break');
  await resolveBreak(app, {
    id: found.id,
    action: 'book_to_merchant',
    merchant_id: seller.merchant_id,
    note: 'the shop found the order',
    by: 'key_1',
  });
}

async function lawsOfCursors(): Promise<readonly unknown[]> {
  const laws = LAWS.filter(({ name }) => name === 'settlements.cursors-follow');
  return brokenLaws(rig.app.db, laws);
}

test('it is at its wallet account, is settled, and is paid out', async () => {
  const { app } = rig;
  const seller = await openSeller(rig, {
    wallet: 'alipay',
    role: 'certificate',
    custody: 'hub_held',
  });
  const { merchant_id, wallet_account_id } = seller;
  await sale(rig, seller, 9_000n);
  await nextDay(rig, 2);
  await settleMerchant(app, seller, lastFullDay(app));
  const before = await sellerBalance(app, seller);
  await givenFromSuspense(seller, 700n);
  const after = await sellerBalance(app, seller);
  expect(after.posted).toBe(before.posted + 700n);
  expect(after.accounts).toMatchObject([
    { wallet_account_id, posted: after.posted, available: after.posted },
  ]);
  await nextDay(rig);
  await settleMerchant(app, seller, lastFullDay(app));
  const [day] = await app.db.query(sql`
    select adjustments, net from settlements where merchant_id = ${merchant_id}
    order by business_date desc limit 1`);
  expect(day).toEqual({ adjustments: 700n, net: 700n });
  await changeTerms(app, app.db, merchant_id, {
    wallet_account: wallet_account_id,
    state: 'manual',
    payee: 'lin-xia@sandbox.test',
    payee_name: '林夏',
  });
  const terms = await findTerms(app.db, merchant_id, wallet_account_id);
  if (!terms) throw new Error('no terms');
  expect((await payableNow(app, seller, terms)).payable).toBe(after.posted);
  const payout = await createPayout(app, {
    merchant: seller,
    wallet_account_id,
    amount: after.posted,
  });
  expect(payout.state).toBe('succeeded');
  expect(await lawsOfCursors()).toEqual([]);
});

test('a day that went past it is found by the check', async () => {
  const { app } = rig;
  const seller = await openSeller(rig, { wallet: 'wechat_pay', custody: 'merchant_own' });
  await givenFromSuspense(seller, 400n);
  await rig.until(lawsOfCursors, (found) => found.length === 0);
  await app.db.query(sql`
    insert into settlement_cursors (book, merchant_id, open_from)
    values (${seller.book}, ${seller.merchant_id}, 1000000)
    on conflict (book, merchant_id) do update set open_from = excluded.open_from`);
  await rig.until(lawsOfCursors, (found) => found.length === 1);
  await app.db.query(sql`
    update settlement_cursors set open_from = 0 where merchant_id = ${seller.merchant_id}`);
});

const POSTINGS = `insert into postings (book, id, move_id, debit_account, credit_account, amount,
    currency, kind, reason, subject_id, business_at, position)
  select 0, 'pst_' || n, 'mov_' || n, debit, 'merchant:' || shop, 100, 'CNY', 'posted', reason,
    subject, now(), n
  from (values
    (1, 'wallet:wac_a', 'mer_a', 'payment', 'pay_a'),
    (2, 'suspense:wac_a', 'mer_a', 'bill_difference', 'brk_a'),
    (3, 'suspense:wac_a', 'mer_a', 'bill_difference', 'brk_b'),
    (4, 'suspense:wac_a', 'mer_b', 'bill_difference', 'brk_c'),
    (5, 'suspense:wac_a', 'mer_c', 'bill_difference', 'brk_d')
  ) as given (n, debit, shop, reason, subject)`;

test('books that went past it before go back to it', async () => {
  const known = readMigrations(migrationFolder()).filter(({ number }) => number < 28);
  const folder = mkdtempSync(join(tmpdir(), 'hutong-before-'));
  for (const { name } of known) {
    copyFileSync(join(migrationFolder(), name), join(folder, name));
  }
  const { url } = await createEmptyDatabase();
  await migrate(url, { folder });
  rmSync(folder, { recursive: true });
  await withClient(url, async (client) => {
    await client.query(POSTINGS);
    await client.query(`
      insert into breaks (book, id, wallet_account_id, kind, detail, subject)
      select 0, id, 'wac_a', 'missing_here', '{}', id
      from unnest(array['brk_a', 'brk_b', 'brk_c', 'brk_d']) as id`);
    await client.query(`
      insert into settlement_lines (book, posting_id, settlement_id, kind, amount)
      values (0, 'pst_1', 'stl_a', 'gross', 100), (0, 'pst_4', 'stl_b', 'adjustment', 100)`);
    await client.query(`insert into settlement_cursors (book, merchant_id, open_from)
      values (0, 'mer_a', 9), (0, 'mer_b', 9), (0, 'mer_c', 3)`);
    await migrate(url);
    const { rows } = await client.query(`
      select c.merchant_id as shop, c.open_from, (select array_agg(o.wallet_account_id)
        from open_settlement_lines(0::smallint, c.merchant_id) o) as open
      from settlement_cursors c order by 1`);
    expect(rows).toEqual([
      { shop: 'mer_a', open_from: 2n, open: ['wac_a', 'wac_a'] },
      { shop: 'mer_b', open_from: 9n, open: null },
      { shop: 'mer_c', open_from: 3n, open: ['wac_a'] },
    ]);
  });
});
