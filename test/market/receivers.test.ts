import { beforeAll, expect, test } from 'vitest';
import { whyWalletNot } from '../../src/attempts/eligible.ts';
import { releaseHold } from '../../src/escrow/release.ts';
import { newId } from '../../src/ids.ts';
import type { Share } from '../../src/profit-sharing/shares.ts';
import { requireAccount } from '../../src/wallets/registry.ts';
import type { MoneyRig } from '../support/money-rig.ts';
import { escrow, holdIn, holdOf, MINUTE_MS, openMarket, paid, share } from './market-rig.ts';

/** Shares that one request of a wallet cannot name together are found before anybody pays. */
let rig: MoneyRig;
let receiver: Share['receiver'];

beforeAll(async () => {
  ({ rig, receiver } = await openMarket());
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
