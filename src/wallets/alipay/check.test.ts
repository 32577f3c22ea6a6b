import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Refusal } from '../../errors.ts';
import { openAuthority } from '../../sandbox/alipay/open/authority.ts';
import type { WalletAccount } from '../wallet.ts';
import { type AccountChanges, type Bench, openBench } from './testing.ts';
import { alipayWallet } from './wallet.ts';

/** The credential doctor names the one thing that is wrong, in every mode. */
let bench: Bench;
let foreignRoots = '';
let foreignCertificate = '';

beforeAll(async () => {
  bench = await openBench();
  const dir = await mkdtemp(join(tmpdir(), 'hutong-foreign-'));
  const at = bench.world.clock.real();
  const foreign = await openAuthority(dir, at);
  foreignRoots = foreign.roots;
  const issued = await foreign.issue({ common_name: '支付宝', at });
  foreignCertificate = `${issued.certificate}\n${foreign.certificate}`;
  await rm(dir, { recursive: true, force: true });
});

afterAll(() => bench.stop());

async function failing(account: WalletAccount, wallet = bench.wallet): Promise<string[]> {
  const checks = await wallet.checkCredentials(account);
  return checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

const fails = (role: string, changes: AccountChanges) => failing(bench.accountOf(role, changes));

async function act(name: string, input: object): Promise<unknown> {
  return bench.world.sandbox.actions.find((one) => one.name === name)?.run(input);
}

async function aesKey(role: string): Promise<string> {
  return readFile(join(bench.world.keys_dir, `${role}_aes_key.txt`), 'utf8');
}

const foreignPrivate = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

describe('what is right passes', () => {
  test.each(['key', 'certificate', 'platform', 'isv'])('%s, by both protocols', async (role) => {
    for (const protocol of ['gateway', 'v3']) {
      expect(await fails(role, { settings: { protocol } })).toEqual([]);
    }
  });

  test('and says what was proven', async () => {
    const credentials = { aes_key: await aesKey('certificate') };
    const settings = { protocol: 'v3' };
    const account = bench.accountOf('certificate', { settings, credentials });
    const checks = await bench.wallet.checkCredentials(account);
    expect(checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
      'keys true',
      'alipay_root_certificate true',
      'gateway true',
      'app_id true',
      'app_certificate true',
      'alipay_root_certificate true',
      'private_key true',
      'timestamps true',
      'aes_key true',
      'permissions true',
      'alipay_certificate true',
      'protocol true',
    ]);
  });
});

describe('what is wrong is named', () => {
  test('certificates that do not fit together, before anybody is asked', async () => {
    const platform = bench.accountOf('platform').credentials;
    const other = platform['app_certificate'] ?? '';
    expect(await fails('certificate', { credentials: { app_certificate: other } })).toEqual([
      'app_certificate',
    ]);
    expect(await fails('certificate', { credentials: { private_key: foreignPrivate() } })).toEqual([
      'app_certificate',
    ]);
    const { app_certificate = '' } = bench.accountOf('certificate').credentials;
    expect(
      await fails('certificate', { credentials: { alipay_certificate: app_certificate } }),
    ).toEqual(['alipay_certificate']);
    expect(
      await fails('certificate', { credentials: { alipay_root_certificate: 'nothing' } }),
    ).toEqual(['alipay_root_certificate']);
  });

  test('an application certificate that the wallet does not know', async () => {
    const platform = bench.accountOf('platform').credentials;
    const { private_key = '', app_certificate = '' } = platform;
    expect(await fails('certificate', { credentials: { private_key, app_certificate } })).toEqual([
      'app_certificate',
    ]);
  });

  test('roots of another place, and a certificate from there', async () => {
    expect(
      await fails('certificate', { credentials: { alipay_root_certificate: foreignRoots } }),
    ).toEqual(['alipay_root_certificate', 'alipay_root_certificate']);
    expect(
      await fails('certificate', { credentials: { alipay_certificate: foreignCertificate } }),
    ).toEqual(['alipay_root_certificate', 'alipay_certificate']);
  });

  test('a certificate account for an application in key mode, and the other way round', async () => {
    const { app_id, seller_id } = bench.accountOf('certificate').settings;
    expect(await fails('key', { settings: { app_id, seller_id } })).toEqual([
      'app_certificate',
      'alipay_public_key',
    ]);
  });

  test('the AES key', async () => {
    const other = Buffer.alloc(16, 3).toString('base64');
    expect(await fails('certificate', { credentials: { aes_key: other } })).toEqual(['aes_key']);
    expect(await fails('key', { credentials: { aes_key: 'short' } })).toEqual(['aes_key']);
  });

  test('the token of the merchant', async () => {
    const never = { credentials: { app_auth_token: '202601BBnever' } };
    expect(await fails('isv', never)).toEqual(['app_auth_token']);
    const account = bench.accountOf('isv');
    const { app_auth_token = '' } = account.credentials;
    bench.world.clock.advance(400 * 86_400_000);
    expect(await failing(account)).toEqual(['app_auth_token']);
    bench.world.clock.advance(-400 * 86_400_000);
    expect(await failing(account)).toEqual([]);
    await act('authorizations/revoke', { app_auth_token });
    expect(await failing(account)).toEqual(['app_auth_token']);
  });

  test('the clock of this machine', async () => {
    const late = alipayWallet({ real: () => new Date(Date.now() - 3_600_000), timeout_ms: 500 });
    expect(await failing(bench.account, late)).toEqual(['timestamps']);
    await act('timestamps', { mode: 'strict' });
    const named = await failing(bench.account, late);
    await act('timestamps', { mode: 'lenient' });
    expect(new Set(named)).toEqual(new Set(['timestamps']));
    late.stop();
  });

  test('an address that is a gateway of nothing, and one that lacks v3', async () => {
    async function listening(v3: boolean, gateway_do: boolean): Promise<[string, () => void]> {
      const server = createServer((request, response) => {
        const known = request.url?.startsWith('/v3/') ? v3 : gateway_do;
        if (!known) return void response.writeHead(200).end('<html>hello</html>');
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          void fetch(`${bench.world.sandbox.url}${request.url}`, {
            method: 'POST',
            headers: { 'content-type': request.headers['content-type'] ?? '' },
            body: Buffer.concat(chunks),
          }).then(async (answer) => response.end(await answer.text()));
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const stop = () => {
        server.closeAllConnections();
        server.close();
      };
      return [`http://127.0.0.1:${port}/gateway.do`, stop];
    }
    const [nothing, stopNothing] = await listening(false, false);
    expect(await fails('key', { settings: { gateway: nothing } })).toEqual(['gateway']);
    stopNothing();
    const [old, stopOld] = await listening(false, true);
    expect(await fails('key', { settings: { gateway: old } })).toEqual([]);
    const settings = { gateway: old, protocol: 'v3' };
    expect(await fails('key', { settings })).toEqual(['protocol']);
    stopOld();
  });
});

describe('parseAccount in certificate mode', () => {
  function refused(changes: AccountChanges): unknown {
    try {
      bench.wallet.parseAccount(bench.accountOf('certificate', changes));
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error.detail.param;
      throw error;
    }
  }

  test('keeps what it was given, and names what is missing or does not belong', () => {
    const account = bench.accountOf('certificate');
    expect(bench.wallet.parseAccount(account).credentials).toEqual(account.credentials);
    const { alipay_root_certificate: _root, ...rest } = account.credentials;
    expect(() => bench.wallet.parseAccount({ ...account, credentials: rest })).toThrow(
      'alipay_root_certificate: is missing',
    );
    const plain = bench.account.credentials['alipay_public_key'] ?? '';
    expect(refused({ credentials: { alipay_public_key: plain } })).toBe(
      'credentials.alipay_public_key',
    );
    expect(refused({ settings: { protocol: 'v4' } })).toBe('settings.protocol');
    expect(refused({ credentials: { app_auth_token: 'a b' } })).toBe('credentials.app_auth_token');
  });
});
