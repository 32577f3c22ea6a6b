import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import type { Book } from '../ids.ts';
import type { RowChange } from '../ledger/ledger.ts';
import { sellerBalance } from '../settlement/balance.ts';
import { changeFunds, findFunds } from '../settlement/funds.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { findMerchant } from './find.ts';

/**
 * A refund of money that has left already makes the seller owe it: its balance at the wallet
 * account goes below zero, as far as was agreed with it, and its next payments make that good.
 * Where the wallet pays the seller itself, the wallet knows what there is, and says so.
 */
export async function boundShortage(
  app: App,
  account: WalletAccount,
  { book, merchant_id }: { readonly book: Book; readonly merchant_id: string },
  /**
   * What the refund takes from the merchant, less what receivers of shares give back to it; and the
   * fee that comes back with it and with the refunds under way.
   */
  { own, fee_back }: { readonly own: bigint; readonly fee_back: bigint },
): Promise<RowChange[]> {
  if (account.custody === 'merchant_own' || own <= 0n) return [];
  // Read first: whoever pays out or refunds at the same time makes this move stale.
  const funds = await findFunds(app.db, { book, merchant_id, wallet_account_id: account.id });
  const { accounts } = await sellerBalance(app, { book, merchant_id });
  const there = accounts.find(({ wallet_account_id }) => wallet_account_id === account.id);
  const limit = (await findMerchant(app.db, merchant_id))?.owed_limit ?? 0n;
  const left = (there?.available ?? 0n) - own + fee_back;
  if (left < -limit) {
    throw new Refusal('seller_short', {
      param: 'amount',
      message: `the seller would owe ${-left} fen, and may owe ${limit} fen`,
    });
  }
  return [changeFunds(funds, { settled: funds.settled })];
}
