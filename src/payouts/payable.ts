import type { App } from '../app.ts';
import { dayAfter } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { sellerBalance } from '../settlement/balance.ts';
import { type FundsAt, findFunds, type SellerFunds, sumWaiting } from '../settlement/funds.ts';
import { lastFullDay } from '../settlement/settle.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { selectPayoutAccount } from './queries.ts';
import { findTerms, type Payee, payeeOf, type SealedTerms } from './terms.ts';

/** Who is to be paid, how, and within which limits of the wallet. */
export interface PayoutWay {
  readonly account: WalletAccount;
  readonly terms: SealedTerms;
  readonly to:
    | { readonly kind: 'transfer'; readonly payee: Payee }
    | { readonly kind: 'withdrawal'; readonly sub_merchant: string };
  readonly min_amount: bigint;
  readonly max_amount: bigint;
}

/** Withdrawals have limits of the seller's own contract: the wallet says them. */
const ANY_AMOUNT = { min_amount: 1n, max_amount: 10_000_000_000n };

function impossible(message: string): Refusal {
  return new Refusal('payout_not_possible', { message });
}

/** @throws Refusal('payout_not_possible') that says what to arrange. */
export async function payoutWay(app: App, at: Omit<FundsAt, 'book'>): Promise<PayoutWay> {
  const { merchant_id, wallet_account_id } = at;
  const enrolled = await selectPayoutAccount(app.db, merchant_id, wallet_account_id);
  if (!enrolled) throw impossible('the merchant is not enrolled through this wallet account');
  const account = await requireAccount(app.wallets, wallet_account_id);
  if (account.custody === 'merchant_own') {
    throw impossible('the wallet pays the merchants of this account by itself');
  }
  const terms = await findTerms(app.db, merchant_id, wallet_account_id);
  if (!terms) throw impossible('the merchant has no payout terms here: PATCH /v1/merchants/{id}');
  if (terms.state === 'paused') throw impossible('payouts of this merchant are paused');
  const { payouts, sellerFunds } = app.wallets.connector(account.wallet);
  if (account.custody === 'wallet_held') {
    const { sub_merchant } = enrolled;
    if (!sellerFunds) throw impossible(`${account.wallet} has no withdrawals of sellers`);
    if (sub_merchant === null) throw impossible('the enrolment has no sub_merchant');
    return { account, terms, to: { kind: 'withdrawal', sub_merchant }, ...ANY_AMOUNT };
  }
  if (!payouts) throw impossible(`${account.wallet} has no payouts`);
  const payee = payeeOf(app, terms);
  if (!payee) throw impossible('the payout terms name no payee');
  const { min_amount, max_amount } = payouts;
  return { account, terms, to: { kind: 'transfer', payee }, min_amount, max_amount };
}

/**
 * What may leave now: settled, no longer waiting, not paid out, and not needed for refunds that are
 * asked for since. Only what the seller has at this wallet account counts, less what it owes at
 * others: the money that a wallet pays to the seller by itself pays for nothing here.
 */
export async function payableNow(
  app: App,
  at: FundsAt,
  terms: SealedTerms,
): Promise<{ funds: SellerFunds; payable: bigint }> {
  const funds = await findFunds(app.db, at);
  const { hold_days } = terms;
  const after = dayAfter(lastFullDay(app), -hold_days);
  const waiting = hold_days === 0 ? 0n : await sumWaiting(app.db, at, after);
  const settled = funds.settled - waiting - funds.paid_out;
  const { accounts } = await sellerBalance(app, at);
  const held = accounts.filter(({ custody }) => custody !== 'merchant_own');
  const here = held.find(({ wallet_account_id }) => wallet_account_id === at.wallet_account_id);
  const everywhere = held.reduce((sum, { available }) => sum + available, 0n);
  const bounds = [here?.available ?? 0n, everywhere];
  const least = bounds.reduce((low, bound) => (bound < low ? bound : low), settled);
  return { funds, payable: least > 0n ? least : 0n };
}
