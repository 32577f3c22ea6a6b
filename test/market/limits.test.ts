import { beforeAll, expect, test } from 'vitest';
import { whyWalletNot } from '../../src/attempts/eligible.ts';
import { sql } from '../../src/db/pool.ts';
import { openDispute } from '../../src/escrow/dispute.ts';
import { releaseHold } from '../../src/escrow/release.ts';
import { watchHolds } from '../../src/escrow/watch.ts';
import { newId } from '../../src/ids.ts';
import type { Share } from '../../src/profit-sharing/shares.ts';
import { requireAccount } from '../../src/wallets/registry.ts';
import type { MoneyRig } from '../support/money-rig.ts';
import {
  DAY_MS,
  escrow,
  holdIn,
  holdOf,
  MINUTE_MS,
  openMarket,
  paid,
  share,
} from './market-rig.ts';

/** What wallets cannot do at once or do not say at once, and much that is due. */
let rig: MoneyRig;
let receiver: Share['receiver'];

beforeAll(async () => {
  ({ rig, receiver } = await openMarket({ HUTONG_LOG_LEVEL: 'silent' }));
});

/** Receivers of the platform that have these numbers at both wallets. */
async function receiversAt(...numbers: readonly string[]): Promise<Share['receiver'][]> {
  const rows = numbers.map((account) => {
    const at = { account, name: '胡同' };
    return { id: newId('rcv'), accounts: { wechat_pay: at, alipay: at } };
  });
  await rig.app.db.pool.query(
    `insert into receivers (id, platform_id, name, kind, accounts)
     select r ->> 'id', $1, 'Service', 'merchant', r -> 'accounts' from jsonb_array_elements($2) r`,
    [rig.platform_id, JSON.stringify(rows)],
  );
  return rows.map(({ id }) => id);
}

async function why(to: readonly Share['receiver'][], wallet: 'wechat_pay' | 'alipay') {
  const terms = escrow(
    10,
    to.map((one) => share(one, 1n)),
  );
  const payment = await rig.create({ terms });
  return (await whyWalletNot(rig.app, payment, wallet, 'qr')).reason;
}

test('fifty receivers are paid at once, and one more is refused', async () => {
  const many = await receiversAt(...Array.from({ length: 51 }, (_, nth) => `19${nth}0000000`));
  for (const wallet of ['wechat_pay', 'alipay'] as const) {
    expect(await why(many.slice(1), wallet)).toBeNull();
  }
  const message = 'wechat_pay (shares_too_large)';
  await expect(why(many, 'alipay')).rejects.toMatchObject({
    code: 'splits_not_possible',
    message: expect.stringContaining(message),
  });
});

test('two receivers of one number are not for WeChat Pay, which would refuse the split', async () => {
  const twins = await receiversAt('1900000777', '1900000777');
  expect(await why(twins, 'wechat_pay')).toBe('receiver_twice');
  expect(await why(twins, 'alipay')).toBeNull();
});

test('a part is not released to a receiver that is the seller itself', async () => {
  const account = await requireAccount(rig.app.wallets, rig.accounts.wechat_pay);
  const own = rig.app.wallets.connector('wechat_pay').merchantNumber(account);
  const [seller] = await receiversAt(own);
  if (!seller) throw new Error('no receiver');
  const terms = escrow(10, [share(seller, 500n), share(receiver, 700n)]);
  const payment = await paid(rig, 'wechat_pay', { terms });
  await rig.clock.advance(MINUTE_MS);
  const hold = await holdOf(rig, payment);
  const part = { hold, why: 'platform', amount: 5_000n } as const;
  await expect(releaseHold(rig.app, part)).rejects.toMatchObject({ code: 'state_conflict' });
  expect(await holdIn(rig, payment, 'held')).toMatchObject({ reserved: 0n });
});

test('held money whose time has come is released, however much before it cannot be', async () => {
  const payment = await paid(rig, 'alipay', { terms: escrow(1) });
  const { db } = rig.app;
  // A page of earlier holds of payments that are gone.
  await db.pool.query(
    `insert into holds (book, id, subject_id, payment_id, platform_id, merchant_id, attempt_id,
       wallet, wallet_account_id, capture, state, amount, releasable_at, release_at,
       wallet_limit_at, created_at)
     select book, 'hld_' || i, 'pay_' || i, 'pay_' || i, platform_id, merchant_id, attempt_id,
       wallet, wallet_account_id, capture, state, amount, releasable_at,
       release_at - interval '1 hour', wallet_limit_at, created_at
     from holds, generate_series(1, 50) i where payment_id = $1`,
    [payment.id],
  );
  await rig.clock.advance(DAY_MS);
  await holdIn(rig, payment, 'released');
});

test('a wallet that still holds money after its limit is asked now and then, not every second', async () => {
  const payment = await paid(rig, 'alipay', { terms: escrow() });
  await openDispute(rig.app, await holdOf(rig, payment), 'late');
  rig.faults.alipay.set([{ fault: 'error_before_effect', probability: 1 }]);
  const asked = () =>
    rig.app.db.query(sql`
      select operation from wallet_calls where payment_id = ${payment.id} and outcome = 'unknown'`);
  await rig.clock.advance(31 * DAY_MS);
  await rig.until(asked, (calls) => calls.length > 0);
  for (let round = 0; round < 3; round += 1) await watchHolds.run(rig.app);
  expect(await asked()).toHaveLength(1);
});
