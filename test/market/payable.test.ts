import { beforeAll, expect, test } from 'vitest';
import { dayAfter, startOfDay } from '../../src/clock.ts';
import { enrolMerchant } from '../../src/merchants/enrol.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payableNow } from '../../src/payouts/payable.ts';
import { changeTerms, findTerms } from '../../src/payouts/terms.ts';
import { lastFullDay, type MerchantAt, settleMerchant } from '../../src/settlement/settle.ts';
import {
  type Booking,
  book,
  openAccount,
  openMerchant,
  openStalls,
  type Stalls,
} from '../support/stalls.ts';

/** What may leave through one wallet account is what the seller has there, whatever it has elsewhere. */
let stalls: Stalls;
beforeAll(async () => {
  stalls = await openStalls(['hub_held', 'merchant_own']);
});

interface Seller extends MerchantAt {
  readonly wallet_account_id: string;
}

async function payable(seller: Seller): Promise<bigint> {
  const { app } = stalls.hub;
  const terms = await findTerms(app.db, seller.merchant_id, seller.wallet_account_id);
  if (!terms) throw new Error('no terms');
  return (await payableNow(app, seller, terms)).payable;
}

async function paidOutBy(account: number): Promise<Seller> {
  const { hub, accounts } = stalls;
  const merchant = await openMerchant(stalls);
  const { merchant_id } = merchant;
  const wallet_account_id = accounts[account] ?? '';
  await enrolMerchant(hub.app.db, {
    merchant_id,
    wallet: 'alipay',
    wallet_account_id,
    sub_merchant: undefined,
  });
  const terms = { wallet_account: wallet_account_id, state: 'manual', payee: 'x@y.test' } as const;
  await changeTerms(hub.app, hub.app.db, merchant_id, terms);
  return { ...merchant, wallet_account_id };
}

function on(merchant: MerchantAt, account: number, one: Pick<Booking, 'what' | 'amount' | 'at'>) {
  return book(stalls, merchant, { ...one, wallet_account_id: stalls.accounts[account] ?? '' });
}

test('money that the seller has at another wallet does not pay for refunds here', async () => {
  const { app } = stalls.hub;
  const seller = await paidOutBy(0);
  const yesterday = startOfDay(lastFullDay(app));
  await on(seller, 0, { what: 'payment', amount: 10_000n, at: yesterday });
  await on(seller, 1, { what: 'payment', amount: 90_000n, at: yesterday });
  await settleMerchant(app, seller, lastFullDay(app));
  const today = startOfDay(dayAfter(lastFullDay(app)));
  await on(seller, 0, { what: 'refund', amount: 6_000n, at: today });
  expect(await payable(seller)).toBe(4_000n);
  await expect(
    createPayout(app, {
      merchant: seller,
      wallet_account_id: seller.wallet_account_id,
      amount: 4_001n,
    }),
  ).rejects.toMatchObject({ code: 'amount_exceeds_payable' });
});

test('what the seller owes at one wallet is kept back at the others', async () => {
  const { app } = stalls.hub;
  const seller = await paidOutBy(0);
  const other = await openAccount(stalls, 'hub_held');
  const yesterday = startOfDay(lastFullDay(app));
  await on(seller, 0, { what: 'payment', amount: 10_000n, at: yesterday });
  await book(stalls, seller, {
    what: 'refund',
    amount: 700n,
    wallet_account_id: other,
    at: yesterday,
  });
  await settleMerchant(app, seller, lastFullDay(app));
  expect(await payable(seller)).toBe(9_300n);
});
