import { beforeAll, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../../test/support/money-rig.ts';
import { createAttempt } from '../../attempts/create.ts';
import { sql } from '../../db/pool.ts';
import { type Id, newId, newWalletReference } from '../../ids.ts';
import { advance } from '../../payments/advance.ts';
import { advancePayout } from '../../payouts/advance.ts';
import { advanceRefund, refuseRefund } from '../../refunds/advance.ts';
import { createRefund } from '../../refunds/create.ts';
import { requireAccount } from '../../wallets/registry.ts';
import type { WalletAccount } from '../../wallets/wallet.ts';
import { resolveBreak } from './resolve.ts';

/** What a wallet says that does not fit is told to its owner at once, not with the bill. */
let rig: MoneyRig;
let account: WalletAccount;
let wallet_merchant: string;
beforeAll(async () => {
  rig = await startMoneyRig();
  account = await requireAccount(rig.app.wallets, rig.accounts.wechat_pay);
  wallet_merchant = rig.app.wallets.connector('wechat_pay').merchantNumber(account);
});

async function eventsOf(subject: string): Promise<unknown[]> {
  return rig.app.db.query(sql`
    select e.type, e.platform_id, b.kind, b.about, e.data->'object'->'trail'->0->>'note' as why
    from breaks b join events e on e.book = b.book and e.object_id = b.id
    where b.wallet_account_id = ${account.id} and b.subject = ${subject} order by e.id`);
}

/** Told twice, as wallets do. */
async function tellTwice(tell: () => Promise<unknown>): Promise<void> {
  await tell();
  await tell();
}

const opened = (kind: string, about: string, why: string) => [
  { type: 'break.opened', platform_id: rig.platform_id, kind, about, why },
];

test('money for an order that nobody knows', async () => {
  const wallet_reference = newWalletReference(0);
  const fact = { wallet_reference, wallet_merchant, amount: 700n, currency: 'CNY' } as const;
  const paid = { ...fact, state: 'paid', wallet_transaction_id: '4200000001' } as const;
  await tellTwice(() => advance(rig.app, account, paid, 'notification'));
  expect(await eventsOf('4200000001')).toEqual(opened('missing_here', 'payment', 'a notification'));
});

test('another amount than was asked for', async () => {
  const payment = await rig.create({ amount: 6_000n });
  const { wallet_reference } = await createAttempt(rig.app, {
    payment,
    wallet: 'wechat_pay',
    presentation: 'qr',
    client_ip: '127.0.0.1',
  });
  const fact = { wallet_reference, wallet_merchant, amount: 5_999n, currency: 'CNY' } as const;
  const paid = { ...fact, state: 'paid', wallet_transaction_id: '4200000002' } as const;
  await tellTwice(() => advance(rig.app, account, paid, 'query'));
  expect(await eventsOf('4200000002')).toEqual(
    opened('amount', 'payment', 'the answer to a query'),
  );
});

test('a refund that nobody made', async () => {
  const [wallet_reference, refund_reference] = [newWalletReference(0), newWalletReference(0)];
  const fact = { wallet_reference, refund_reference, wallet_merchant, amount: 100n } as const;
  const done = { ...fact, state: 'succeeded', wallet_refund_id: '5001' } as const;
  await tellTwice(() => advanceRefund(rig.app, account, done, 'notification'));
  expect(await eventsOf(refund_reference)).toEqual(
    opened('missing_here', 'refund', 'a notification'),
  );
});

test('a refund that was refused, and left the wallet all the same', async () => {
  const payment = await rig.create({ amount: 3_000n });
  const presented = { payment, wallet: 'wechat_pay', presentation: 'qr' } as const;
  const attempt = await createAttempt(rig.app, { ...presented, client_ip: '127.0.0.1' });
  const shown = attempt.presentation_data;
  await rig.payAt('wechat_pay', shown?.kind === 'qr' ? shown.qr : '');
  const paid = await rig.until(
    () => rig.reload(payment),
    ({ state }) => state === 'succeeded',
  );
  rig.faults.wechat_pay.set([{ fault: 'merchant_short', probability: 1 }]);
  const asked = { amount: 1_000n, reference: 'late', reason: 'broken', metadata: {} };
  const refund = await createRefund(rig.app, { payment: paid, ...asked });
  await refuseRefund(rig.app, refund, { code: 'not_permitted', message: 'no' });
  const { refund_reference } = refund;
  const { wallet_reference } = attempt;
  const fact = { wallet_reference, refund_reference, wallet_merchant, amount: 1_000n } as const;
  const done = { ...fact, state: 'succeeded', wallet_refund_id: '5002' } as const;
  await tellTwice(() => advanceRefund(rig.app, account, done, 'notification'));
  expect(await eventsOf(refund_reference)).toEqual(opened('state', 'refund', 'a notification'));
  const [found] = await rig.app.db.query(sql`
    select amount, state from breaks where subject = ${refund_reference}`);
  expect(found).toEqual({ amount: -1_000n, state: 'open' });
});

test('a payout that nobody made', async () => {
  const payout_reference = newWalletReference(0);
  const report = { kind: 'transfer', payout_reference, wallet_merchant } as const;
  const done = { ...report, state: 'succeeded', amount: 100n } as const;
  await tellTwice(() => advancePayout(rig.app, account, done, 'notification'));
  expect(await eventsOf(payout_reference)).toEqual(
    opened('missing_here', 'payout', 'a notification'),
  );
});

test('what names another merchant, on an account of two platforms, is told to neither', async () => {
  const shared = await requireAccount(rig.app.wallets, rig.accounts.alipay);
  const [platform_id, merchant_id] = [newId('plt'), newId('mer')];
  await rig.app.db.query(sql`
    insert into platforms (id, slug, name) values (${platform_id}, 'other', 'Other')`);
  await rig.app.db.query(sql`
    insert into merchants (id, platform_id, name) values (${merchant_id}, ${platform_id}, 'M')`);
  await rig.app.db.query(sql`
    insert into enrolments (id, merchant_id, wallet, wallet_account_id, state)
    values (${newId('enr')}, ${merchant_id}, 'alipay', ${shared.id}, 'active')`);
  const payment = await rig.create({ amount: 6_000n });
  const { wallet_reference } = await createAttempt(rig.app, {
    payment,
    wallet: 'alipay',
    presentation: 'qr',
    client_ip: '127.0.0.1',
  });
  const fact = { wallet_reference, wallet_merchant: '2088000000000000' } as const;
  const paid = { ...fact, amount: 6_000n, currency: 'CNY', state: 'paid' } as const;
  await advance(rig.app, shared, paid, 'notification');
  const [found] = await rig.app.db.query<{ id: Id<'brk'>; kind: string }>(sql`
    select id, kind from breaks where wallet_account_id = ${shared.id}`);
  expect(found?.kind).toBe('merchant');
  if (!found) throw new Error('no break');
  await resolveBreak(rig.app, { id: found.id, action: 'accept', note: 'not ours', by: 'key_1' });
  const told = await rig.app.db.query(sql`select type from events where object_id = ${found.id}`);
  expect(told).toEqual([]);
});
