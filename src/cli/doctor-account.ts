import { loadConfig } from '../config.ts';
import { Refusal } from '../errors.ts';
import { readAccountFile } from '../wallet-accounts/account-file.ts';
import { allConnectors } from '../wallets/connectors.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import type { Finding } from './doctor-hub.ts';

/**
 * `hutong doctor --account FILE`: what the wallet itself says of these credentials, before any hub
 * has them. It moves no money and changes nothing.
 */
export async function checkAccountFile(path: string): Promise<Finding[]> {
  const file = readAccountFile(path);
  const { wallet_timeout_ms } = loadConfig(process.env);
  const environment = { real: () => new Date(), timeout_ms: wallet_timeout_ms };
  const connectors = allConnectors(environment);
  try {
    const connector = connectors.find(({ name }) => name === file.wallet);
    if (!connector) return [{ ok: false, what: `no connector for ${file.wallet}` }];
    const { settings, credentials } = connector.parseAccount(file);
    const account: WalletAccount = {
      id: 'wac_file',
      wallet: file.wallet,
      custody: file.custody,
      settings,
      credentials,
    };
    const number = connector.merchantNumber(account);
    const checks = await connector.checkCredentials(account);
    return [
      { ok: true, what: `${path}: ${file.wallet}, merchant ${number}` },
      ...checks.map(({ name, ok, message }) => ({ ok, what: `${name}: ${message}` })),
    ];
  } catch (error) {
    if (error instanceof Refusal) return [{ ok: false, what: error.message }];
    throw error;
  } finally {
    for (const connector of connectors) connector.stop();
  }
}
