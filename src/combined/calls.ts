import type { App } from '../app.ts';
import { assert } from '../errors.ts';
import type { Attempt } from '../payments/payment.ts';
import type { CombinedOrders, CombinedQueryOutcome } from '../wallets/products/combined.ts';
import type { CloseOutcome, CreateOutcome, WalletAccount } from '../wallets/wallet.ts';
import { combinedOrder } from './attempt-part.ts';

/** Calls to a wallet about all parts of an attempt at once. */
function ordersOf(app: App, attempt: Attempt): CombinedOrders {
  const { combined } = app.wallets.connector(attempt.wallet);
  assert(combined, `${attempt.wallet} has no combined orders any more`);
  return combined;
}

export async function presentParts(
  app: App,
  attempt: Attempt,
  account: WalletAccount,
  {
    description,
    client_ip,
    payer,
  }: { description: string; client_ip: string; payer?: string | undefined },
): Promise<CreateOutcome> {
  const more = { description, client_ip, ...(payer === undefined ? {} : { payer }) };
  const order = await combinedOrder(app, attempt, account, more);
  return ordersOf(app, attempt).create(account, order);
}

export async function queryParts(
  app: App,
  attempt: Attempt,
  account: WalletAccount,
): Promise<CombinedQueryOutcome> {
  return ordersOf(app, attempt).query(account, await combinedOrder(app, attempt, account));
}

export async function closeParts(
  app: App,
  attempt: Attempt,
  account: WalletAccount,
): Promise<CloseOutcome> {
  return ordersOf(app, attempt).close(account, await combinedOrder(app, attempt, account));
}
