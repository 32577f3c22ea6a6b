import type { App } from '../app.ts';
import type { Book } from '../ids.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { CustodyKind, WalletName } from '../wallets/wallet.ts';
import { selectMoney } from './money-queries.ts';

/** What a seller has: by the ledger as a whole, and for each wallet account where it is. */
export interface SellerBalance {
  /** What the hub's books owe the seller. */
  readonly posted: bigint;
  /** Refunds and payouts on their way out of it. */
  readonly reserved: bigint;
  readonly available: bigint;
  readonly accounts: readonly AccountBalance[];
}

export interface AccountBalance {
  readonly wallet: WalletName;
  readonly wallet_account_id: string;
  readonly custody: CustodyKind;
  readonly posted: bigint;
  readonly reserved: bigint;
  readonly available: bigint;
  /** Settled less paid out: what a payout may take once its terms allow it. */
  readonly settled: bigint;
}

export async function sellerBalance(
  app: App,
  at: { readonly book: Book; readonly merchant_id: string },
): Promise<SellerBalance> {
  const whole = await app.ledger.balance(at.book, `merchant:${at.merchant_id}`);
  const money = await selectMoney(app.db, at);
  const accounts: AccountBalance[] = [];
  for (const row of money) {
    const { wallet_account_id, reserved } = row;
    const { wallet, custody } = await requireAccount(app.wallets, wallet_account_id);
    // A payout that is on its way is reserved, and still the seller's.
    const posted = row.settled - row.paid_out + row.payouts_open + row.open;
    accounts.push({
      wallet,
      wallet_account_id,
      custody,
      posted,
      reserved,
      available: posted - reserved,
      settled: row.settled - row.paid_out,
    });
  }
  const posted = whole?.posted ?? 0n;
  const available = whole?.available ?? 0n;
  return { posted, reserved: posted - available, available, accounts };
}
