import type { App } from '../../app.ts';
import { askWallet } from '../../attempts/ask-wallet.ts';
import { findAttempts } from '../../attempts/find.ts';
import { advanceCombined } from '../../combined/advance.ts';
import type { Book } from '../../ids.ts';
import type { Attempt, Payment } from '../../payments/payment.ts';
import type { PaymentFact, WalletAccount } from '../../wallets/wallet.ts';

/** A combined order at a wallet. */
export interface WholeOrder {
  readonly book: Book;
  readonly payment_id: Payment['id'];
  /** Our number of the whole. */
  readonly whole: string;
}

/**
 * The parts of a combined order are paid at once, so a bill that has all of them says that it is
 * paid. One that has not is not enough: the wallet is asked about the whole, and what it does not
 * confirm stays a difference of each line. True when something changed.
 */
export async function tellOfParts(
  app: App,
  account: WalletAccount,
  order: WholeOrder,
  facts: readonly PaymentFact[],
): Promise<boolean> {
  const told = { wallet_reference: order.whole, facts };
  const { outcome, why } = await advanceCombined(app, account, told, 'bill');
  if (why === 'partly_paid') return askForWhole(app, account, order);
  return outcome === 'succeed' || outcome === 'return';
}

/** Asks the wallet about all parts; true when our books have the money then. */
export async function askForWhole(
  app: App,
  account: WalletAccount,
  order: WholeOrder,
): Promise<boolean> {
  const attempt = await findWhole(app, order);
  if (!attempt) return false;
  await askWallet(app, attempt, account);
  const now = await findWhole(app, order);
  return now !== undefined && (now.state === 'succeeded' || now.returned > 0n);
}

async function findWhole(
  app: App,
  { book, payment_id: id, whole }: WholeOrder,
): Promise<Attempt | undefined> {
  const attempts = await findAttempts(app, { book, id });
  return attempts.find(({ wallet_reference }) => wallet_reference === whole);
}
