import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { claimMode } from '../installation.ts';
import { readAccountFile } from '../wallet-accounts/account-file.ts';
import { ensureWalletAccount } from '../wallet-accounts/ensure.ts';
import { createApp } from '../wiring.ts';
import { checkAccountFile } from './doctor-account.ts';

/** `hutong add-account FILE`: a wallet account from its file, once its wallet has accepted it. */
export function addAddAccount(program: Command): void {
  program
    .command('add-account')
    .description(
      'add or bring up to date the wallet account in a file, for the hub of DATABASE_URL',
    )
    .argument('<file>', 'JSON with wallet, settings and credentials')
    .action(async (path: string) => {
      const config = loadConfig(process.env);
      const { database_url } = config;
      if (database_url === undefined) {
        throw new Error('set DATABASE_URL to the database of the hub');
      }
      const findings = await checkAccountFile(path);
      for (const { ok, what } of findings) process.stdout.write(`${ok ? '✓' : '✗'} ${what}\n`);
      if (findings.some(({ ok }) => !ok)) throw new Error('nothing was added');
      const public_url = config.public_url ?? `http://${config.host}:${config.port}`;
      const built = await createApp({ config, database_url, name: 'add', public_url });
      try {
        await claimMode(built.app.db, config.mode);
        const { id } = await ensureWalletAccount(built.app, readAccountFile(path));
        process.stdout.write(`${id}\n`);
      } finally {
        await built.stop();
      }
    });
}
