import { expect, test } from 'vitest';
import { newWalletReference } from '../../../ids.ts';
import { type Journal, SandboxStore } from '../../../sandbox/store.ts';
import { poll } from '../../../sandbox/wechat-pay/sharing/testing.ts';
import { runSandbox } from '../../../sandbox/wechat-pay/testing.ts';
import { ConnectorBench, openConnectorBench } from '../testing.ts';
import { sellerApplication } from './testing.ts';

/** What a platform had under way with the wallet goes on after the wallet was killed. */
const DAY_MS = 86_400_000;

/** A journal as a database keeps it: text, read again by whoever opens it next. */
function textJournal(): Journal {
  const bodies = new Map<string, { kind: string; key: string; body: string | null }>();
  return {
    load: async () => [...bodies.values()],
    write: async (records) => {
      for (const record of records) bodies.set(`${record.kind}\n${record.key}`, record);
    },
  };
}

test('an application, a withdrawal and overdue money outlive a restart', async () => {
  const journal = textJournal();
  const first = await openConnectorBench({ store: await SandboxStore.open(journal) });
  const account = first.walletAccount('platform');
  const seller = first.seller('platform');
  const { onboarding, sellerFunds } = first.wallet;
  if (!onboarding || !sellerFunds) throw new Error('products are missing');
  const free = await first.paid('platform', { sharing: false });
  const held = await first.paid('platform');
  const application = await sellerApplication(onboarding, account);
  await onboarding.submit(account, application);
  const withdrawal = {
    withdrawal_reference: newWalletReference(0),
    sub_merchant: free.seller,
    amount: 4_000n,
    description: '货款',
    notify_url: first.shop.notify_url,
  };
  const sent = await sellerFunds.withdraw(account, withdrawal);
  expect(sent).toMatchObject({ kind: 'fact', fact: { state: 'pending' } });
  const before = first.account(seller);
  const everything = first.everything();
  await first.running.sandbox.stop();

  const store = await SandboxStore.open(journal);
  const running = await runSandbox({ store, keys_dir: first.running.keys_dir });
  const second = new ConnectorBench(running, first.shop);
  const again = second.walletAccount('platform');
  expect(second.account(seller)).toEqual(before);
  expect(second.everything()).toBe(everything);
  second.wait(60_000);
  const { onboarding: applications, sellerFunds: funds } = second.wallet;
  const { application_reference } = application;
  expect(await applications?.query(again, application_reference)).toMatchObject({
    kind: 'fact',
    fact: { state: 'needs_verification' },
  });
  const known = sent.kind === 'fact' ? sent.fact.wallet_withdrawal_id : '';
  expect(await funds?.queryWithdrawal(again, withdrawal)).toMatchObject({
    fact: { state: 'succeeded', wallet_withdrawal_id: known, amount: 4_000n },
  });
  const target = `/v3/ecommerce/fund/withdraw/${known}?sub_mchid=${seller}`;
  expect((await second.get('platform', target)).content).toMatchObject({ status: 'SUCCESS' });
  expect(await funds?.withdraw(again, withdrawal)).toMatchObject({ kind: 'fact' });
  expect(second.account(seller)).toEqual(before);
  await poll(async () => (await second.told('platform', 'withdrawal')).length).toBe(1);
  // Nobody looks at the payment: its time passes all the same.
  expect(second.account(held.seller).held).toBe(9_940n);
  second.wait(180 * DAY_MS);
  await poll(() => second.account(held.seller).held).toBe(0n);
  await second.stop();
  first.wallet.stop();
  await first.running.stop();
});
