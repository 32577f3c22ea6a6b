import type { App } from '../app.ts';
import type { Queryable } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import { checkAddresses } from './addresses.ts';
import { lockAccount, updateAccount } from './queries.ts';
import type { AccountRecord, SettingValue } from './wallet-account.ts';

/** A member that is absent stays; null removes a setting or a credential. */
export interface WalletAccountChange {
  readonly name?: string | undefined;
  readonly state?: AccountRecord['state'] | undefined;
  readonly settings?: Readonly<Record<string, SettingValue | null>> | undefined;
  readonly credentials?: Readonly<Record<string, string | null>> | undefined;
}

/**
 * Keys change while payments go on: the new ones are in use within seconds in every process, the
 * ones that stay are not touched. The connector judges the whole; the merchant number is for good.
 * Part of the caller's transaction; call `app.wallets.forget` after it. @throws Refusal
 */
export async function changeWalletAccount(
  app: App,
  tx: Queryable,
  { id, change }: { id: string; change: WalletAccountChange },
): Promise<AccountRecord> {
  const known = await lockAccount(tx, id);
  if (!known) throw new Refusal('not_found');
  const { wallet, custody } = known;
  const connector = app.wallets.connector(wallet);
  const opened = JSON.parse(app.vault.open(known.credentials, id)) as Record<string, string>;
  const parsed = connector.parseAccount({
    settings: merged(known.settings, change.settings),
    credentials: merged(opened, change.credentials),
  });
  checkAddresses(app, parsed.settings);
  const number = connector.merchantNumber({ id, wallet, custody, ...parsed });
  if (number !== known.wallet_merchant) {
    throw new Refusal('invalid_parameter', {
      param: 'settings',
      message: `settings: this account is merchant ${known.wallet_merchant} for good; add another account for ${number}`,
    });
  }
  const sealed = app.vault.seal(JSON.stringify(parsed.credentials), id);
  return updateAccount(tx, {
    id,
    name: change.name ?? known.name,
    state: change.state ?? known.state,
    settings: parsed.settings,
    credentials: sealed,
  });
}

function merged(
  known: Readonly<Record<string, unknown>>,
  change: Readonly<Record<string, SettingValue | null>> = {},
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries({ ...known, ...change }).filter(([, value]) => value !== null),
  );
}
