import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App } from '../../src/app.ts';
import { brokenLaws } from '../../src/check/run.ts';
import { sql } from '../../src/db/pool.ts';
import { LAWS } from '../../src/laws/every.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payOutDue } from '../../src/payouts/jobs.ts';
import { changeTerms } from '../../src/payouts/terms.ts';
import { openSeller, type Seller, sale } from '../../src/payouts/testing.ts';
import { findFunds } from '../../src/settlement/funds.ts';
import { settleDays } from '../../src/settlement/jobs.ts';
import { lastFullDay, settleMerchant } from '../../src/settlement/settle.ts';
import { createApp } from '../../src/wiring.ts';
import { JOB_SPECS, PERIODIC_SPECS } from '../../src/work.ts';
import { type MoneyRig, startMoneyRig } from '../support/money-rig.ts';

/** Two hubs on one database, each with its jobs: what both are asked for at once happens once. */
let rig: MoneyRig;
let hubs: readonly App[];
let seller: Seller;

beforeAll(async () => {
  rig = await startMoneyRig({ HUTONG_JOB_LEASE_MS: '10000' });
  const { database_url, app } = rig;
  const { config, public_url, clock } = app;
  const other = await createApp({ config, database_url, name: 'other', public_url, clock });
  other.app.jobs.start(other.app, JOB_SPECS, PERIODIC_SPECS);
  afterAll(() => other.stop());
  hubs = [app, other.app];
  seller = await openSeller(rig, { wallet: 'alipay', role: 'certificate', custody: 'hub_held' });
  await changeTerms(app, app.db, seller.merchant_id, {
    wallet_account: seller.wallet_account_id,
    payee: 'lin-xia@sandbox.test',
    payee_name: '林夏',
  });
});

test.each([
  ['answers', []],
  ['does not answer', [{ fault: 'error_after_effect', probability: 1, remaining: 1 }] as const],
] as const)('a day is settled once and paid out once when the wallet %s', async (_what, faults) => {
  await sale(rig, seller, 10_000n);
  await rig.clock.advance(2 * 86_400_000);
  const before = rig.sandboxes.alipay.balance('lin-xia');
  const { paid_out } = await findFunds(rig.app.db, seller);
  rig.faults.alipay.set(faults);
  const { wallet_account_id } = seller;
  await Promise.all(
    hubs.flatMap((app) => [
      settleMerchant(app, seller, lastFullDay(app)),
      settleDays.run(app),
      payOutDue(app, 0),
    ]),
  );
  await Promise.allSettled(
    hubs.map((app) => createPayout(app, { merchant: seller, wallet_account_id })),
  );
  const paid = await rig.until(
    () =>
      rig.app.db.query<{ state: string }>(sql`
        select state from payouts where created_at > ${rig.clock.now()}::timestamptz - interval '1 day'`),
    (found) => found.length > 0 && found.every(({ state }) => state === 'succeeded'),
  );
  expect(paid).toHaveLength(1);
  expect((await findFunds(rig.app.db, seller)).paid_out - paid_out).toBe(9_940n);
  expect(rig.sandboxes.alipay.balance('lin-xia')).toBe(before + 9_940n);
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});
