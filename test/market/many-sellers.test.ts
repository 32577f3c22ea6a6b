import { beforeAll, expect, test } from 'vitest';
import { startOfDay } from '../../src/clock.ts';
import { sql } from '../../src/db/pool.ts';
import { settleDays } from '../../src/settlement/jobs.ts';
import { lastFullDay } from '../../src/settlement/settle.ts';
import { book, openMerchant, openStalls, type Stalls } from '../support/stalls.ts';

/** A marketplace of more sellers than one page of them. */
let stalls: Stalls;
beforeAll(async () => {
  stalls = await openStalls(['hub_held']);
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
    select merchant_id, net, state from settlements where book = 0`);
  expect(nets).toEqual([{ merchant_id: last.merchant_id, net: 900n, state: 'settled' }]);
  const [done] = await app.db.query(sql`
    select count(*)::int as sellers from settlement_cursors
    where settled_to = ${lastFullDay(app)}::date`);
  expect(done).toEqual({ sellers: SELLERS });
});
