import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addWalletAccount } from '../../test/support/bill-account.ts';
import { type Ended, runHutong } from '../../test/support/command.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { openFolder } from '../../test/support/processes.ts';
import { dataFolder } from '../../test/support/sandbox-keys.ts';
import { systemClock } from '../clock.ts';
import { loadConfig } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { claimMode } from '../installation.ts';
import { type PlantedLine, tradeBill } from '../reconciliation/testing.ts';
import type { WalletName } from '../wallets/wallet.ts';
import { createApp } from '../wiring.ts';
import { openHubDatabase } from '../world/hub-database.ts';
import { startSandboxWallets } from '../world/wallets.ts';

/** The command as accountants run it, on a database of their own and on a sandbox's. */
const DATE = '2026-10-20';
const STRANGER: PlantedLine = {
  kind: 'payment',
  reference: 'nobody-knows-me',
  transaction_id: `4200${'7'.padStart(24, '0')}`,
  amount: 700n,
  at: new Date(`${DATE}T12:00:00+08:00`),
};
/** Several programs in a row, on a machine that may have other work. */
const PATIENCE_MS = 180_000;

let folder: string;
/** Of a day on which nothing happened, and of one with a payment that is none of ours. */
const bills = { quiet: '', strange: '', plain: '' };

beforeAll(async () => {
  folder = await dataFolder('reconcile');
  // Root runs the embedded PostgreSQL as nobody, who must be able to search the folder.
  chmodSync(folder, 0o711);
  for (const [name, lines] of [
    ['quiet', []],
    ['strange', [STRANGER]],
  ] as const) {
    bills[name] = join(folder, `${name}.csv.gz`);
    writeFileSync(bills[name], await tradeBill(lines));
  }
  bills.plain = join(folder, 'strange.csv');
  writeFileSync(bills.plain, gunzipSync(readFileSync(bills.strange)));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An installation in a database with a schema; answers its account at one wallet. */
async function furnish(database_url: string, wallet: WalletName = 'wechat_pay'): Promise<string> {
  const config = loadConfig({ HUTONG_DATA_DIR: folder, HUTONG_LOG_LEVEL: 'error' });
  const clock = systemClock;
  const wallets = await startSandboxWallets({ config, clock, only: [wallet] });
  const public_url = 'http://127.0.0.1';
  const built = await createApp({ config, database_url, name: 'test', public_url, clock });
  try {
    await claimMode(built.app.db, 'sandbox');
    const [sandbox] = wallets.all;
    if (!sandbox) throw new Error('no sandbox');
    return await addWalletAccount(built.app, sandbox);
  } finally {
    await built.stop();
    await wallets.stop();
  }
}

function reconcile(settings: Record<string, string>, ...options: string[]): Promise<Ended> {
  const env = { HUTONG_DATA_DIR: folder, HUTONG_WALLET_TIMEOUT_MS: '1000', ...settings };
  return runHutong(['reconcile', '--date', DATE, ...options], env);
}

test('ends with 1 while breaks are open, names them, and ends with 0 when there are none', {
  timeout: PATIENCE_MS,
}, async () => {
  const { url } = await createTestDatabase();
  const account = await furnish(url);
  const close = (file: string) =>
    reconcile({ DATABASE_URL: url }, '--account', account, '--file', file);
  const broken = await close(bills.strange);
  expect(broken).toMatchObject({ code: 1, err: '' });
  expect(broken.out).toContain(`wechat_pay rig (${account}), ${DATE}`);
  expect(broken.out).toMatch(/^ {2}open breaks: 1$/m);
  expect(broken.out).toMatch(/^ {2}brk_\w+ missing_here payment 42000+7 7\.00$/m);
  const plain = await close(bills.plain);
  expect(plain).toEqual(broken);
  const whole = await close(bills.quiet);
  expect(whole).toMatchObject({ code: 0, err: '' });
  expect(whole.out).toMatch(/^ {2}no open breaks$/m);
});

test.each(['alipay', 'union_pay'] as const)(
  'text is no bill of %s',
  {
    timeout: PATIENCE_MS,
  },
  async (wallet) => {
    const { url } = await createTestDatabase();
    const account = await furnish(url, wallet);
    const options = ['--account', account, '--file', bills.plain];
    const { code, out } = await reconcile({ DATABASE_URL: url }, ...options);
    expect(code).toBe(1);
    expect(out).toMatch(/not closed: .*the file is no ZIP archive/);
  },
);

test('works without DATABASE_URL on the sandbox of the folder, while it runs and after', {
  timeout: PATIENCE_MS,
}, async () => {
  const config = { data_dir: folder, database_url: undefined };
  const database = await openHubDatabase(config, { create: true });
  let account: string;
  let running: Ended;
  try {
    await migrate(database.url);
    account = await furnish(database.url);
    running = await reconcile({}, '--account', account, '--file', bills.strange);
  } finally {
    await database.release();
  }
  expect(running).toMatchObject({ code: 1, err: '' });
  expect(running.out).toMatch(/^ {2}open breaks: 1$/m);
  const stopped = await reconcile({}, '--account', account, '--file', bills.quiet);
  expect(stopped).toMatchObject({ code: 0, err: '' });
  expect(stopped.out).toMatch(/^ {2}no open breaks$/m);
});

test('says what to do where there is no database, and which account a file needs', async () => {
  const empty = openFolder();
  const nowhere = await reconcile({ HUTONG_DATA_DIR: empty });
  rmSync(empty, { recursive: true });
  expect(nowhere).toMatchObject({ code: 1, out: '' });
  expect(nowhere.err).toBe(
    `hutong: there is no database in ${empty}/postgres: set DATABASE_URL, or HUTONG_DATA_DIR ` +
      'to the folder of a sandbox that was started\n',
  );
  const whose = await reconcile({ HUTONG_DATA_DIR: empty }, '--file', bills.quiet);
  expect(whose.code).toBe(1);
  expect(whose.err).toContain('--account wac_…');
});
