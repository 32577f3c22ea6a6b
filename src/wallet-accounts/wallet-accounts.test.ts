import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../test/support/hub.ts';
import { dataFolder } from '../../test/support/sandbox-keys.ts';
import { sql } from '../db/pool.ts';
import { apiRoutes } from '../hub.ts';
import { notifyRoutes } from '../notifications/routes.ts';
import type { WalletSandbox } from '../sandbox/sandbox.ts';
import { createVault } from '../vault.ts';
import { WALLETS } from '../wallets/wallet.ts';
import { type SandboxWallets, startSandboxWallets } from '../world/wallets.ts';
import { checkWalletAccount } from './check.ts';
import { createWalletAccount } from './create.ts';
import { ensureWalletAccount } from './ensure.ts';

let hub: TestHub;
let wallets: SandboxWallets;

beforeAll(async () => {
  hub = await startTestHub({
    parts: (app) => ({ routes: apiRoutes(app), pages: [notifyRoutes(app)] }),
  });
  const { config, clock } = hub.app;
  const data_dir = await dataFolder('accounts');
  wallets = await startSandboxWallets({ config: { ...config, data_dir }, clock });
});

afterAll(() => wallets.stop());

function sandbox(wallet: string): WalletSandbox {
  const found = wallets.all.find((entry) => entry.wallet === wallet);
  if (!found) throw new Error(`no sandbox of ${wallet}`);
  return found;
}

function body(wallet: string) {
  return { wallet, name: 'main', custody: 'merchant_own', ...sandbox(wallet).merchantAccount() };
}

async function forget(): Promise<void> {
  await hub.app.db.query(sql`delete from wallet_accounts`);
}

describe.each(WALLETS)('an account at %s', (wallet) => {
  test('shows its settings and never its credentials, which are sealed', async () => {
    await forget();
    const input = body(wallet);
    const made = await hub.call('POST', '/v1/wallet_accounts', { body: input });
    expect(made.status, made.text).toBe(201);
    expect(made.json).toMatchObject({ object: 'wallet_account', wallet, state: 'active' });
    const read = await hub.call('GET', `/v1/wallet_accounts/${String(made.json['id'])}`);
    const list = await hub.call('GET', `/v1/wallet_accounts?wallet=${wallet}`);
    expect(list.json['data']).toEqual([read.json]);
    const [row] = await hub.app.db.query<{ text: string }>(sql`
      select encode(credentials, 'escape') || settings::text as text from wallet_accounts`);
    for (const secret of Object.values(input.credentials)) {
      // The middle of a key: its first characters are the same for all keys of its kind.
      const mark = secret.length > 100 ? secret.slice(60, 80) : secret;
      for (const place of [made.text, read.text, list.text, row?.text ?? '']) {
        expect(place).not.toContain(mark);
      }
    }
  });

  test('is one per merchant number', async () => {
    await forget();
    await hub.call('POST', '/v1/wallet_accounts', { body: body(wallet) });
    const again = await hub.call('POST', '/v1/wallet_accounts', { body: body(wallet) });
    expect([again.status, again.error?.code]).toEqual([409, 'reference_taken']);
    const input = {
      ...body(wallet),
      wallet: sandbox(wallet).wallet,
      custody: 'merchant_own',
    } as const;
    const ensured = await ensureWalletAccount(hub.app, input);
    const list = await hub.call('GET', '/v1/wallet_accounts');
    expect(list.json).toMatchObject({ data: [{ id: ensured.id }], has_more: false });
  });

  test('is checked at the wallet itself, which finds a wrong key', async () => {
    await forget();
    const made = await hub.call('POST', '/v1/wallet_accounts', { body: body(wallet) });
    const path = `/v1/wallet_accounts/${String(made.json['id'])}/check`;
    const well = await hub.call('POST', path);
    expect(well.json, well.text).toMatchObject({ object: 'wallet_account_check', ok: true });
    await forget();
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const input = body(wallet);
    const credentials = { ...input.credentials, private_key };
    const wrong = await hub.call('POST', '/v1/wallet_accounts', {
      body: { ...input, credentials },
    });
    if (wallet === 'union_pay') {
      // Its certificate is at hand, so a foreign key is found before anybody is asked.
      expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('private_key')]);
      return;
    }
    const bad = await hub.call('POST', `/v1/wallet_accounts/${String(wrong.json['id'])}/check`);
    expect([bad.status, bad.json['ok']]).toEqual([200, false]);
  });

  test('whose credentials do not open under the master key says which file is missing', async () => {
    await forget();
    const input = {
      ...body(wallet),
      wallet: sandbox(wallet).wallet,
      custody: 'merchant_own',
    } as const;
    const other = { ...hub.app, vault: createVault(Buffer.alloc(32, 7)) };
    const { id } = await createWalletAccount(other, hub.app.db, input);
    const answer = await hub.call('POST', `/v1/wallet_accounts/${id}/check`);
    expect([answer.status, answer.json['ok']]).toEqual([200, false]);
    expect(answer.text).toContain('HUTONG_MASTER_KEY_FILE');
  });

  test('at a real wallet is refused by a sandbox, and one at a sandbox by production', async () => {
    await forget();
    const { settings, ...rest } = body(wallet);
    const elsewhere = Object.fromEntries(
      Object.entries(settings)
        .filter(([name]) => name !== 'bridge_url')
        .map(([name, value]) => [
          name,
          String(value).replace(/^http:\/\/127\.0\.0\.1:\d+/, 'https://wallet.example'),
        ]),
    );
    const answer = await hub.call('POST', '/v1/wallet_accounts', {
      body: { ...rest, settings: elsewhere },
    });
    expect([answer.status, answer.error?.code]).toEqual([400, 'invalid_parameter']);
    expect(answer.error?.param).toMatch(/^settings\./);
    const app = { ...hub.app, config: { ...hub.app.config, mode: 'production' as const } };
    const input = {
      ...body(wallet),
      wallet: sandbox(wallet).wallet,
      custody: 'merchant_own',
    } as const;
    await expect(createWalletAccount(app, hub.app.db, input)).rejects.toThrow(
      'no account at a sandbox',
    );
  });
});

test('settings and credentials that the connector refuses name the field', async () => {
  for (const over of [{ settings: {} }, { credentials: {} }, { settings: { mchid: 'x' } }]) {
    const answer = await hub.call('POST', '/v1/wallet_accounts', {
      body: { ...body('wechat_pay'), ...over },
    });
    expect([answer.status, answer.error?.code]).toEqual([400, 'invalid_parameter']);
    expect(answer.error?.param).toMatch(/^(settings|credentials)\./);
  }
});

describe('a change of an account', () => {
  const pem = () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  };

  test('replaces what it names, keeps the rest, and is in use at once', async () => {
    await forget();
    const made = await hub.call('POST', '/v1/wallet_accounts', { body: body('alipay') });
    const path = `/v1/wallet_accounts/${String(made.json['id'])}`;
    expect((await hub.call('POST', `${path}/check`)).json['ok']).toBe(true);
    const wrong = await hub.call('PATCH', path, { body: { credentials: { private_key: pem() } } });
    expect(wrong.status, wrong.text).toBe(200);
    expect(wrong.text).not.toContain('PRIVATE KEY');
    expect((await hub.call('POST', `${path}/check`)).json['ok']).toBe(false);
    const { credentials } = body('alipay');
    const { private_key } = credentials;
    const mended = await hub.call('PATCH', path, {
      body: { name: 'spare', state: 'suspended', credentials: { private_key } },
    });
    expect(mended.json).toMatchObject({ name: 'spare', state: 'suspended' });
    expect((await hub.call('POST', `${path}/check`)).json['ok']).toBe(true);
  });

  test('that breaks the account, or makes it another merchant, changes nothing', async () => {
    await forget();
    const made = await hub.call('POST', '/v1/wallet_accounts', { body: body('alipay') });
    const path = `/v1/wallet_accounts/${String(made.json['id'])}`;
    for (const change of [
      { credentials: { private_key: 'no key' } },
      { credentials: { private_key: null } },
      { settings: { seller_id: '2088999999999999' } },
      { settings: { gateway: 'https://openapi.alipay.com/gateway.do' } },
      { custody: 'hub_held' },
    ]) {
      const answer = await hub.call('PATCH', path, { body: change });
      expect([answer.status, answer.error?.code]).toEqual([400, 'invalid_parameter']);
    }
    expect((await hub.call('GET', path)).json).toEqual(made.json);
    expect((await hub.call('POST', `${path}/check`)).json['ok']).toBe(true);
    const none = await hub.call('PATCH', '/v1/wallet_accounts/wac_0000000000000000000000000', {
      body: { name: 'x' },
    });
    expect(none.status).toBe(404);
  });
});

describe('a test notification', () => {
  /** As an installation whose public address is this hub's own. */
  const heard = async (change: Record<string, string> = {}) => {
    await forget();
    const input = body('wechat_pay');
    const credentials = { ...input.credentials, ...change };
    const made = await hub.call('POST', '/v1/wallet_accounts', { body: { ...input, credentials } });
    const app = { ...hub.app, public_url: hub.url };
    const { checks } = await checkWalletAccount(app, String(made.json['id']), { hears: true });
    return checks.find(({ name }) => name === 'notification');
  };

  test('proves address and key, and finds a key that decrypts nothing', async () => {
    expect(await heard()).toMatchObject({ ok: true });
    const wrong = await heard({ api_v3_key: 'x'.repeat(32) });
    expect(wrong).toMatchObject({ ok: false, message: expect.stringContaining('api_v3_key') });
  });

  test('is asked for by the caller only, and proves nothing where another process hears it', async () => {
    await forget();
    const made = await hub.call('POST', '/v1/wallet_accounts', { body: body('wechat_pay') });
    const path = `/v1/wallet_accounts/${String(made.json['id'])}/check`;
    expect((await hub.call('POST', path)).text).not.toContain('"notification"');
    const missed = await hub.call('POST', `${path}?notification=true`);
    const found = missed.json['checks'];
    expect(found).toContainEqual({
      name: 'notification',
      ok: true,
      message: expect.stringContaining('Could not be proved here'),
    });
  });
});

test('settings that are no text are kept: a seller’s own app id', async () => {
  await forget();
  const { settings, ...rest } = body('wechat_pay');
  const sub_appids = { 1700000001: 'wx0123456789abcdef' };
  const made = await hub.call('POST', '/v1/wallet_accounts', {
    body: { ...rest, settings: { ...settings, sub_appids } },
  });
  expect(made.json, made.text).toMatchObject({ settings: { sub_appids } });
  const path = `/v1/wallet_accounts/${String(made.json['id'])}`;
  const without = await hub.call('PATCH', path, { body: { settings: { sub_appids: null } } });
  expect(without.json['settings']).not.toHaveProperty('sub_appids');
});
