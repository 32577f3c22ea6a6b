import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchChromium } from '../../../../test/support/chromium.ts';
import { type Connector, openConnector } from '../../../../test/support/wechat-pay-connector.ts';

/** The payer's pages in a real browser, the bridge under a merchant's strict policy. */
const found = await findChromium();
let on: Connector;
let browser: Browser;
let merchant: Server;
let merchantUrl = '';

const PAGE = `<!doctype html><meta charset="utf-8"><title>shop</title><p>Shop</p>`;

beforeAll(async () => {
  if (!found) return;
  on = await openConnector();
  browser = await launchChromium(found);
  const { url } = on.running.sandbox;
  const policy = `default-src 'none'; script-src ${url}; connect-src ${url}; style-src 'self'`;
  merchant = createServer((_request, response) => {
    response
      .writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy })
      .end(`${PAGE}<script src="${url}/bridge.js"></script>`);
  });
  await new Promise<void>((resolve) => merchant.listen(0, '127.0.0.1', resolve));
  merchantUrl = `http://127.0.0.1:${(merchant.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  if (!found) return;
  await browser.close();
  merchant.closeAllConnections();
  await new Promise((resolve) => merchant.close(resolve));
  await on.stop();
});

async function linAtWechat() {
  const { payerLogin } = on.wallet;
  if (!payerLogin) throw new Error('no login');
  const url = payerLogin.authorizeUrl(on.account, {
    redirect_url: merchantUrl,
    state: 's',
  });
  const headers = { cookie: 'hutong_person=lin' };
  const answer = await fetch(url, { redirect: 'manual', headers });
  const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
  return (await payerLogin.exchangeCode(on.account, code)) ?? '';
}

/** Makes the in-page call on the merchant's page, presses a button, gives the bridge's answer. */
async function callBridge(press: string, change: Record<string, string> = {}) {
  const request = on.order({ presentation: 'in_app', payer: await linAtWechat() });
  const { presentation } = await on.presented(request);
  if (presentation.kind !== 'in_app') throw new Error('no parameters');
  const page = await browser.newPage({ locale: 'en-US' });
  await page.goto(merchantUrl);
  const params = JSON.stringify({ ...presentation.params, ...change });
  const answered = page.evaluate<{ err_msg: string }>(
    `new Promise((done) => WeixinJSBridge.invoke('getBrandWCPayRequest', ${params}, done))`,
  );
  if (press !== '') {
    const sheet = page.getByRole('dialog', { name: 'WeChat Pay (sandbox)' });
    await sheet.getByText('¥12.34').waitFor();
    await sheet.getByRole('button', { name: press }).click();
  }
  const { err_msg } = await answered;
  await page.close();
  const queried = await on.wallet.queryPayment(on.account, request.wallet_reference);
  return { err_msg, state: queried.kind === 'fact' ? queried.fact.state : queried.kind };
}

describe.skipIf(!found)('in a browser', () => {
  test('the bridge pays the order and says ok', async () => {
    expect(await callBridge('Pay now')).toEqual({
      err_msg: 'get_brand_wcpay_request:ok',
      state: 'paid',
    });
  });

  test('the bridge says cancel, and fail for a wrong paySign', async () => {
    expect(await callBridge('Cancel')).toEqual({
      err_msg: 'get_brand_wcpay_request:cancel',
      state: 'waiting',
    });
    expect(await callBridge('', { nonceStr: 'changed' })).toEqual({
      err_msg: 'get_brand_wcpay_request:fail',
      state: 'waiting',
    });
  });

  test('the h5 page lets a person pay and comes back to the shop', async () => {
    const request = on.order({ presentation: 'h5', return_url: `${merchantUrl}?back=1` });
    const { presentation } = await on.presented(request);
    if (presentation.kind !== 'h5') throw new Error('no link');
    const page = await browser.newPage({ locale: 'zh-CN' });
    await page.goto(presentation.url);
    await page.getByRole('link', { name: '林小禾' }).click();
    await page.getByText('¥12.34').waitFor();
    await page.getByRole('button', { name: '确认支付' }).click();
    await page.waitForURL(request.return_url);
    await page.close();
    expect(await on.wallet.queryPayment(on.account, request.wallet_reference)).toMatchObject({
      fact: { state: 'paid' },
    });
  });
});
