import type { App } from '../app.ts';
import { type Queryable, violatedConstraint } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import { newId } from '../ids.ts';
import type { CustodyKind, WalletName } from '../wallets/wallet.ts';
import { checkAddresses } from './addresses.ts';
import { insertAccount } from './queries.ts';
import type { AccountRecord } from './wallet-account.ts';

export interface NewWalletAccount {
  readonly wallet: WalletName;
  readonly name: string;
  readonly custody: CustodyKind;
  readonly settings: unknown;
  readonly credentials: unknown;
}

/**
 * An account at a wallet: its connector judges settings and credentials, the credentials are
 * sealed under the row's id. @throws Refusal naming the field, or 'reference_taken' for its number
 */
export async function createWalletAccount(
  app: App,
  db: Queryable,
  input: NewWalletAccount,
): Promise<AccountRecord> {
  const { wallet, name, custody } = input;
  const connector = app.wallets.connector(wallet);
  const { settings, credentials } = connector.parseAccount(input);
  checkAddresses(app, settings);
  const id = newId('wac');
  const account = { id, wallet, custody, settings, credentials };
  const wallet_merchant = connector.merchantNumber(account);
  const sealed = app.vault.seal(JSON.stringify(credentials), id);
  try {
    return await insertAccount(
      db,
      { id, wallet, name, custody, wallet_merchant, settings },
      sealed,
    );
  } catch (error) {
    if (violatedConstraint(error) !== 'wallet_accounts_wallet_wallet_merchant_key') throw error;
    throw new Refusal('reference_taken', {
      param: 'settings',
      message: `settings: there is an account at ${wallet} for merchant ${wallet_merchant} already`,
    });
  }
}
