import { randomUUID } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parsePrivateKey } from '../../../protocols/alipay/keys.ts';
import { authorization, authText } from '../../../protocols/alipay/v3.ts';
import type { SandboxAccount } from '../../sandbox.ts';

import { memoryJournal, SandboxStore } from '../../store.ts';
import {
  type Merchant,
  openMerchant,
  openTestSandbox,
  type TestSandbox,
  testClock,
} from '../testing.ts';

/** A third party's application acts for merchants that allowed it, and only while they do. */
let world: TestSandbox;
let merchant: Merchant;
let isv: SandboxAccount;
let sdk: AlipaySdk;
let serial = 0;
let out_trade_no = '';

function accountOf(role: string, of: TestSandbox = world): SandboxAccount {
  const found = of.sandbox.accounts().find((one) => one.role === role);
  if (!found) throw new Error(`no ${role}`);
  return found;
}

function sdkOf(account: SandboxAccount): AlipaySdk {
  return new AlipaySdk({
    appId: String(account.settings['app_id']),
    gateway: String(account.settings['gateway']),
    endpoint: world.sandbox.url,
    privateKey: account.credentials['private_key'] ?? '',
    alipayPublicKey: account.credentials['alipay_public_key'] ?? '',
  });
}

beforeAll(async () => {
  world = await openTestSandbox();
  merchant = await openMerchant();
  isv = accountOf('isv');
  sdk = sdkOf(isv);
});

afterAll(async () => {
  await merchant.stop();
  await world.stop();
});

beforeEach(() => {
  serial += 1;
  out_trade_no = `ISV${serial}`;
  merchant.heard.length = 0;
});

async function act(name: string, input: object): Promise<Record<string, unknown>> {
  const action = world.sandbox.actions.find((one) => one.name === name);
  return (await action?.run(input)) as Record<string, unknown>;
}

const exec = (method: string, params: Record<string, unknown>) =>
  sdk.exec(method, params, { validateSign: true });

async function newToken(auth_app_id: unknown): Promise<Record<string, unknown>> {
  const app_id = isv.settings['app_id'];
  const { app_auth_code } = await act('authorizations/grant', { app_id, auth_app_id });
  return exec('alipay.open.auth.token.app', {
    bizContent: { grant_type: 'authorization_code', code: app_auth_code },
  });
}

const order = () => ({ out_trade_no, total_amount: '3.00', subject: 'tea' });

describe('an app_auth_token', () => {
  test('makes trades the merchant’s, and tells of both applications', async () => {
    const key = accountOf('key');
    const created = await exec('alipay.trade.precreate', {
      appAuthToken: isv.credentials['app_auth_token'],
      notifyUrl: merchant.url,
      bizContent: order(),
    });
    const scanned = await world.sandbox.scan('lin', String(created['qrCode']));
    await world.sandbox.confirm(scanned.id, 'pay');
    const [heard] = await merchant.hears(1);
    const told = Object.fromEntries(new URLSearchParams(heard?.body.toString('utf8')));
    expect(told).toMatchObject({
      app_id: isv.settings['app_id'],
      auth_app_id: key.settings['app_id'],
      seller_id: key.settings['seller_id'],
    });
    expect(sdk.checkNotifySignV2(told)).toBe(true);
    const own = await exec('alipay.trade.query', { bizContent: { out_trade_no } });
    expect(own).toMatchObject({ subCode: 'ACQ.TRADE_NOT_EXIST' });
    const merchants = await sdkOf(key).exec('alipay.trade.query', { bizContent: { out_trade_no } });
    expect(merchants).toMatchObject({ tradeStatus: 'TRADE_SUCCESS' });
  });

  test('that was never given, or to another, is refused by both protocols', async () => {
    for (const appAuthToken of ['202601BBnever', 'x'.repeat(40)]) {
      const answer = await exec('alipay.trade.query', {
        appAuthToken,
        bizContent: { out_trade_no },
      });
      expect(answer).toMatchObject({ code: '20001', subCode: 'aop.invalid-app-auth-token' });
      const v3 = sdk.curl('POST', '/v3/alipay/trade/query', {
        appAuthToken,
        body: { out_trade_no },
      });
      await expect(v3).rejects.toMatchObject({
        code: 'invalid-app-auth-token',
        responseHttpStatus: 401,
      });
    }
    const stranger = sdkOf(accountOf('key'));
    const answer = await stranger.exec('alipay.trade.query', {
      appAuthToken: isv.credentials['app_auth_token'],
      bizContent: { out_trade_no },
    });
    expect(answer).toMatchObject({ subCode: 'aop.invalid-app-auth-token' });
  });

  test('is exchanged for a code once, queried, refreshed, taken back', async () => {
    const { app_id } = accountOf('certificate').settings;
    const given = await newToken(app_id);
    expect(given).toMatchObject({ code: '10000', authAppId: app_id });
    const query = (token: unknown) =>
      exec('alipay.open.auth.token.app.query', { bizContent: { app_auth_token: token } });
    expect(await query(given['appAuthToken'])).toMatchObject({
      status: 'valid',
      authAppId: app_id,
    });
    const again = await exec('alipay.open.auth.token.app', {
      bizContent: { grant_type: 'authorization_code', code: 'never' },
    });
    expect(again).toMatchObject({ code: '40004', subCode: 'AUTH_CODE_NOT_EXIST' });
    const refresh = () =>
      exec('alipay.open.auth.token.app', {
        bizContent: { grant_type: 'refresh_token', refresh_token: given['appRefreshToken'] },
      });
    const renewed = await refresh();
    expect(renewed['appAuthToken']).not.toBe(given['appAuthToken']);
    expect(await refresh()).toMatchObject({ subCode: 'REFRESH_TOKEN_NOT_EXIST' });
    expect(await query(given['appAuthToken'])).toMatchObject({ status: 'invalid' });
    const v3 = await sdk.curl<Record<string, unknown>>(
      'GET',
      '/v3/alipay/open/auth/token/app/query',
      { query: { app_auth_token: String(renewed['appAuthToken']) } },
    );
    expect(v3.data).toMatchObject({ status: 'valid', auth_app_id: app_id });
    const use = () =>
      exec('alipay.trade.query', {
        appAuthToken: renewed['appAuthToken'],
        bizContent: { out_trade_no },
      });
    expect(await use()).toMatchObject({ subCode: 'ACQ.TRADE_NOT_EXIST' });
    await act('authorizations/revoke', { app_auth_token: renewed['appAuthToken'] });
    expect(await use()).toMatchObject({ subCode: 'aop.invalid-app-auth-token' });
    expect(await exec('alipay.open.auth.token.app', { bizContent: {} })).toMatchObject({
      subCode: 'GRANT_TYPE_INVALID',
    });
  });

  test('ends after its year', async () => {
    const given = await newToken(accountOf('certificate').settings['app_id']);
    world.clock.advance(366 * 86_400_000);
    const late = await exec('alipay.trade.query', {
      appAuthToken: given['appAuthToken'],
      bizContent: { out_trade_no },
    });
    expect(late).toMatchObject({ subCode: 'aop.app-auth-token-time-out' });
    world.clock.advance(-366 * 86_400_000);
  });

  test('a code of yesterday is not valid any more', async () => {
    const app_id = isv.settings['app_id'];
    const auth_app_id = accountOf('key').settings['app_id'];
    const { app_auth_code } = await act('authorizations/grant', { app_id, auth_app_id });
    world.clock.advance(25 * 3_600_000);
    const late = await exec('alipay.open.auth.token.app', {
      bizContent: { grant_type: 'authorization_code', code: app_auth_code },
    });
    expect(late).toMatchObject({ subCode: 'AUTH_CODE_NOT_VALID' });
    world.clock.advance(-25 * 3_600_000);
  });
});

describe('calls of v3 that are kept and played again', () => {
  async function send(fields: { timestamp: string; nonce?: string; rest?: string }) {
    const key = parsePrivateKey(isv.credentials['private_key'] ?? '');
    const nonce = fields.nonce ?? randomUUID();
    const app_id = String(isv.settings['app_id']);
    const auth = `${authText({ app_id, nonce, timestamp: fields.timestamp })}${fields.rest ?? ''}`;
    const target = '/v3/alipay/trade/query';
    const body = JSON.stringify({ out_trade_no });
    const header = await authorization(key, { auth, verb: 'POST', target, body });
    const answer = await fetch(`${world.sandbox.url}${target}`, {
      method: 'POST',
      headers: { authorization: header, 'content-type': 'application/json' },
      body,
    });
    const said = (await answer.json()) as Record<string, unknown>;
    return `${answer.status} ${String(said['code'])}`;
  }

  const now = (shift = 0) => (world.clock.real().getTime() + shift).toString();
  const FINE = '400 ACQ.TRADE_NOT_EXIST';

  test('are refused when they say so themselves, or when the sandbox is strict', async () => {
    const old = now(-3_600_000);
    expect(await send({ timestamp: old })).toBe(FINE);
    const rest = ',expired_seconds=60';
    expect(await send({ timestamp: old, rest })).toBe('400 invalid-timestamp');
    expect(await send({ timestamp: now(), rest })).toBe(FINE);
    await act('timestamps', { mode: 'strict' });
    expect(await send({ timestamp: old })).toBe('400 invalid-timestamp');
    const nonce = randomUUID();
    expect(await send({ timestamp: now(), nonce })).toBe(FINE);
    expect(await send({ timestamp: now(), nonce })).toBe('400 suspected-attack');
    await act('timestamps', { mode: 'lenient' });
    expect(await send({ timestamp: 'soon' })).toBe('400 invalid-timestamp');
  });

  test('without any proof are refused, unsigned', async () => {
    const answer = await fetch(`${world.sandbox.url}/v3/alipay/trade/query`, { method: 'POST' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('alipay-signature')).toBeNull();
    expect(await answer.json()).toMatchObject({ code: 'missing-timestamp' });
    const wrongVerb = await fetch(`${world.sandbox.url}/v3/alipay/trade/refund`);
    expect(await wrongVerb.json()).toMatchObject({ code: 'invalid-http-method' });
  });
});

test('rates are kept when asked for, for each application alone', async () => {
  const moment = new Date();
  const clock = { ...testClock(), real: () => moment };
  const strict = await openTestSandbox({ rate_limits: true, clock });
  const limited = (role: string) => {
    const { settings, credentials } = accountOf(role, strict);
    return new AlipaySdk({
      appId: String(settings['app_id']),
      gateway: String(settings['gateway']),
      privateKey: credentials['private_key'] ?? '',
      appCertContent: credentials['app_certificate'] ?? '',
      alipayPublicCertContent: credentials['alipay_certificate'] ?? '',
      alipayRootCertContent: credentials['alipay_root_certificate'] ?? '',
    });
  };
  const settle = (of: AlipaySdk) =>
    of.exec('alipay.trade.order.settle', { bizContent: { out_request_no: 'R' } });
  const first = limited('certificate');
  const answers = await Promise.all(Array.from({ length: 40 }, () => settle(first)));
  const refused = answers.filter(({ subCode }) => subCode === 'isv.method-call-limited');
  expect(refused).toHaveLength(10);
  expect(refused[0]).toMatchObject({ code: '40005' });
  expect((await settle(limited('platform')))['subCode']).not.toBe('isv.method-call-limited');
  await strict.stop();
});

test('certificates, switches and tokens outlive a restart', async () => {
  const store = await SandboxStore.open(memoryJournal);
  const first = await openTestSandbox({ store });
  const run = (of: TestSandbox, name: string, input: object) =>
    of.sandbox.actions.find((one) => one.name === name)?.run(input);
  await run(first, 'certificates/rotate', {});
  await run(first, 'timestamps', { mode: 'strict' });
  const certificate = (of: TestSandbox) =>
    of.sandbox.accounts().find(({ role }) => role === 'certificate')?.credentials[
      'alipay_certificate'
    ];
  const token = (of: TestSandbox) =>
    of.sandbox.accounts().find(({ role }) => role === 'isv')?.credentials['app_auth_token'];
  const before = [certificate(first), token(first)];
  await first.sandbox.stop();
  const second = await openTestSandbox({ store, keys_dir: first.keys_dir });
  expect([certificate(second), token(second)]).toEqual(before);
  await second.stop();
  await first.stop().catch(() => undefined);
});
