import { beforeAll, expect, test } from 'vitest';
import { brokenLaws } from '../../src/check/run.ts';
import { releaseHold } from '../../src/escrow/release.ts';
import { newId } from '../../src/ids.ts';
import { LAWS } from '../../src/laws/every.ts';
import { openSeller, sale } from '../../src/payouts/testing.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { type MoneyRig, startMoneyRig } from '../support/money-rig.ts';
import { escrow, heldAtWallet, holdIn, holdOf, MINUTE_MS, posted, share } from './market-rig.ts';

/** Money held for sellers under a partner’s or a platform’s account. */
let rig: MoneyRig;

beforeAll(async () => {
  rig = await startMoneyRig();
});

test.each([
  ['wechat_pay', 'partner', 'merchant_own'],
  ['wechat_pay', 'platform', 'wallet_held'],
  ['alipay', 'platform', 'wallet_held'],
] as const)('%s as %s shares, releases and refunds a seller’s held money', async (...way) => {
  const [wallet, role, custody] = way;
  const seller = await openSeller(rig, { wallet, role, custody });
  const to = rig.sandboxes[wallet].merchantAccount();
  const connector = rig.app.wallets.connector(wallet);
  const number = connector.merchantNumber({
    id: 'wac_x',
    wallet,
    custody: 'merchant_own',
    ...connector.parseAccount(to),
  });
  const receiver = newId('rcv');
  await rig.app.db.pool.query(
    `insert into receivers (id, platform_id, name, kind, accounts)
     values ($1, $2, 'Service', 'merchant', $3)`,
    [
      receiver,
      rig.platform_id,
      JSON.stringify({ [wallet]: { account: number, name: '胡同集市' } }),
    ],
  );
  const terms = escrow(10, [share(receiver, 1_000n)]);
  const payment = await sale(rig, seller, 10_000n, terms);
  await rig.clock.advance(MINUTE_MS);
  await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
  const hold = await holdIn(rig, payment, 'released');
  expect(hold).toMatchObject({ shared: 1_000n, released: 9_000n });
  const days = (hold.wallet_limit_at.getTime() - hold.created_at.getTime()) / 86_400_000;
  if (wallet === 'wechat_pay') expect(days).toBe(role === 'platform' ? 180 : 30);
  await createRefund(rig.app, {
    payment,
    amount: 5_000n,
    reference: 'half',
    reason: 'broken',
    metadata: {},
  });
  await rig.until(
    () => rig.reload(payment),
    ({ refunded }) => refunded === 5_000n,
  );
  expect(await posted(rig, `receiver:${receiver}`)).toBe(500n);
  // What the wallet still owes for this seller, in its books and in ours.
  expect(await posted(rig, `wallet:${seller.wallet_account_id}`)).toBe(5_000n);
  expect(await heldAtWallet(rig, payment)).toBe(0n);
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});
