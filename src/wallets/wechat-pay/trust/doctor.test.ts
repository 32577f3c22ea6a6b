import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { merchantOf } from '../../../sandbox/wechat-pay/testing.ts';
import type { WalletAccount } from '../../wallet.ts';
import { type Change, openTrustBench, raw, type TrustBench } from './testing.ts';

/** The credential doctor for every role and trust; what is wrong, and proof of what is right. */
let on: TrustBench;

beforeAll(async () => {
  on = await openTrustBench();
});
afterEach(async () => {
  await on.trust('direct', 'pubkey');
  await on.trust('certificate', 'cert');
});
afterAll(() => on.stop());

const stranger = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

let asked = 0;

/** Under an id of its own, or the ring would remember what an earlier test downloaded. */
function account(role: string, change: Change = {}): WalletAccount {
  asked += 1;
  return on.account(role, { id: `wac_doctor_${asked}`, ...change });
}

async function complaints(of: WalletAccount) {
  const checks = await on.wallet.checkCredentials(of);
  return checks.filter(({ ok }) => !ok).map(({ name, message }) => `${name}: ${message}`);
}

describe('right credentials', () => {
  test.each(['direct', 'partner', 'platform', 'certificate'])('of %s pass', async (role) => {
    const checks = await on.wallet.checkCredentials(account(role));
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    const said = checks.map(({ name }) => name);
    expect(said).toEqual(expect.arrayContaining(['certificate', 'encrypted fields', 'clock']));
  });

  test('pass during the switch, and the APIv3 key is proved', async () => {
    await on.trust('direct', 'both', 50);
    const checks = await on.wallet.checkCredentials(account('direct'));
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.find(({ name }) => name === 'api_v3_key')?.message).toContain('decrypts');
  });
});

describe('what is wrong is named', () => {
  const wrong = 'x'.repeat(32);
  test.each<[string, string, Change, RegExp]>([
    [
      'private_key',
      'partner',
      { credentials: { private_key: stranger.privateKey } },
      /private_key is wrong: it does not belong to the certificate/,
    ],
    [
      'serial_no',
      'platform',
      { settings: { serial_no: 'B'.repeat(40) } },
      /serial_no is wrong: the certificate's is 5/,
    ],
    ['mchid', 'certificate', { settings: { mchid: '1900000001' } }, /not of mchid 1900000001/],
    [
      'public_key',
      'partner',
      { credentials: { public_key: stranger.publicKey } },
      /public_key is wrong/,
    ],
    ['api_v3_key', 'certificate', { credentials: { api_v3_key: wrong } }, /api_v3_key is wrong/],
    ['app_secret', 'certificate', { credentials: { app_secret: 'x' } }, /app_secret is wrong/],
  ])('%s', async (_name, role, change, message) => {
    const found = await complaints(account(role, change));
    expect(found).toContainEqual(expect.stringMatching(message));
    expect(JSON.stringify(found)).not.toContain(wrong);
  });

  test('a private key of another merchant, also without the certificate at hand', async () => {
    const { private_key } = merchantOf(on.running, 'partner');
    const found = await complaints(
      account('direct', { credentials: { private_key, certificate: '' } }),
    );
    expect(found).toContainEqual(expect.stringContaining('private_key is wrong'));
  });

  test('one’s own public half in place of the wallet’s', async () => {
    const { private_key } = merchantOf(on.running);
    const half = createPublicKey(private_key).export({ type: 'spki', format: 'pem' }).toString();
    const found = await complaints(account('direct', { credentials: { public_key: half } }));
    expect(found).toContainEqual(expect.stringContaining('public half of private_key'));
  });

  test('a certificate of another merchant', async () => {
    const { credentials } = account('platform');
    const { certificate = '' } = credentials;
    const found = await complaints(account('direct', { credentials: { certificate } }));
    expect(found.join()).toContain('not of mchid');
    expect(found.join()).toContain('serial_no is wrong');
  });

  test('a clock that is five minutes off', async () => {
    on.time.ahead_ms = 400_000;
    const found = await complaints(account('direct'));
    on.time.ahead_ms = 0;
    expect(found).toContainEqual(expect.stringMatching(/clock: This clock is (?:399|400|401) s/));
  });
});

describe('trust that does not fit the merchant', () => {
  test('public key, while the switch has not begun', async () => {
    const before = account('direct');
    await on.trust('direct', 'cert');
    expect((await complaints(before)).join()).toContain('set trust to both');
  });

  test('certificates, where there are none any more', async () => {
    const before = account('certificate');
    await on.trust('certificate', 'pubkey');
    const found = (await complaints(before)).join();
    expect(found).toContain('set trust to');
    expect(found).toContain('has no certificate for this merchant');
  });
});

describe('the notification of the self-test', () => {
  /** What the hub does: verifies whatever arrives, with the keys of one account. */
  async function checkedWith(of: WalletAccount, reader = of) {
    const before = on.shop.received.length;
    const arrived = on.shop
      .notice(before + 1)
      .then((notice) => on.wallet.verifyNotification(reader, raw(notice)));
    const checks = await on.wallet.checkCredentials(of, on.shop.notify_url);
    return { check: checks.find(({ name }) => name === 'notification'), verified: await arrived };
  }

  test('proves the APIv3 key where nothing else can', async () => {
    const { check, verified } = await checkedWith(account('direct'));
    expect(check).toMatchObject({ ok: true });
    expect(verified).toMatchObject({
      kind: 'verified',
      content: { about: 'other', type: 'SECURITY_ECHO.SUCCESS' },
    });
  });

  test('names a wrong APIv3 key', async () => {
    const credentials = { api_v3_key: 'x'.repeat(32) };
    const { check, verified } = await checkedWith(account('direct', { credentials }));
    expect(verified).toMatchObject({ kind: 'refused', reason: 'decrypt' });
    expect(check).toMatchObject({ ok: false, message: expect.stringContaining('api_v3_key') });
  });
});
