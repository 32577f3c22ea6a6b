import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { AlipaySdk } from 'alipay-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Merchant, openMerchant, openTestSandbox, type TestSandbox } from './testing.ts';

/** The wallet's official Node SDK, unmodified, judges the sandbox over a socket. */
let world: TestSandbox;
let merchant: Merchant;
let sdk: AlipaySdk;
let serial = 0;
let out_trade_no = '';

function sdkWith(overrides: Partial<ConstructorParameters<typeof AlipaySdk>[0]> = {}): AlipaySdk {
  const { settings, credentials } = world.sandbox.merchantAccount();
  return new AlipaySdk({
    appId: String(settings['app_id']),
    gateway: String(settings['gateway']),
    privateKey: credentials['private_key'] ?? '',
    alipayPublicKey: credentials['alipay_public_key'] ?? '',
    ...overrides,
  });
}

function exec(method: string, params: Record<string, unknown>) {
  return sdk.exec(method, params, { validateSign: true });
}

beforeAll(async () => {
  world = await openTestSandbox();
  merchant = await openMerchant();
  sdk = sdkWith();
});

afterAll(async () => {
  await merchant.stop();
  await world.stop();
});

beforeEach(() => {
  serial += 1;
  out_trade_no = `SDK${serial}`;
  merchant.heard.length = 0;
  merchant.say('success');
});

function precreate(extra: Record<string, unknown> = {}) {
  return exec('alipay.trade.precreate', {
    notify_url: merchant.url,
    bizContent: { out_trade_no, total_amount: '12.34', subject: '茶/Tea & "more"', ...extra },
  });
}

async function paidTrade(): Promise<string> {
  const { qrCode } = await precreate();
  const scanned = await world.sandbox.scan('lin', String(qrCode));
  await world.sandbox.confirm(scanned.id, 'pay');
  const answer = await exec('alipay.trade.query', { bizContent: { out_trade_no } });
  return String(answer['tradeNo']);
}

describe('exec with validateSign', () => {
  test('a precreated code makes no trade until it is scanned, then pays', async () => {
    const created = await precreate();
    expect(created).toMatchObject({ code: '10000', msg: 'Success', outTradeNo: out_trade_no });
    expect(created['qrCode']).toMatch(/^https:\/\/qr\.alipay\.com\/bax[0-9a-z]{20}$/);
    const before = await exec('alipay.trade.query', { bizContent: { out_trade_no } });
    expect(before).toMatchObject({ code: '40004', subCode: 'ACQ.TRADE_NOT_EXIST' });
    const close = await exec('alipay.trade.close', { bizContent: { out_trade_no } });
    expect(close).toMatchObject({ code: '40004', subCode: 'ACQ.TRADE_NOT_EXIST' });

    const scanned = await world.sandbox.scan('lin', String(created['qrCode']));
    expect(scanned).toMatchObject({ amount: 1234n, description: '茶/Tea & "more"' });
    const waiting = await exec('alipay.trade.query', { bizContent: { out_trade_no } });
    expect(waiting).toMatchObject({ code: '10000', tradeStatus: 'WAIT_BUYER_PAY' });
    expect(waiting['tradeNo']).toMatch(/^\d{8}22001\d{15}$/);

    await world.sandbox.confirm(scanned.id, 'pay');
    const paid = await exec('alipay.trade.query', { bizContent: { out_trade_no } });
    expect(paid).toMatchObject({
      tradeStatus: 'TRADE_SUCCESS',
      totalAmount: '12.34',
      receiptAmount: '12.34',
      tradeNo: waiting['tradeNo'],
    });
    expect(typeof paid['traceId']).toBe('string');
  });

  test('create takes the buyer from the login round trip', async () => {
    const { settings } = world.sandbox.merchantAccount();
    const back = 'http://127.0.0.1/back?x=1';
    const query = new URLSearchParams({
      app_id: String(settings['app_id']),
      scope: 'auth_base',
      redirect_uri: back,
      state: 'st/1',
      person: 'chen',
    });
    const login = `${world.sandbox.url}/oauth2/publicAppAuthorize.htm?${query}`;
    const redirect = await fetch(login, { redirect: 'manual' });
    const location = new URL(redirect.headers.get('location') ?? '');
    expect(location.searchParams.get('state')).toBe('st/1');
    expect(location.searchParams.get('x')).toBe('1');
    const code = location.searchParams.get('auth_code');
    const token = await exec('alipay.system.oauth.token', {
      grant_type: 'authorization_code',
      code,
    });
    expect(token['userId']).toMatch(/^2088\d{12}$/);
    const again = await exec('alipay.system.oauth.token', {
      grant_type: 'authorization_code',
      code,
    });
    expect(again).toMatchObject({ code: '40002', subCode: 'isv.code-invalid' });

    const trade = {
      out_trade_no,
      total_amount: '1.00',
      subject: 'tea',
      product_code: 'JSAPI_PAY',
      buyer_open_id: token['openId'],
    };
    const created = await exec('alipay.trade.create', { bizContent: trade });
    expect(created).toMatchObject({ code: '10000', outTradeNo: out_trade_no });
    const repeated = await exec('alipay.trade.create', { bizContent: trade });
    expect(repeated['tradeNo']).toBe(created['tradeNo']);
    await expect(world.sandbox.scan('lin', String(created['tradeNo']))).rejects.toThrow(
      'other_payer',
    );
    const sheet = await world.sandbox.scan('chen', String(created['tradeNo']));
    await world.sandbox.confirm(sheet.id, 'pay');
    const paid = await exec('alipay.trade.query', { bizContent: { trade_no: created['tradeNo'] } });
    expect(paid).toMatchObject({ tradeStatus: 'TRADE_SUCCESS', buyerUserId: token['userId'] });
  });

  test('close ends an unpaid trade and refuses a paid one', async () => {
    const { qrCode } = await precreate();
    await world.sandbox.scan('lin', String(qrCode));
    const closed = await exec('alipay.trade.close', { bizContent: { out_trade_no } });
    expect(closed).toMatchObject({ code: '10000', outTradeNo: out_trade_no });
    await expect(world.sandbox.scan('lin', String(qrCode))).rejects.toThrow('order_closed');
    expect(await precreate()).toMatchObject({ code: '40004', subCode: 'ACQ.TRADE_HAS_CLOSE' });
    out_trade_no += 'paid';
    await paidTrade();
    const late = await exec('alipay.trade.close', { bizContent: { out_trade_no } });
    expect(late).toMatchObject({ code: '40004', subCode: 'ACQ.TRADE_STATUS_ERROR' });
    expect(await precreate()).toMatchObject({ code: '40004', subCode: 'ACQ.TRADE_HAS_SUCCESS' });
  });

  test('refunds are partial, repeatable by number, never above what was paid', async () => {
    const trade_no = await paidTrade();
    const refund = (refund_amount: string, out_request_no?: string) =>
      exec('alipay.trade.refund', { bizContent: { trade_no, refund_amount, out_request_no } });
    expect(await refund('2.34', 'R1')).toMatchObject({ fundChange: 'Y', refundFee: '2.34' });
    expect(await refund('2.34', 'R1')).toMatchObject({ fundChange: 'N', refundFee: '2.34' });
    expect(await refund('2.35', 'R1')).toMatchObject({ subCode: 'ACQ.DISCORDANT_REPEAT_REQUEST' });
    expect(await refund('1.00')).toMatchObject({ subCode: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL' });
    expect(await refund('10.01', 'R2')).toMatchObject({
      subCode: 'ACQ.REASON_TRADE_REFUND_FEE_ERR',
    });
    const query = (out_request_no: string) =>
      exec('alipay.trade.fastpay.refund.query', { bizContent: { trade_no, out_request_no } });
    expect(await query('R1')).toMatchObject({
      refundStatus: 'REFUND_SUCCESS',
      refundAmount: '2.34',
    });
    const unknown = await query('R2');
    expect(unknown['code']).toBe('10000');
    expect(unknown['refundStatus']).toBeUndefined();
    const partly = await exec('alipay.trade.query', { bizContent: { trade_no } });
    expect(partly['tradeStatus']).toBe('TRADE_SUCCESS');
    expect(await refund('10.00', 'R2')).toMatchObject({ fundChange: 'Y', refundFee: '12.34' });
    const whole = await exec('alipay.trade.query', { bizContent: { trade_no } });
    expect(whole['tradeStatus']).toBe('TRADE_CLOSED');
    expect(typeof whole['sendPayDate']).toBe('string');
  });

  test('cancel closes what is unpaid, gives back what is paid, and knows no unscanned order', async () => {
    const { qrCode } = await precreate();
    const cancel = () => exec('alipay.trade.cancel', { bizContent: { out_trade_no } });
    const nothing = await cancel();
    expect(nothing).toMatchObject({ code: '10000', retryFlag: 'N' });
    expect(nothing['action']).toBeUndefined();
    await world.sandbox.scan('lin', String(qrCode));
    expect(await cancel()).toMatchObject({ action: 'close', retryFlag: 'N' });
    out_trade_no += 'paid';
    const before = world.sandbox.balance('lin');
    await paidTrade();
    expect(await cancel()).toMatchObject({ action: 'refund' });
    expect(await cancel()).toMatchObject({ action: 'refund' });
    expect(world.sandbox.balance('lin')).toBe(before);
  });

  test('wrong business parameters are signed refusals', async () => {
    const wrong: [Record<string, unknown>, string][] = [
      [{ total_amount: '0.00' }, 'ACQ.INVALID_PARAMETER'],
      [{ total_amount: '1.234' }, 'ACQ.INVALID_PARAMETER'],
      [{ total_amount: '100000000.01' }, 'ACQ.TOTAL_FEE_EXCEED'],
      [{ out_trade_no: 'no blanks' }, 'ACQ.INVALID_PARAMETER'],
      [{ out_trade_no: '9'.repeat(65) }, 'ACQ.INVALID_PARAMETER'],
      [{ subject: undefined }, 'ACQ.INVALID_PARAMETER'],
      [{ time_expire: '2020-01-01 00:00:00' }, 'ACQ.INVALID_PARAMETER'],
      [{ timeout_express: '3w' }, 'ACQ.INVALID_PARAMETER'],
      [{ product_code: 'QUICK_WAP_WAY' }, 'ACQ.INVALID_PARAMETER'],
    ];
    for (const [change, subCode] of wrong) {
      expect(await precreate(change)).toMatchObject({ code: '40004', subCode });
    }
  });
});

describe('refusal of tampered messages', () => {
  test('a signed empty parameter is refused with the text that was built and a hint', async () => {
    const answer = await exec('alipay.trade.query', {
      notify_url: '',
      bizContent: { out_trade_no },
    });
    expect(answer).toMatchObject({ code: '40002', subCode: 'isv.invalid-signature' });
    expect(answer['subMsg']).toContain('charset=utf-8&amp;method=alipay.trade.query');
    expect(answer['subMsg']).toContain('notify_url');
    expect(answer['subMsg']).toContain('leave it out');
  });

  test('a foreign private key and an unknown application are refused', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const foreign = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString().trim();
    const query = { bizContent: { out_trade_no } };
    const signed = await sdkWith({ privateKey: foreign }).exec('alipay.trade.query', query);
    expect(signed).toMatchObject({ code: '40002', subCode: 'isv.invalid-signature' });
    const unknown = await sdkWith({ appId: '9021000100009999' }).exec('alipay.trade.query', query);
    expect(unknown).toMatchObject({ code: '40002', subCode: 'isv.invalid-app-id' });
  });

  test('a request changed on its way is refused, an answer changed on its way is not believed', async () => {
    let change = (text: string): string => text;
    let changeAnswer = (text: string): string => text;
    const proxy = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString('utf8');
      });
      request.on('end', () => {
        void fetch(`${world.sandbox.url}${request.url}`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: change(body),
        }).then(async (answer) => response.end(changeAnswer(await answer.text())));
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const through = sdkWith({ gateway: `http://127.0.0.1:${port}/gateway.do` });
    const pay = {
      bizContent: { out_trade_no, total_amount: '12.34', subject: 'tea' },
    };
    change = (text) => text.replace('12.34', '0.01');
    const refused = await through.exec('alipay.trade.precreate', pay, { validateSign: true });
    expect(refused).toMatchObject({ code: '40002', subCode: 'isv.invalid-signature' });
    change = (text) => text;
    changeAnswer = (text) => text.replace('Success', 'success');
    await expect(
      through.exec('alipay.trade.precreate', pay, { validateSign: true }),
    ).rejects.toThrow('验签失败');
    proxy.closeAllConnections();
    proxy.close();
  });
});

describe('pageExec', () => {
  const content = () => ({
    out_trade_no,
    total_amount: '8.00',
    subject: '“tea” & cake',
    product_code: 'FAST_INSTANT_TRADE_PAY',
  });

  async function payAtCashier(location: string): Promise<URL> {
    const post = (action: string, body: string) =>
      fetch(`${world.sandbox.url}${location}/${action}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
      });
    expect((await post('login', 'person=lin')).status).toBe(303);
    const end = await post('confirm', 'person=lin&outcome=pay');
    return new URL(end.headers.get('location') ?? '');
  }

  test('GET leads to the cashier, payment leads back to the signed return address', async () => {
    const url = sdk.pageExec('alipay.trade.page.pay', 'GET', {
      bizContent: content(),
      returnUrl: 'http://127.0.0.1/return?order=1',
    });
    const redirect = await fetch(url, { redirect: 'manual' });
    const location = redirect.headers.get('location') ?? '';
    expect(location).toMatch(/^\/cashier\/[0-9a-z]{20}$/);
    const cashier = await (await fetch(`${world.sandbox.url}${location}`)).text();
    expect(cashier).toContain('¥8.00');
    expect(cashier).toContain('<svg');
    const before = await exec('alipay.trade.query', { bizContent: { out_trade_no } });
    expect(before).toMatchObject({ subCode: 'ACQ.TRADE_NOT_EXIST' });
    const back = await payAtCashier(location);
    expect(back.searchParams.get('order')).toBe('1');
    back.searchParams.delete('order');
    const returned = Object.fromEntries(back.searchParams);
    expect(returned['out_trade_no']).toBe(out_trade_no);
    expect(sdk.checkNotifySignV2(returned)).toBe(true);
    expect(sdk.checkNotifySignV2({ ...returned, total_amount: '0.01' })).toBe(false);
  });

  test('the POST form leads to the same cashier', async () => {
    const form = sdk.pageExec('alipay.trade.wap.pay', 'POST', {
      bizContent: {
        ...content(),
        product_code: 'QUICK_WAP_WAY',
        quit_url: 'http://127.0.0.1/quit',
      },
      returnUrl: 'http://127.0.0.1/return',
    });
    const action = /action="([^"]+)"/.exec(form)?.[1] ?? '';
    const fields = [...form.matchAll(/name="([^"]+)" value="([^"]*)"/g)].slice(0);
    const body = new URLSearchParams();
    for (const [, name = '', value = ''] of fields) body.set(name, value.replaceAll('&quot;', '"'));
    const redirect = await fetch(action, { method: 'POST', body, redirect: 'manual' });
    const location = redirect.headers.get('location') ?? '';
    const cashier = await fetch(`${world.sandbox.url}${location}?person=lin`);
    expect(await cashier.text()).toContain('林小雨');
    const back = await payAtCashier(location);
    expect(back.searchParams.get('method')).toBe('alipay.trade.wap.pay.return');
  });

  test('a tampered page link shows the error instead of a cashier', async () => {
    const url = sdk.pageExec('alipay.trade.page.pay', 'GET', { bizContent: content() });
    const answer = await fetch(url.replace('8.00', '0.08'), { redirect: 'manual' });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('isv.invalid-signature');
  });
});

describe('notifications', () => {
  test('a payment and its refund are notified, signed, without empty values', async () => {
    const trade_no = await paidTrade();
    const [paid] = await merchant.hears(1);
    expect(paid?.headers['content-type']).toContain('application/x-www-form-urlencoded');
    const fields = Object.fromEntries(new URLSearchParams(paid?.body.toString('utf8')));
    expect(fields).toMatchObject({
      notify_type: 'trade_status_sync',
      trade_status: 'TRADE_SUCCESS',
      out_trade_no,
      trade_no,
      total_amount: '12.34',
      subject: '茶/Tea & "more"',
    });
    expect(Object.values(fields).every((value) => value !== '')).toBe(true);
    expect(fields['out_biz_no']).toBeUndefined();
    expect(fields['alipay_cert_sn']).toBeUndefined();
    expect(sdk.checkNotifySignV2(fields)).toBe(true);
    expect(sdk.checkNotifySignV2({ ...fields, total_amount: '0.01' })).toBe(false);

    await exec('alipay.trade.refund', {
      bizContent: { trade_no, refund_amount: '12.34', out_request_no: `${out_trade_no}R` },
    });
    const refunded = (await merchant.hears(2))[1];
    const second = Object.fromEntries(new URLSearchParams(refunded?.body.toString('utf8')));
    expect(second).toMatchObject({
      trade_status: 'TRADE_CLOSED',
      out_biz_no: `${out_trade_no}R`,
      refund_fee: '12.34',
    });
    expect(second['gmt_refund']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
    expect(sdk.checkNotifySignV2(second)).toBe(true);
  });

  test('only the body "success" is an acknowledgement; tries share one notify_id', async () => {
    merchant.say('SUCCESS');
    await paidTrade();
    await merchant.hears(2);
    merchant.say('success');
    const before = merchant.heard.length;
    const all = await merchant.hears(before + 1);
    const ids = new Set(
      all.map(({ body }) => new URLSearchParams(body.toString('utf8')).get('notify_id')),
    );
    expect(ids.size).toBe(1);
  });
});
