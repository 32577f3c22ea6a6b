import { afterAll, describe, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { readAccountFile } from '../../src/wallet-accounts/account-file.ts';
import { allConnectors } from '../../src/wallets/connectors.ts';
import { openMerchant } from './merchant.ts';
import { orderAt, type Stage } from './stage.ts';
import { unpaidContract } from './unpaid.ts';

/**
 * The part of the contract that needs no payer, against real gateways: CONTRACT_ACCOUNTS names the
 * files of wallet accounts, with commas between them; behind that of a partner or platform, after
 * an @, the number of a seller to order for. No money moves. Orders carry the address in
 * CONTRACT_NOTIFY_URL, which nobody calls, for nobody pays.
 */
const files = (process.env['CONTRACT_ACCOUNTS'] ?? '').split(',').filter((path) => path !== '');
const notify_url = process.env['CONTRACT_NOTIFY_URL'] ?? 'https://hutong.example/notify';
const connectors = allConnectors(
  files.length === 0
    ? { real: () => systemClock.real(), timeout_ms: 1 }
    : { real: () => systemClock.real(), timeout_ms: 10_000 },
);
afterAll(() => {
  for (const connector of connectors) connector.stop();
});

if (files.length === 0) {
  process.stderr.write(
    '\nREAL GATEWAYS NOT TESTED: set CONTRACT_ACCOUNTS to the files of wallet accounts\n\n',
  );
}

test.skipIf(files.length === 0)('real gateways are tested (CONTRACT_ACCOUNTS is set)', () => {});

describe.each(files)('%s', (path) => {
  let stage: Stage | undefined;
  const at = (): Stage => {
    if (!stage) throw new Error('not open yet');
    return stage;
  };
  test('opens', async () => {
    const [, account_file = path, sub_merchant] = /^(.+?)(?:@(\d+))?$/.exec(path) ?? [];
    const file = readAccountFile(account_file);
    const wallet = connectors.find(({ name }) => name === file.wallet);
    if (!wallet) throw new Error(`no connector for ${file.wallet}`);
    const merchant = await openMerchant();
    const account = {
      id: 'wac_contract',
      wallet: file.wallet,
      custody: file.custody,
      ...wallet.parseAccount(file),
    };
    const make = orderAt(merchant, () => systemClock.now());
    stage = {
      wallet,
      account,
      merchant,
      sandbox: undefined,
      order: (more) =>
        make({
          notify_url,
          return_url: notify_url,
          ...more,
          ...(sub_merchant && { sub_merchant }),
        }),
    };
    await merchant.stop();
  });
  unpaidContract(at);
});
