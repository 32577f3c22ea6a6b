import type { WalletAccount } from '../wallets/wallet.ts';
import type { AccountSpec } from './ledger.ts';

/**
 * The accounts of a payment, per book. In custody `merchant_own` the wallet pays the merchant
 * itself and these accounts mirror it: no floor of ours stands against the wallet's facts.
 */
type Held = Pick<WalletAccount, 'id' | 'custody'>;

/** What the wallet owes the merchant behind this wallet account: paid less refunded. */
export function walletAccount(account: Held): AccountSpec {
  return { id: `wallet:${account.id}`, normal: 'debit', custody: account.custody };
}

/** What a merchant has taken through the hub, less refunds and wallet fees. */
export function merchantAccount(merchantId: string): AccountSpec {
  return { id: `merchant:${merchantId}`, normal: 'credit' };
}

/** Wallet fees, estimated when booked and corrected from the bill. */
export function walletFees(account: Pick<Held, 'id'>): AccountSpec {
  return { id: `wallet_fees:${account.id}`, normal: 'credit' };
}

/** Money at a wallet that has no home here: late, twice, or for an order nobody knows. */
export function suspense(account: Held): AccountSpec {
  return { id: `suspense:${account.id}`, normal: 'credit', floor: 0n };
}

/** Money of one payment (or part of one) that is neither the merchant's nor anybody's yet. */
export function holdAccount(subject_id: string): AccountSpec {
  return { id: `hold:${subject_id}`, normal: 'credit', floor: 0n };
}

/** What a platform itself earned: its commissions. */
export function platformAccount(platformId: string): AccountSpec {
  return { id: `platform:${platformId}`, normal: 'credit' };
}

/** What a receiver of shares got: a referrer, a service provider. */
export function receiverAccount(receiverId: string): AccountSpec {
  return { id: `receiver:${receiverId}`, normal: 'credit' };
}
