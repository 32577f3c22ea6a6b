import { beforeAll, expect, test } from 'vitest';
import {
  addReceiver,
  escrow,
  holdIn,
  holdOf,
  MINUTE_MS,
  paid,
  refunded,
  share,
} from '../../test/market/market-rig.ts';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { brokenLaws } from '../check/run.ts';
import { sql } from '../db/pool.ts';
import { releaseHold } from '../escrow/release.ts';
import { LAWS } from '../laws/every.ts';
import { nextDay } from '../payouts/testing.ts';
import type { Share } from '../profit-sharing/shares.ts';
import { lastFullDay, settleMerchant } from './settle.ts';

/** What a seller's settlement says of sales of which others get a part. */
let rig: MoneyRig;
let receiver: Share['receiver'];

beforeAll(async () => {
  rig = await startMoneyRig();
  receiver = await addReceiver(rig);
});

async function settled(merchant_id: string): Promise<object | undefined> {
  const { app, platform_id } = rig;
  await nextDay(rig, 2);
  await settleMerchant(app, { book: 0, platform_id, merchant_id }, lastFullDay(app));
  const [last] = await app.db.query<object>(sql`
    select gross, refunds, platform_fees, shares, adjustments from settlements
    where merchant_id = ${merchant_id} order by id desc limit 1`);
  return last;
}

test.each([
  ['wechat_pay', 'platform', { platform_fees: 300n, shares: 0n }],
  ['alipay', 'referrer', { platform_fees: 0n, shares: 300n }],
] as const)(
  'a sale at %s is settled whole, less what the %s got; a refund takes all of it back',
  async (wallet, role, got) => {
    const terms = escrow(10, [share(receiver, 300n, role)]);
    const payment = await paid(rig, wallet, { terms });
    await rig.clock.advance(2 * MINUTE_MS);
    await releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
    await holdIn(rig, payment, 'released');
    const sold = { gross: 10_000n, refunds: 0n, adjustments: 0n, ...got };
    expect(await settled(payment.merchant_id)).toEqual(sold);
    await refunded(rig, await rig.reload(payment), 10_000n);
    const back = { platform_fees: -got.platform_fees, shares: -got.shares };
    const returned = { gross: 0n, refunds: 10_000n, adjustments: 0n, ...back };
    expect(await settled(payment.merchant_id)).toEqual(returned);
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  },
);
