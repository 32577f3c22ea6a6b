import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchChromium } from '../support/chromium.ts';
import { type Marketplace, openMarketplace } from './marketplace.ts';
import { buy, choose, openShopper, payAtWallet } from './shopper.ts';

/** What only UnionPay has: an order that the browser brings by POST, and comes back by POST. */
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

describe.skipIf(!launch)('with UnionPay', () => {
  test('a phone browser without scripts sends the order with the button and comes back', async () => {
    const shopper = await openShopper(browser, {
      agent: 'phone',
      language: 'en',
      javascript: false,
    });
    const { page } = shopper;
    await buy(page, `${market.shops.url}/jd`);
    await choose(page, 'union_pay');
    await page.locator('form[data-send] button').click();
    await page.waitForURL((url) => url.origin !== market.hub_url);
    await page.getByText('Lin Xia').first().click();
    await page.locator('button[value=pay]').click();
    await page.getByText('Back to the shop').click();
    await page.waitForURL((url) => url.origin === market.hub_url);
    await page.locator('.result-mark.paid').waitFor();
    await shopper.context.close();
  });

  test('inside UnionPay’s own app only UnionPay is offered, and pays', async () => {
    const shopper = await openShopper(browser, { agent: 'unionpay', language: 'en' });
    const { page } = shopper;
    await buy(page, `${market.shops.url}/tmall`);
    expect(await page.locator('button[name=wallet]').count()).toBe(1);
    const checkout = page.url();
    await choose(page, 'union_pay');
    await payAtWallet(page, 'en', { hub_url: market.hub_url, checkout });
    await page.locator('.result-mark.paid').waitFor();
    expect(shopper.complaints).toEqual([]);
    await shopper.context.close();
  });

  test('a payer who cancels at the cashier comes back to an order that can still be paid', async () => {
    const shopper = await openShopper(browser, { agent: 'phone', language: 'en' });
    const { page } = shopper;
    await buy(page, `${market.shops.url}/jd`);
    const checkout = page.url();
    await choose(page, 'union_pay');
    await page.waitForURL((url) => url.origin !== market.hub_url);
    await page.getByText('Chen').first().click();
    await page.locator('button[value=cancel]').click();
    await page.getByText('the order is not paid').waitFor();
    await page.goto(checkout);
    await page.locator('form[data-send] button').click();
    await page.locator('button[value=pay]').click();
    await page.waitForURL((url) => url.origin === market.hub_url);
    await page.locator('.result-mark.paid').waitFor();
    await shopper.context.close();
  });
});
