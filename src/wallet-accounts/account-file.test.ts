import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFolder } from '../../test/support/sandbox-keys.ts';
import { checkAccountFile } from '../cli/doctor-account.ts';
import { systemClock } from '../clock.ts';
import { SANDBOX_WALLETS, type SandboxWallet } from '../sandbox/sandbox.ts';
import { type SandboxWallets, startSandboxWallets } from '../world/wallets.ts';
import { readAccountFile } from './account-file.ts';

let folder: string;
let wallets: SandboxWallets;

beforeAll(async () => {
  folder = await dataFolder('account');
  const ports = Object.fromEntries(SANDBOX_WALLETS.map((name) => [name, 0])) as Record<
    SandboxWallet,
    number
  >;
  const config = { host: '127.0.0.1', data_dir: folder, notify_pace: 1 };
  wallets = await startSandboxWallets({ config, ports, clock: systemClock });
});
afterAll(async () => {
  await wallets.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** The account with its private key in a file beside it, as wallets hand keys out. */
function accountFile(wallet: string, over: Record<string, unknown> = {}): string {
  const side = wallets.all.find((each) => each.wallet === wallet);
  if (!side) throw new Error(`no sandbox of ${wallet}`);
  const { settings, credentials } = side.merchantAccount();
  write(`${wallet}.pem`, credentials['private_key'] ?? '');
  const private_key = { file: `${wallet}.pem` };
  return write(`${wallet}.json`, {
    wallet,
    settings,
    credentials: { ...credentials, private_key },
    ...over,
  });
}

describe.each(SANDBOX_WALLETS)('a file for %s', (wallet) => {
  test('is proven at the wallet, keys from their own files', async () => {
    const path = accountFile(wallet);
    expect(readAccountFile(path).credentials['private_key']).toContain('PRIVATE KEY');
    const findings = await checkAccountFile(path);
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.length).toBeGreaterThan(3);
  });

  test('with a setting that no account can have says which', async () => {
    const findings = await checkAccountFile(accountFile(wallet, { settings: {} }));
    expect(findings).toHaveLength(1);
    expect(findings[0]?.what).toMatch(/settings\.\w+/);
  });
});

test('a secret in a file may end in a line of its own', () => {
  write('encrypt_key.txt', `${'k'.repeat(32)}\n`);
  const credentials = { encrypt_key: { file: 'encrypt_key.txt' } };
  const path = write('line.json', { wallet: 'douyin_pay', settings: {}, credentials });
  expect(readAccountFile(path).credentials).toEqual({ encrypt_key: 'k'.repeat(32) });
});

test('settings that are no text reach the connector: a switch, app ids by seller', () => {
  const settings = { test_signer: true, sub_appids: { 1700000001: 'wx0123456789abcdef' } };
  const path = write('kinds.json', { wallet: 'wechat_pay', settings, credentials: {} });
  expect(readAccountFile(path).settings).toEqual(settings);
});

test.each([
  ['missing.json', undefined, 'cannot be read'],
  ['text.json', '{"private_key": "MIIEsecret"', 'is not JSON'],
  ['shape.json', { wallet: 'barter', settings: {}, credentials: {} }, 'wallet'],
  [
    'nokey.json',
    { wallet: 'alipay', settings: {}, credentials: { private_key: { file: 'nowhere.pem' } } },
    'credentials.private_key',
  ],
])('%s is refused without showing a secret', (name, content, said) => {
  const path = content === undefined ? join(folder, name) : write(name, content);
  let message = '';
  try {
    readAccountFile(path);
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain(said);
  expect(message).not.toContain('secret');
});
