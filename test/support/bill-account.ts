import type { App } from '../../src/app.ts';
import { sql } from '../../src/db/pool.ts';
import { newId } from '../../src/ids.ts';
import type { WalletSandbox } from '../../src/sandbox/sandbox.ts';

/** A wallet account with the credentials that a sandbox gives out; answers its id. */
export async function addWalletAccount(app: App, sandbox: WalletSandbox): Promise<string> {
  const id = newId('wac');
  const connector = app.wallets.connector(sandbox.wallet);
  const { settings, credentials } = connector.parseAccount(sandbox.merchantAccount());
  const custody = 'merchant_own' as const;
  const account = { id, wallet: sandbox.wallet, custody, settings, credentials };
  await app.db.query(sql`
    insert into wallet_accounts (id, wallet, name, custody, wallet_merchant, settings, credentials)
    values (${id}, ${sandbox.wallet}, 'rig', ${custody}, ${connector.merchantNumber(account)},
      ${settings}, ${app.vault.seal(JSON.stringify(credentials), id)})`);
  return id;
}
