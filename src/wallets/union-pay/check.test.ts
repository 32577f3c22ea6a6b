import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Refusal } from '../../errors.ts';
import { type Issued, issueCertificate } from '../../sandbox/certificates.ts';
import { openTestSandbox } from '../../sandbox/union-pay/testing.ts';
import { type AccountChanges, type Bench, openBench } from './testing.ts';
import { unionPayWallet } from './wallet.ts';

/** The doctor names the one thing that is wrong; an account that cannot work is not taken. */
const DAY_MS = 86_400_000;

let on: Bench;
/** Another install: its authority, its merchant. */
let other: Readonly<Record<string, string>> = {};
let old: Issued;

beforeAll(async () => {
  on = await openBench();
  const keys_dir = await mkdtemp(join(tmpdir(), 'hutong-other-install-'));
  const world = await openTestSandbox({ keys_dir });
  other = world.sandbox.merchantAccount().credentials;
  await world.stop();
  await rm(keys_dir, { recursive: true });
  old = await issueCertificate({
    subject: { CN: '041@777290058110048@胡同集市@1' },
    serial: '1036478b00',
    not_before: new Date(Date.now() - 9 * DAY_MS),
    not_after: new Date(Date.now() - DAY_MS),
    private_key: on.account.credentials['private_key'] ?? '',
  });
});
beforeEach(() => on.renew());
afterAll(() => on.stop());

const credential = (name: string) => other[name] ?? '';

describe('the doctor', () => {
  const checks = (changes: AccountChanges, wallet = on.wallet) =>
    wallet.checkCredentials(on.accountWith(changes));
  const failing = async (changes: AccountChanges) =>
    (await checks(changes)).filter(({ ok }) => !ok).map(({ name }) => name);

  test('passes what works, step by step, and orders nothing', async () => {
    const before = on.world.sandbox.transactions({ limit: 1000 }).length;
    const said = await checks({});
    expect(said.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
      'keys true',
      'certificate true',
      'gateway true',
      'mer_id true',
      'private_key true',
      'permissions true',
      'root_certificate true',
    ]);
    expect(on.world.sandbox.transactions({ limit: 1000 })).toHaveLength(before);
  });

  test('names a pair of key and certificate that is another merchant’s', async () => {
    const [private_key, certificate] = [credential('private_key'), credential('certificate')];
    expect(await failing({ credentials: { private_key, certificate } })).toEqual(['private_key']);
  });

  test('names a merchant number that nobody has', async () => {
    expect(await failing({ settings: { mer_id: '777290058119999' } })).toEqual(['mer_id']);
  });

  test('names the authority of another environment', async () => {
    const trust = {
      root_certificate: credential('root_certificate'),
      middle_certificate: credential('middle_certificate'),
    };
    expect(await failing({ credentials: trust })).toEqual(['root_certificate']);
  });

  test('names a certificate that ran out, and one that soon will', async () => {
    expect(await failing({ credentials: { certificate: old.certificate } })).toContain(
      'certificate',
    );
    const later = unionPayWallet({
      real: () => new Date(Date.now() + 20 * 365 * DAY_MS - 9 * DAY_MS),
      timeout_ms: 500,
    });
    const said = await checks({}, later);
    later.stop();
    expect(said.find(({ name }) => name === 'certificate')?.message).toMatch(/renew it now/);
  });

  test('says when UnionPay itself signs with a certificate that ran out', async () => {
    const act = (name: string) =>
      on.world.sandbox.actions.find((one) => one.name === name)?.run({});
    await act('certificates/expire');
    expect(await failing({})).toEqual(['root_certificate']);
    await act('certificates/rotate');
    expect(await failing({})).toEqual([]);
  });

  test.each<[string, AccountChanges]>([
    ['private_key', { credentials: { private_key: 'nothing' } }],
    ['certificate', { credentials: { certificate: 'nothing' } }],
    ['root_certificate', { credentials: { root_certificate: 'nothing' } }],
    ['mer_id', { settings: { mer_id: '7' } }],
  ])('names %s when it cannot be read at all', async (name, changes) => {
    expect(await failing(changes)).toEqual([name]);
  });

  test('tells a gateway that is none from one that is away', async () => {
    const server = createServer((_request, response) => response.end('<h1>Welcome</h1>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = server.address();
    const port = typeof at === 'object' && at !== null ? at.port : 0;
    const addresses = [
      `http://127.0.0.1:${port}/gateway/api`,
      `${on.world.sandbox.url}/gateway`,
      'http://127.0.0.1:9/gateway/api',
    ];
    for (const gateway of addresses)
      expect(await failing({ settings: { gateway } })).toEqual(['gateway']);
    server.close();
  });
});

describe('an account', () => {
  function refusalOf(changes: AccountChanges): Refusal {
    try {
      on.wallet.parseAccount(on.accountWith(changes));
    } catch (error) {
      if (error instanceof Refusal) return error;
    }
    throw new Error('nothing was refused');
  }

  test('has UnionPay’s own addresses when it names none', () => {
    const { settings, credentials } = on.account;
    const mer_id = settings['mer_id'];
    const parsed = on.wallet.parseAccount({ settings: { mer_id }, credentials });
    expect(parsed.settings).toEqual({
      mer_id,
      gateway: 'https://gateway.95516.com/gateway/api',
      file_gateway: 'https://filedownload.95516.com/',
    });
  });

  test('knows its merchant number', () => {
    expect(on.wallet.merchantNumber(on.account)).toBe(on.account.settings['mer_id']);
  });

  test.each<[string, () => AccountChanges]>([
    ['settings.mer_id', () => ({ settings: { mer_id: '1' } })],
    ['settings.gateway', () => ({ settings: { gateway: 'http://example.com/gateway/api' } })],
    ['settings.gateway', () => ({ settings: { gateway: 'ftp://127.0.0.1/' } })],
    ['settings.file_gateway', () => ({ settings: { file_gateway: 'http://example.com/' } })],
    ['settings', () => ({ settings: { app_id: '1' } })],
    [
      'settings.test_signer',
      () => ({ settings: { test_signer: true, gateway: 'https://gateway.95516.com/gateway/api' } }),
    ],
    [
      'settings.test_signer',
      () => ({
        settings: { test_signer: true, gateway: 'https://gateway.test.95516.com.example.com/' },
      }),
    ],
    [
      'credentials.private_key',
      () => ({ credentials: { private_key: credential('private_key') } }),
    ],
    [
      'credentials.certificate',
      () => ({ credentials: { certificate: on.account.credentials['private_key'] ?? '' } }),
    ],
    [
      'credentials.middle_certificate',
      () => ({ credentials: { middle_certificate: credential('middle_certificate') } }),
    ],
    [
      'credentials.root_certificate',
      () => ({
        credentials: { root_certificate: on.account.credentials['certificate'] ?? '' },
      }),
    ],
    [
      'credentials.middle_certificate',
      () => ({
        credentials: { middle_certificate: on.account.credentials['certificate'] ?? '' },
      }),
    ],
  ])('with a wrong %s is refused by that name, and no secret is repeated', (param, changes) => {
    const refusal = refusalOf(changes());
    expect(refusal).toMatchObject({ code: 'invalid_parameter', detail: { param } });
    for (const secret of [on.account.credentials['private_key'], other['private_key']]) {
      expect(refusal.message).not.toContain(secret?.slice(40, 100));
    }
  });

  test('of UnionPay’s test gateway may believe its test signer', () => {
    const settings = { test_signer: true, gateway: 'https://gateway.test.95516.com/gateway/api' };
    expect(on.wallet.parseAccount(on.accountWith({ settings })).settings).toMatchObject(settings);
  });
});
