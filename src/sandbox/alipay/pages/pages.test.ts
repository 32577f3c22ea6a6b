import { createServer, request as httpRequest, type Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findChromium, launchChromium } from '../../../../test/support/chromium.ts';
import { shanghaiStamp } from '../../../clock.ts';
import { parsePrivateKey } from '../../../protocols/alipay/keys.ts';
import { encodeForm } from '../../../protocols/alipay/parameters.ts';
import { requestParameters, signRequest } from '../../../protocols/alipay/request.ts';
import { buyerId } from '../numbers.ts';
import { openTestSandbox, type TestSandbox } from '../testing.ts';

let world: TestSandbox;
let shop: Server;
let shopUrl = '';
/** What the shop's page holds. */
let shopPage = '';
let serial = 0;
let out_trade_no = '';

beforeAll(async () => {
  world = await openTestSandbox();
  shop = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><title>shop</title><body>${shopPage}</body>`);
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const address = shop.address();
  shopUrl = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});

beforeEach(() => {
  serial += 1;
  out_trade_no = `P${serial}`;
  shopPage = '<h1>Back in the shop</h1>';
});

afterAll(async () => {
  shop.closeAllConnections();
  shop.close();
  await world.stop();
});

async function gatewayUrl(method: string, biz: Record<string, unknown>): Promise<string> {
  const { settings, credentials } = world.sandbox.merchantAccount();
  const parameters = requestParameters({
    app_id: String(settings['app_id']),
    method,
    timestamp: shanghaiStamp(new Date()),
    return_url: `${shopUrl}/return`,
    biz_content: { out_trade_no, total_amount: '6.66', subject: '<b>tea</b>', ...biz },
  });
  await signRequest(parsePrivateKey(credentials['private_key'] ?? ''), parameters);
  return `${String(settings['gateway'])}?${encodeForm(parameters)}`;
}

function pagePay(): Promise<string> {
  return gatewayUrl('alipay.trade.page.pay', { product_code: 'FAST_INSTANT_TRADE_PAY' });
}

async function cashierOf(url: string): Promise<string> {
  const answer = await fetch(url, { redirect: 'manual' });
  return `${world.sandbox.url}${answer.headers.get('location')}`;
}

function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
  return fetch(url, { method: 'POST', redirect: 'manual', headers: form, body });
}

describe('the cashier without a browser', () => {
  test('texts of the merchant are escaped and the page is locked down', async () => {
    const answer = await fetch(await cashierOf(await pagePay()));
    const text = await answer.text();
    expect(text).toContain('&lt;b&gt;tea&lt;/b&gt;');
    expect(text).not.toContain('<b>tea');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });

  test('both languages are spoken', async () => {
    const cashier = await cashierOf(await pagePay());
    const english = await fetch(cashier, { headers: { 'accept-language': 'en-GB,en' } });
    expect(await english.text()).toContain('Log in as Lin Xiaoyu');
    const chinese = await fetch(cashier, { headers: { 'accept-language': 'zh-CN' } });
    expect(await chinese.text()).toContain('登录：林小雨');
  });

  test('a foreign Host or Origin gets nothing', async () => {
    const cashier = await cashierOf(await pagePay());
    const foreign = await post(`${cashier}/login`, 'person=lin', { origin: 'http://evil.example' });
    expect(foreign.status).toBe(403);
    const status = await new Promise<number>((resolve, reject) => {
      const rebound = httpRequest(cashier, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      rebound.on('error', reject).end();
    });
    expect(status).toBe(403);
  });

  test('cancelling at the phone cashier goes to quit_url and leaves the order payable', async () => {
    const quit_url = `${shopUrl}/quit`;
    const biz = { product_code: 'QUICK_WAP_WAY', quit_url };
    const cashier = await cashierOf(await gatewayUrl('alipay.trade.wap.pay', biz));
    await post(`${cashier}/login`, 'person=lin');
    const cancelled = await post(`${cashier}/confirm`, 'outcome=cancel');
    expect(cancelled.headers.get('location')).toBe(quit_url);
    const paid = await post(`${cashier}/confirm`, 'person=lin&outcome=pay');
    expect(paid.headers.get('location')).toContain(`${shopUrl}/return?`);
    const again = await fetch(cashier, { redirect: 'manual' });
    expect(again.headers.get('location')).toContain(`${shopUrl}/return?`);
  });

  test('short money and another payer are explained, nothing is paid', async () => {
    const cashier = await cashierOf(await pagePay());
    await post(`${cashier}/login`, 'person=poor');
    const short = await post(`${cashier}/confirm`, 'person=poor&outcome=pay');
    expect(await short.text()).toContain('余额不足');
    const other = await post(`${cashier}/confirm`, 'person=lin&outcome=pay', {
      'accept-language': 'en',
    });
    expect(await other.text()).toContain('Somebody else is paying');
    const state = await (await fetch(`${cashier}/state`)).json();
    expect(state).toEqual({ state: 'waiting' });
  });

  test('an order that ran out of time says so', async () => {
    const cashier = await cashierOf(await pagePay());
    world.clock.advance(16 * 86_400_000);
    const page = await fetch(cashier, { headers: { 'accept-language': 'en' } });
    expect(await page.text()).toContain('has expired');
  });

  test('the login page asks who is there, and refuses what is not an application', async () => {
    const { settings } = world.sandbox.merchantAccount();
    const path = `${world.sandbox.url}/oauth2/publicAppAuthorize.htm`;
    const query = new URLSearchParams({
      app_id: String(settings['app_id']),
      scope: 'auth_base',
      redirect_uri: `${shopUrl}/back`,
    });
    const chooser = await fetch(`${path}?${query}`);
    expect(await chooser.text()).toContain('陈大海');
    const chosen = await post(`${path}?${query}`, 'person=chen');
    expect(chosen.headers.get('location')).toContain(`${shopUrl}/back?`);
    expect(chosen.headers.get('set-cookie')).toContain('hutong_person=chen');
    for (const change of [
      { app_id: '1' },
      { redirect_uri: 'javascript:alert(1)' },
      { scope: 'x' },
    ]) {
      const wrong = new URLSearchParams({ ...Object.fromEntries(query), ...change });
      expect((await fetch(`${path}?${wrong}`)).status).toBe(400);
    }
  });
});

const launch = await findChromium();

describe.skipIf(!launch)('in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    if (launch) browser = await launchChromium(launch);
  });

  afterAll(() => browser.close());

  async function openPage(): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-GB' });
    return context.newPage();
  }

  test('log in and pay at the desktop cashier, and be back in the shop', async () => {
    const page = await openPage();
    await page.goto(await pagePay());
    await page.getByRole('img').waitFor();
    await page.getByRole('button', { name: 'Log in as Lin Xiaoyu' }).click();
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.getByRole('heading', { name: 'Back in the shop' }).waitFor();
    expect(new URL(page.url()).searchParams.get('out_trade_no')).toBe(out_trade_no);
    await page.context().close();
  });

  test('a desktop cashier whose code is paid by phone goes back to the shop by itself', async () => {
    const page = await openPage();
    await page.goto(await pagePay());
    const scanned = await world.sandbox.scan('chen', page.url());
    await world.sandbox.confirm(scanned.id, 'pay');
    await page.getByRole('heading', { name: 'Back in the shop' }).waitFor();
    await page.context().close();
  });

  async function tradeFor(person: string): Promise<string> {
    const url = await gatewayUrl('alipay.trade.create', { buyer_id: buyerId(person) });
    const answer = await (await fetch(url)).text();
    return /"trade_no":"(\d{28})"/.exec(answer)?.[1] ?? '';
  }

  async function openShop(tradeNO: string): Promise<Page> {
    shopPage = `<button>Buy</button><output></output>
<script src="${world.sandbox.url}/bridge.js"></script><script>
document.querySelector('button').onclick = () => AlipayJSBridge.call('tradePay',
  { tradeNO: '${tradeNO}' }, (r) => { document.querySelector('output').value = r.resultCode; });
</script>`;
    const page = await openPage();
    await page.goto(shopUrl);
    await page.getByRole('button', { name: 'Buy' }).click();
    return page;
  }

  test.each([
    ['Pay', '9000'],
    ['Cancel', '6001'],
  ])('the pay sheet answers %s with %s', async (button, result) => {
    const page = await openShop(await tradeFor('lin'));
    await page.frameLocator('iframe').getByRole('button', { name: button }).click();
    await page.locator('output', { hasText: result }).waitFor();
    expect(await page.locator('iframe').count()).toBe(0);
    await page.context().close();
  });

  test('a trade that is not there, or too dear, ends in 4000', async () => {
    const lost = await openShop('2026');
    await lost.locator('output', { hasText: '4000' }).waitFor();
    await lost.context().close();
    const dear = await openShop(await tradeFor('poor'));
    const sheet = dear.frameLocator('iframe');
    await sheet.getByRole('button', { name: 'Pay' }).click();
    await sheet.getByRole('heading', { name: /Not enough money/ }).waitFor();
    await sheet.getByRole('button', { name: 'Back to the shop' }).click();
    await dear.locator('output', { hasText: '4000' }).waitFor();
    await dear.context().close();
  });
});
