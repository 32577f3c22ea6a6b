import { beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../test/support/hub.ts';
import { sql } from '../db/pool.ts';
import { newId } from '../ids.ts';

/** What operations see of the ledger, and what it costs to look. */
let hub: TestHub;
const account = newId('wac');
const merchant = newId('mer');

beforeAll(async () => {
  hub = await startTestHub();
  const { db, ledger, vault, clock } = hub.app;
  await db.query(sql`
    insert into wallet_accounts (id, wallet, name, custody, wallet_merchant, settings, credentials)
    values (${account}, 'douyin_pay', 'x', 'merchant_own', '1', '{}', ${vault.seal('{}', account)})`);
  for (const [book, amount] of [
    [0, 700n],
    [1, 300n],
  ] as const) {
    const posting = {
      kind: 'posted',
      id: newId('pst', book),
      debit: { id: `wallet:${account}`, normal: 'debit', custody: 'merchant_own' },
      credit: { id: `merchant:${merchant}`, normal: 'credit' },
      amount,
      currency: 'CNY',
      reason: 'payment',
      subject_id: newId('pay', book),
      business_at: clock.now(),
      fact: true,
    } as const;
    await ledger.submit({ book, rows: [], postings: [posting], events: [], jobs: [] });
  }
});

async function look(query = ''): Promise<Record<string, unknown>> {
  const { json } = await hub.call('GET', `/v1/ledger${query}`);
  return json;
}

function namesOf({ violations }: Record<string, unknown>): string[] {
  return (violations as { law: string }[]).map(({ law }) => law);
}

test('the totals of all books are told by kind and by wallet account', async () => {
  const told = await look();
  expect(told).toMatchObject({ sum: 0, laws: 'accounts', violations: [] });
  expect(told['wallets']).toMatchObject([{ wallet_account: account, balance: 1_000, reserved: 0 }]);
  expect(told['accounts']).toEqual([
    { kind: 'merchant', count: 2, debits: 0, credits: 1_000, reserved: 0 },
    { kind: 'wallet', count: 2, debits: 1_000, credits: 0, reserved: 0 },
  ]);
});

test('what no payment stands behind is found when the laws of money are asked for', async () => {
  expect(namesOf(await look())).toEqual([]);
  const told = await look('?laws=money');
  expect(told).toMatchObject({ laws: 'money' });
  expect(namesOf(told)).toContain('payments.postings-have-theirs');
});

test('a balance that is off is named, also when another book hides it in the sum', async () => {
  for (const [book, fen] of [
    [0, 5],
    [1, -5],
  ]) {
    await hub.app.db.query(sql`
      update ledger_accounts set debits_posted = debits_posted + ${fen}
      where book = ${book} and id = ${`wallet:${account}`}`);
  }
  const told = await look();
  expect(told).toMatchObject({ sum: 0 });
  expect(namesOf(told)).toEqual(['ledger.sums-to-zero', 'ledger.sums-to-zero']);
  expect((await hub.call('GET', '/v1/ledger?laws=none')).status).toBe(400);
});
