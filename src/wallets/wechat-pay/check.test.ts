import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Refusal } from '../../errors.ts';
import { type RunningSandbox, runSandbox } from '../../sandbox/wechat-pay/testing.ts';
import type { Wallet, WalletAccount } from '../wallet.ts';
import { wechatPayWallet } from './wallet.ts';

/** The credential doctor and the parsing of accounts. */
let running: RunningSandbox;
let wallet: Wallet;

beforeAll(async () => {
  running = await runSandbox();
  wallet = wechatPayWallet({ real: () => new Date(), timeout_ms: 1000 });
});
afterAll(async () => {
  wallet.stop();
  await running.stop();
});

const stranger = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

interface Change {
  settings?: Record<string, string>;
  credentials?: Record<string, string>;
}

function account(change: Change = {}): WalletAccount {
  const { settings, credentials } = running.sandbox.merchantAccount();
  return {
    id: 'wac_test',
    wallet: 'wechat_pay',
    custody: 'merchant_own',
    settings: { ...settings, ...change.settings },
    credentials: { ...credentials, ...change.credentials },
  };
}

const failures = async (change: Change) =>
  (await wallet.checkCredentials(account(change))).filter(({ ok }) => !ok);

describe('the doctor', () => {
  test('finds nothing wrong with right credentials', async () => {
    const checks = await wallet.checkCredentials(account());
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.length).toBeGreaterThan(8);
  });

  test.each<[string, Change, RegExp]>([
    ['private_key', { credentials: { private_key: stranger.privateKey } }, /^private_key is wrong/],
    ['serial_no', { settings: { serial_no: 'B'.repeat(40) } }, /^serial_no is wrong/],
    ['mchid', { settings: { mchid: '1900000001' } }, /^mchid is wrong/],
    ['public_key', { credentials: { public_key: stranger.publicKey } }, /^public_key is wrong/],
    ['app_secret', { credentials: { app_secret: 'x' } }, /^app_secret is wrong/],
    ['appid', { settings: { appid: 'wx0000000000000000' } }, /^appid is wrong/],
    ['private_key form', { credentials: { private_key: 'x' } }, /apiclient_key\.pem/],
    ['public_key form', { credentials: { public_key: 'x' } }, /pub_key\.pem/],
    ['api_v3_key', { credentials: { api_v3_key: 'short' } }, /exactly 32 bytes/],
    ['serial_no form', { settings: { serial_no: 'x' } }, /40 hex digits/],
    ['public_key_id form', { settings: { public_key_id: 'x' } }, /PUB_KEY_ID_/],
    ['endpoint', { settings: { endpoint: 'http://127.0.0.1:9' } }, /does not answer/],
  ])('names a wrong %s', async (_name, change, message) => {
    const found = await failures(change);
    expect(found.map((check) => check.message)).toContainEqual(expect.stringMatching(message));
  });

  test('tells a wrong public_key_id by the id that the wallet uses', async () => {
    const found = await failures({ settings: { public_key_id: 'PUB_KEY_ID_1' } });
    const said = found.map(({ message }) => message).join('\n');
    expect(said).toContain('public_key_id is wrong');
    expect(said).toContain(String(account().settings.public_key_id));
  });

  test('never repeats a secret', async () => {
    const { credentials } = account();
    const found = await failures({ credentials: { app_secret: 'a-very-secret-thing' } });
    const said = JSON.stringify(found);
    for (const secret of ['a-very-secret-thing', credentials.api_v3_key ?? '']) {
      expect(said).not.toContain(secret);
    }
  });
});

describe('an account', () => {
  test('is taken with defaults for the public hosts', () => {
    const { settings, credentials } = account();
    const bare = {
      mchid: settings.mchid,
      appid: settings.appid,
      serial_no: settings.serial_no,
      public_key_id: settings.public_key_id,
    };
    expect(wallet.parseAccount({ settings: bare, credentials }).settings).toMatchObject({
      endpoint: 'https://api.mch.weixin.qq.com',
      oauth_endpoint: 'https://open.weixin.qq.com',
      oauth_token_endpoint: 'https://api.weixin.qq.com',
    });
    expect(wallet.merchantNumber(account())).toBe(settings.mchid);
  });

  test.each<[string, Change]>([
    ['settings.mchid', { settings: { mchid: 'x' } }],
    ['settings.appid', { settings: { appid: '' } }],
    ['settings.serial_no', { settings: { serial_no: '1' } }],
    ['settings.public_key_id', { settings: { public_key_id: 'x' } }],
    ['settings.endpoint', { settings: { endpoint: 'http://api.example' } }],
    ['settings.endpoint', { settings: { endpoint: 'https://api.example/path' } }],
    ['settings.bridge_url', { settings: { bridge_url: 'https://evil.example/bridge.js' } }],
    ['credentials.private_key', { credentials: { private_key: stranger.publicKey } }],
    ['credentials.public_key', { credentials: { public_key: stranger.privateKey } }],
    ['credentials.api_v3_key', { credentials: { api_v3_key: 'x'.repeat(33) } }],
    ['credentials.PUB_KEY_ID_2', { credentials: { PUB_KEY_ID_2: 'x' } }],
  ])('with a bad %s is refused by that name', (param, change) => {
    const refused = () => wallet.parseAccount(account(change));
    expect(refused).toThrow(Refusal);
    expect(refused).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ param }) }),
    );
  });
});
