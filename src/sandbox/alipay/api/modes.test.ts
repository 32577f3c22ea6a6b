import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlipayFormData, AlipaySdk } from 'alipay-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AppRole } from '../books.ts';
import { filePrefix } from '../open/apps.ts';
import { type Merchant, openMerchant, openTestSandbox, type TestSandbox } from '../testing.ts';

/**
 * The wallet's official Node SDK, unmodified, in every mode it knows: key and certificate,
 * gateway.do and OpenAPI v3, clear and encrypted.
 */
let world: TestSandbox;
let merchant: Merchant;
let serial = 0;
let out_trade_no = '';

type SdkConfig = ConstructorParameters<typeof AlipaySdk>[0];

async function sdkFor(role: AppRole, changes: Partial<SdkConfig> = {}): Promise<AlipaySdk> {
  const account = world.sandbox.accounts().find((one) => one.role === role);
  if (!account) throw new Error(`no ${role}`);
  const { settings, credentials } = account;
  const { private_key, alipay_public_key, app_certificate } = credentials;
  const aes = join(world.keys_dir, `${filePrefix(role)}aes_key.txt`);
  return new AlipaySdk({
    appId: String(settings['app_id']),
    gateway: String(settings['gateway']),
    endpoint: world.sandbox.url,
    privateKey: private_key ?? '',
    encryptKey: await readFile(aes, 'utf8'),
    ...(alipay_public_key !== undefined && { alipayPublicKey: alipay_public_key }),
    ...(app_certificate !== undefined && {
      appCertContent: app_certificate,
      alipayPublicCertContent: credentials['alipay_certificate'] ?? '',
      alipayRootCertContent: credentials['alipay_root_certificate'] ?? '',
    }),
    ...changes,
  });
}

beforeAll(async () => {
  world = await openTestSandbox();
  merchant = await openMerchant();
});

afterAll(async () => {
  await merchant.stop();
  await world.stop();
});

beforeEach(() => {
  serial += 1;
  out_trade_no = `MODE${serial}`;
  merchant.heard.length = 0;
});

const order = () => ({ out_trade_no, total_amount: '12.34', subject: '茶/Tea & "more"' });

async function pay(code: unknown): Promise<void> {
  const scanned = await world.sandbox.scan('lin', String(code));
  await world.sandbox.confirm(scanned.id, 'pay');
}

async function act(name: string, input: object): Promise<unknown> {
  const action = world.sandbox.actions.find((one) => one.name === name);
  return action?.run(input);
}

const MODES = ['key', 'certificate'] as const;

describe.each(MODES)('in %s mode', (mode) => {
  test('gateway.do pays, and its notification verifies', async () => {
    const sdk = await sdkFor(mode);
    const options = { validateSign: true };
    const created = await sdk.exec(
      'alipay.trade.precreate',
      { notify_url: merchant.url, bizContent: order() },
      options,
    );
    expect(created).toMatchObject({ code: '10000', outTradeNo: out_trade_no });
    await pay(created['qrCode']);
    const query = { bizContent: { out_trade_no } };
    const paid = await sdk.exec('alipay.trade.query', query, options);
    expect(paid).toMatchObject({ tradeStatus: 'TRADE_SUCCESS', totalAmount: '12.34' });
    const [heard] = await merchant.hears(1);
    const fields = Object.fromEntries(new URLSearchParams(heard?.body.toString('utf8')));
    expect(fields['alipay_cert_sn']).toBeUndefined();
    expect(fields['auth_app_id']).toBe(sdk.config.appId);
    expect(sdk.checkNotifySignV2(fields)).toBe(true);
    expect(sdk.checkNotifySignV2({ ...fields, total_amount: '0.01' })).toBe(false);
  });

  test('v3 pays, and refuses by HTTP status', async () => {
    const sdk = await sdkFor(mode);
    const created = await sdk.curl<Record<string, unknown>>('POST', '/v3/alipay/trade/precreate', {
      body: { ...order(), notify_url: merchant.url },
    });
    expect(created.responseHttpStatus).toBe(200);
    expect(created.data).toEqual({ out_trade_no, qr_code: created.data['qr_code'] });
    await pay(created.data['qr_code']);
    for (const request of [{ body: { out_trade_no } }, { query: { out_trade_no } }]) {
      const verb = 'query' in request ? 'GET' : 'POST';
      const paid = await sdk.curl(verb, '/v3/alipay/trade/query', request);
      expect(paid.data).toMatchObject({ trade_status: 'TRADE_SUCCESS', total_amount: '12.34' });
    }
    await merchant.hears(1);
    const lost = sdk.curl('POST', '/v3/alipay/trade/query', { body: { out_trade_no: 'NONE' } });
    await expect(lost).rejects.toMatchObject({
      code: 'ACQ.TRADE_NOT_EXIST',
      responseHttpStatus: 400,
      links: [{ desc: '解决方案' }],
    });
    const nowhere = sdk.curl('POST', '/v3/alipay/trade/nothing', { body: {} });
    await expect(nowhere).rejects.toMatchObject({ responseHttpStatus: 404 });
  });

  test('encrypted content is taken and answered, by both protocols', async () => {
    const sdk = await sdkFor(mode);
    const created = await sdk.exec('alipay.trade.precreate', {
      needEncrypt: true,
      bizContent: order(),
    });
    expect(created).toMatchObject({ code: '10000', outTradeNo: out_trade_no });
    await pay(created['qrCode']);
    const paid = await sdk.curl('POST', '/v3/alipay/trade/query', {
      needEncrypt: true,
      body: { out_trade_no },
    });
    expect(paid.data).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
    const foreign = await sdkFor(mode, { encryptKey: Buffer.alloc(16, 7).toString('base64') });
    const refused = await foreign.exec('alipay.trade.query', {
      needEncrypt: true,
      bizContent: { out_trade_no },
    });
    expect(refused).toMatchObject({ subCode: 'isv.decryption-error-unknown' });
    await expect(
      foreign.curl('POST', '/v3/alipay/trade/query', { needEncrypt: true, body: {} }),
    ).rejects.toMatchObject({ code: 'decryption-error-unknown' });
  });

  test('order strings and page links are the same to the wallet', async () => {
    const sdk = await sdkFor(mode);
    const bizContent = { ...order(), product_code: 'QUICK_MSECURITY_PAY' };
    const string = sdk.sdkExecute('alipay.trade.app.pay', { bizContent });
    const scanned = await world.sandbox.scan('lin', string);
    expect(scanned).toMatchObject({ amount: 1234n });
    out_trade_no += 'P';
    const page = sdk.pageExecute('alipay.trade.page.pay', 'GET', {
      bizContent: { ...order(), product_code: 'FAST_INSTANT_TRADE_PAY' },
    });
    const answer = await fetch(page, { redirect: 'manual' });
    expect(answer.headers.get('location')).toMatch(/^\/cashier\//);
    const tampered = await fetch(page.replace('12.34', '0.34'), { redirect: 'manual' });
    expect(await tampered.text()).toContain('isv.invalid-signature');
  });

  test('a foreign private key is refused by both protocols', async () => {
    const foreign = world.sandbox.accounts().find(({ role }) => role === 'platform');
    const sdk = await sdkFor(mode, { privateKey: foreign?.credentials['private_key'] ?? '' });
    const answer = await sdk.exec('alipay.trade.query', { bizContent: { out_trade_no } });
    expect(answer).toMatchObject({ code: '40002', subCode: 'isv.invalid-signature' });
    expect(answer['subMsg']).toContain(String(foreign?.settings['app_id']));
    await expect(
      sdk.curl('POST', '/v3/alipay/trade/query', { body: { out_trade_no } }),
    ).rejects.toMatchObject({ code: 'invalid-signature', responseHttpStatus: 400 });
  });
});

describe('certificate mode', () => {
  const query = () => ({ bizContent: { out_trade_no } });

  test('names of certificates that are missing or not the application’s are refused', async () => {
    const sdk = await sdkFor('certificate');
    const plain = await sdkFor('certificate');
    plain.config.appCertSn = '';
    const missing = await plain.exec('alipay.trade.query', query());
    expect(missing).toMatchObject({ subCode: 'isv.missing-app-cert-sn' });
    const { appCertSn, alipayRootCertSn } = sdk.config;
    sdk.config.alipayRootCertSn = `${alipayRootCertSn}_${alipayRootCertSn}`;
    const root = await sdk.exec('alipay.trade.query', query());
    expect(root).toMatchObject({ subCode: 'isv.invalid-alipay-root-cert-sn' });
    await expect(
      sdk.curl('POST', '/v3/alipay/trade/query', { body: { out_trade_no } }),
    ).rejects.toMatchObject({ code: 'invalid-alipay-root-cert-sn' });
    sdk.config.alipayRootCertSn = alipayRootCertSn;
    sdk.config.appCertSn = 'f'.repeat(32);
    const own = await sdk.exec('alipay.trade.query', query());
    expect(own).toMatchObject({ subCode: 'isv.app-cert-not-exist' });
    sdk.config.appCertSn = appCertSn;
    expect(await sdk.exec('alipay.trade.query', query())).toMatchObject({
      subCode: 'ACQ.TRADE_NOT_EXIST',
    });
  });

  test('a new certificate of Alipay can be downloaded by the number answers name', async () => {
    const sdk = await sdkFor('certificate');
    await act('certificates/rotate', { app_id: sdk.config.appId });
    const options = { validateSign: true };
    await expect(sdk.exec('alipay.trade.query', query(), options)).rejects.toThrow('验签失败');
    await expect(
      sdk.curl('POST', '/v3/alipay/trade/precreate', { body: order() }),
    ).rejects.toMatchObject({ code: 'response-alipay-sn-verify-error' });
    const { url } = world.sandbox;
    const link = sdk.pageExecute('alipay.trade.query', 'GET', query());
    const raw = await (await fetch(link)).text();
    const sn = /"alipay_cert_sn":"([0-9a-f]{32})"/.exec(raw)?.[1];
    expect(sn).not.toBe(sdk.config.alipayCertSn);
    expect(link.startsWith(url)).toBe(true);
    const download = await sdk.exec('alipay.open.app.alipaycert.download', {
      bizContent: { alipay_cert_sn: sn },
    });
    const renewed = await sdkFor('certificate', {
      alipayPublicCertContent: Buffer.from(
        String(download['alipayCertContent']),
        'base64',
      ).toString('utf8'),
    });
    expect(renewed.config.alipayCertSn).toBe(sn);
    expect(await renewed.exec('alipay.trade.query', query(), options)).toMatchObject({
      subCode: 'ACQ.TRADE_NOT_EXIST',
    });
    const unknown = await sdk.exec('alipay.open.app.alipaycert.download', {
      bizContent: { alipay_cert_sn: '0'.repeat(32) },
    });
    expect(unknown).toMatchObject({ subCode: 'isv.alipay-cert-not-exist' });
  });
});

describe('v3', () => {
  test('the login code is exchanged there too', async () => {
    const sdk = await sdkFor('key');
    const query = new URLSearchParams({
      app_id: sdk.config.appId,
      scope: 'auth_base',
      redirect_uri: 'http://127.0.0.1/back',
      person: 'chen',
    });
    const login = `${world.sandbox.url}/oauth2/publicAppAuthorize.htm?${query}`;
    const redirect = await fetch(login, { redirect: 'manual' });
    const code = new URL(redirect.headers.get('location') ?? '').searchParams.get('auth_code');
    const exchange = () =>
      sdk.curl<Record<string, unknown>>('POST', '/v3/alipay/system/oauth/token', {
        body: { grant_type: 'authorization_code', code },
      });
    expect((await exchange()).data['user_id']).toMatch(/^2088\d{12}$/);
    await expect(exchange()).rejects.toMatchObject({ code: 'code-invalid' });
  });

  test('an upload is signed by its part data, its file is not', async () => {
    const sdk = await sdkFor('platform');
    const form = new AlipayFormData();
    form.addField('image_type', 'png');
    form.addFile('image_content', 'licence.png', Buffer.from('89504e470d0a1a0a', 'hex'));
    const path = '/v3/ant/merchant/expand/indirect/image/upload';
    const answer = sdk.curl<Record<string, unknown>>('POST', path, { form });
    expect((await answer).data['image_id']).toEqual(expect.any(String));
  });
});
