import type { App } from '../app.ts';
import { assert } from '../errors.ts';
import { createWalletAccount, type NewWalletAccount } from './create.ts';
import { replaceAccount, selectAccountByMerchant } from './queries.ts';
import type { AccountRecord } from './wallet-account.ts';

/** The account of this merchant number with these settings and keys, made or brought up to date. */
export async function ensureWalletAccount(
  app: App,
  input: NewWalletAccount,
): Promise<AccountRecord> {
  const connector = app.wallets.connector(input.wallet);
  const { settings, credentials } = connector.parseAccount(input);
  const { wallet, custody } = input;
  const number = connector.merchantNumber({ id: '', wallet, custody, settings, credentials });
  const known = await selectAccountByMerchant(app.db, wallet, number);
  if (!known) return createWalletAccount(app, app.db, input);
  const sealed = app.vault.seal(JSON.stringify(credentials), known.id);
  await replaceAccount(app.db, known.id, settings, sealed);
  app.wallets.forget(known.id);
  const now = await selectAccountByMerchant(app.db, wallet, number);
  assert(now, `wallet account ${known.id} is gone`);
  return now;
}
