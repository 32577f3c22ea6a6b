import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningSandbox, runSandbox } from '../../sandbox/douyin-pay/testing.ts';
import type { Wallet } from '../wallet.ts';
import { douyinPayWallet } from './wallet.ts';

/** The doctor proves each secret by asking the wallet, and names the one that is wrong. */
let running: RunningSandbox;
let wallet: Wallet;

beforeAll(async () => {
  running = await runSandbox();
  wallet = douyinPayWallet({ real: () => new Date(), timeout_ms: 2_000 });
});
afterAll(async () => {
  wallet.stop();
  await running.stop();
});

async function check(
  over: { settings?: Record<string, unknown>; credentials?: Record<string, string> } = {},
) {
  const given = running.sandbox.merchantAccount();
  const parsed = wallet.parseAccount({
    settings: { ...given.settings, ...over.settings },
    credentials: { ...given.credentials, ...over.credentials },
  });
  const account = {
    id: 'wac_1',
    wallet: 'douyin_pay',
    custody: 'merchant_own',
    ...parsed,
  } as const;
  return wallet.checkCredentials(account);
}

async function wrong(over: Parameters<typeof check>[0]) {
  return (await check(over)).filter(({ ok }) => !ok).map(({ name }) => name);
}

test('an account in order passes every check', async () => {
  expect((await check()).map(({ name, ok }) => [name, ok])).toEqual([
    ['endpoint', true],
    ['clock', true],
    ['mchid, serial_no and private_key', true],
    ['platform_certificate', true],
    ['encrypt_key', true],
  ]);
});

test('an encrypt_key that is another merchant’s is named by what it does not open', async () => {
  const credentials = { encrypt_key: '0123456789abcdef0123456789abcdef' };
  expect(await wrong({ credentials })).toEqual(['encrypt_key']);
  const last = (await check({ credentials })).at(-1);
  expect(last?.message).toContain('does not open');
  expect(last?.message).not.toContain(credentials.encrypt_key);
});

test('where the wallet answers nothing, the key is not called right', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const failed = await wrong({ credentials: { private_key } });
  expect(failed).toContain('mchid, serial_no and private_key');
  expect(failed).toContain('encrypt_key');
  expect(await wrong({ settings: { endpoint: 'http://127.0.0.1:9' } })).toEqual(['endpoint']);
});

test('after a change of the wallet’s key the same account is still in order', async () => {
  const rotate = running.sandbox.actions.find(({ name }) => name === 'certificates/rotate');
  await rotate?.run({});
  expect(await wrong({})).toEqual([]);
});
