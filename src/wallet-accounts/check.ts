import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import type { CredentialCheck } from '../wallets/wallet.ts';

/** What the credential doctor says of one account: which secret is wrong, and what to do. */
export interface AccountCheck {
  readonly ok: boolean;
  readonly checks: readonly CredentialCheck[];
}

/**
 * Asks the wallet itself, so it may take as long as one wallet call. `hears`: this very process
 * serves `/notify/…`, so the wallet may also be asked for a test notification.
 */
export async function checkWalletAccount(
  app: App,
  id: string,
  { hears = false }: { hears?: boolean } = {},
): Promise<AccountCheck> {
  const account = await openAccount(app, id);
  if (account === 'sealed') {
    const message =
      'the credentials do not open under this master key: restore the key file they were sealed ' +
      'with (HUTONG_MASTER_KEY_FILE)';
    return { ok: false, checks: [{ name: 'master key', ok: false, message }] };
  }
  const notify_url = hears ? `${app.public_url}/notify/${account.wallet}/${account.id}` : undefined;
  const checks = await app.wallets.connector(account.wallet).checkCredentials(account, notify_url);
  return { ok: checks.every(({ ok }) => ok), checks };
}

async function openAccount(app: App, id: string) {
  app.wallets.forget(id);
  try {
    const account = await app.wallets.account(id);
    if (account) return account;
  } catch (error) {
    // node:crypto says so of a ciphertext that does not authenticate.
    if (error instanceof Error && /unable to authenticate/.test(error.message)) return 'sealed';
    throw error;
  }
  throw new Refusal('not_found');
}
