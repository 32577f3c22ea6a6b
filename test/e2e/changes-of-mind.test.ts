import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchChromium } from '../support/chromium.ts';
import { type Marketplace, openMarketplace } from './marketplace.ts';
import { buy, choose, openShopper, payOnPhone, type Shopper } from './shopper.ts';

const launch = await findChromium();
let market: Marketplace;
let browser: Browser;

beforeAll(async () => {
  if (!launch) return;
  [market, browser] = await Promise.all([openMarketplace(), launchChromium(launch)]);
});

afterAll(async () => {
  await browser?.close();
  await market?.stop();
});

async function shopperAt(shop: string, javascript = true): Promise<Shopper> {
  const shopper = await openShopper(browser, { agent: 'desktop', language: 'en', javascript });
  await buy(shopper.page, `${market.shops.url}/${shop}`);
  return shopper;
}

function codeOf(page: Page): Promise<string | null> {
  return page.locator('svg.qr path').getAttribute('d');
}

describe.skipIf(!launch)('a shopper', () => {
  test('who switches wallets midway pays once, with the second', async () => {
    const shopper = await shopperAt('taobao');
    const { page } = shopper;
    await choose(page, 'wechat_pay');
    const first = await codeOf(page);
    await choose(page, 'alipay');
    await page.getByText('Scan with Alipay').waitFor();
    expect(await codeOf(page)).not.toBe(first);
    await payOnPhone(shopper);
    await page.getByText('Paid with Alipay').waitFor();
    const [wechat] = market.wallets.all;
    expect(wechat?.transactions({ limit: 100 }).filter(({ state }) => state === 'paid')).toEqual(
      [],
    );
    expect(shopper.complaints).toEqual([]);
    await shopper.context.close();
  });

  test('who reloads, or opens the link again elsewhere, finds the same code', async () => {
    const shopper = await shopperAt('tmall');
    const { page } = shopper;
    await choose(page, 'alipay');
    const code = await codeOf(page);
    await page.reload();
    expect(await codeOf(page)).toBe(code);
    const other = await openShopper(browser, { agent: 'desktop', language: 'zh' });
    await other.page.goto(page.url());
    expect(await codeOf(other.page)).toBe(code);
    expect(shopper.complaints.concat(other.complaints)).toEqual([]);
    await shopper.context.close();
    await other.context.close();
  });

  test('who changes the language keeps it, from the checkout to the shop', async () => {
    const shopper = await shopperAt('jd');
    const { page } = shopper;
    await page.locator('.language').click();
    await page.getByText('选择付款方式').waitFor();
    await choose(page, 'wechat_pay');
    await page.getByText('请用微信扫一扫').waitFor();
    await payOnPhone(shopper);
    await page.getByText('已用微信支付付款').waitFor();
    await page.locator('main .button').click();
    await page.locator('.pill').getByText('已用微信支付付款').waitFor();
    await shopper.context.close();
  });

  test('who cancels is told, and the shop’s order says it is not paid', async () => {
    const shopper = await shopperAt('taobao_special');
    const { page } = shopper;
    await choose(page, 'wechat_pay');
    await page.locator('.cancel summary').click();
    await page.locator('.cancel button').click();
    await page.getByText('This payment was cancelled').waitFor();
    await page.locator('main .button').click();
    await page.locator('.state.closed').waitFor();
    await page.getByText('Order it again').waitFor();
    await shopper.context.close();
  });

  test('who pays without JavaScript sees it too', async () => {
    const shopper = await shopperAt('taobao', false);
    const { page } = shopper;
    await choose(page, 'alipay');
    await payOnPhone(shopper);
    await page.locator('.result-mark.paid').waitFor();
    await page.locator('main .button').click();
    await page.locator('.pill.alipay').waitFor();
    await shopper.context.close();
  });

  test('whose wallet’s notification is lost sees it too, because the hub asks', async () => {
    market.wallets.faults.wechat_pay.set([{ fault: 'notification_lost', probability: 1 }]);
    const shopper = await shopperAt('tmall');
    const { page } = shopper;
    await choose(page, 'wechat_pay');
    await payOnPhone(shopper);
    await page.getByText('Paid with WeChat Pay').waitFor();
    market.wallets.faults.wechat_pay.set([]);
    await shopper.context.close();
  });

  test('who has not enough money is told on the phone, and somebody else pays', async () => {
    const shopper = await shopperAt('jd');
    const { page, context } = shopper;
    await choose(page, 'wechat_pay');
    const code = await page.locator('.sandbox a').getAttribute('href');
    const phone = await context.newPage();
    for (const [person, says] of [
      ['zhou-ping', 'There is not enough money in this wallet'],
      ['chen-yu', 'Payment successful'],
    ]) {
      await phone.goto(`${code ?? ''}&person=${person ?? ''}`);
      await phone.locator('.scan-form button').click();
      await phone.locator('[data-key="4"]').click({ clickCount: 6 });
      await phone.locator('button[value=pay]').click();
      await phone.getByText(says ?? '').waitFor();
    }
    await page.getByText('Paid with WeChat Pay').waitFor();
    await context.close();
  });

  test('who asks for the money back gets it from the wallet that took it', async () => {
    const shopper = await shopperAt('tmall');
    const { page } = shopper;
    await choose(page, 'alipay');
    await payOnPhone(shopper);
    await page.locator('.result-mark.paid').waitFor();
    await page.locator('main .button').click();
    await page.getByText('Refund ¥399.00').click();
    await page.locator('.state.refunded').waitFor();
    await page.getByText('The money is back in Alipay.').waitFor();
    const alipay = market.wallets.all.find(({ wallet }) => wallet === 'alipay');
    const refunded = alipay?.transactions({ limit: 100 }).filter(({ refunded: sum }) => sum > 0n);
    expect(refunded?.map(({ refunded: sum }) => sum)).toEqual([39_900n]);
    await shopper.context.close();
  });

  // Last, because it moves everybody's clock.
  test('who comes too late sees that the payment expired, and the code is dead', async () => {
    const shopper = await shopperAt('taobao');
    const { page, context } = shopper;
    await choose(page, 'wechat_pay');
    const phone = await context.newPage();
    await phone.goto(market.phone.url);
    await phone.locator('button[value=P1D]').click();
    await page.getByText('This payment has expired').waitFor();
    await page.locator('main .button').click();
    await page.locator('.state.closed').waitFor();
    expect(shopper.complaints).toEqual([]);
    await context.close();
  });
});
