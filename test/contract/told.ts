import { expect, test } from 'vitest';
import { newWalletReference } from '../../src/ids.ts';
import type { NotificationFact } from '../../src/wallets/notification.ts';
import type { WalletAccount } from '../../src/wallets/wallet.ts';
import { until } from './merchant.ts';
import { type At, sandboxOf } from './payments.ts';
import { forSeller, merchantAs, paidTo, receiverFor } from './roles.ts';
import { act } from './sellers.ts';
import type { Stage } from './stage.ts';

/** Products of which the wallets tell without being asked; what is told is what a query says. */
const PERSON = 'chen-yu';

async function toldOf(
  stage: Stage,
  account: WalletAccount,
  wanted: (content: NotificationFact) => boolean,
): Promise<NotificationFact> {
  return until('the notification', async () => {
    for (const raw of stage.merchant.received.toReversed()) {
      const verified = await stage.wallet.verifyNotification(account, raw);
      if (verified.kind === 'verified' && wanted(verified.content)) return verified.content;
    }
    // What is due at some moment of business time is told when that has come.
    sandboxOf(stage).advance(1_000);
    return undefined;
  });
}

/** Alipay tells of splits and payouts by its message channel, WeChat Pay tells receivers. */
async function listen(stage: Stage, account: WalletAccount, about: string): Promise<void> {
  const { side } = sandboxOf(stage);
  const { notify_url } = stage.merchant;
  if (stage.wallet.name === 'alipay') {
    await act(side, 'gateway/set', { app_id: account.settings['app_id'], url: notify_url });
  } else {
    const mchid = stage.wallet.merchantNumber(account);
    await act(side, 'notices/address', { mchid, about, notify_url });
  }
}

export function toldSplitContract(at: At, role: string): void {
  test(`a split by a ${role} is told, and read by the one it is told to only`, async () => {
    const stage = at();
    const { splits } = stage.wallet;
    if (!splits) throw new Error('no splits');
    const merchant = merchantAs(stage, role);
    const receiver = receiverFor(stage, role);
    const reader =
      stage.wallet.name === 'alipay' ? merchant.account : ownerOf(stage, receiver.account);
    await listen(stage, reader, 'profit_sharing');
    const paid = await paidTo(stage, merchant, { hold: true });
    await splits.addReceiver(merchant.account, { ...receiver, ...forSeller(merchant) });
    sandboxOf(stage).advance(120_000);
    const order = {
      split_reference: newWalletReference(0),
      ...paid.payment,
      parts: [{ ...receiver, amount: 700n, description: '佣金' }],
      release_rest: false,
    };
    expect((await splits.split(merchant.account, order)).kind).toBe('fact');
    const { wallet_transaction_id } = paid.payment;
    const content = await toldOf(
      stage,
      reader,
      ({ about, ...rest }) =>
        about === 'split' && JSON.stringify(rest, plain).includes(wallet_transaction_id),
    );
    expect(content).toMatchObject({
      fact: { wallet_transaction_id, parts: [{ amount: 700n, state: 'succeeded' }] },
    });
    const asked = await splits.querySplit(merchant.account, order);
    expect(asked).toMatchObject({ fact: { parts: [{ amount: 700n, state: 'succeeded' }] } });
  });
}

const plain = (_key: string, value: unknown) =>
  typeof value === 'bigint' ? value.toString() : value;

function ownerOf(stage: Stage, number: string): WalletAccount {
  for (const { role } of sandboxOf(stage).side.accounts()) {
    const { account } = merchantAs(stage, role);
    if (stage.wallet.merchantNumber(account) === number) return account;
  }
  throw new Error(`${number} is no merchant of the sandbox`);
}

export function toldPayoutContract(at: At, role: string): void {
  test('a payout that arrived is told as it would be asked for', async () => {
    const stage = at();
    const { payouts } = stage.wallet;
    if (!payouts) throw new Error('no payouts');
    const { account } = merchantAs(stage, role);
    const sandbox = sandboxOf(stage);
    if (stage.wallet.name === 'alipay') await listen(stage, account, '');
    const payout_reference = newWalletReference(0);
    const paying = await payouts.pay(account, {
      payout_reference,
      amount: 900n,
      currency: 'CNY',
      payee: await sandbox.payerId(PERSON, account),
      description: '退货补偿',
      notify_url: stage.merchant.notify_url,
    });
    expect(paying.kind).toBe('fact');
    for (const { id } of sandbox.side.receivable(PERSON)) {
      await sandbox.side.answerTransfer(id, 'accept');
    }
    const content = await toldOf(
      stage,
      account,
      (told) => told.about === 'payout' && told.fact.payout_reference === payout_reference,
    );
    const asked = await payouts.query(account, payout_reference);
    expect(content).toMatchObject({ fact: { payout_reference, state: 'succeeded' } });
    expect(asked).toMatchObject({ fact: { payout_reference, state: 'succeeded' } });
  });
}
