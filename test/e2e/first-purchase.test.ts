import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WALLETS } from '../../src/wallets/wallet.ts';
import { LANGUAGES } from '../../web/design/language.ts';
import { findChromium, launchChromium } from '../support/chromium.ts';
import { type Marketplace, openMarketplace } from './marketplace.ts';
import { buy, choose, openShopper, payAtWallet, payOnPhone, SAYS } from './shopper.ts';

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

/** Every wallet in every language in `npm run test:full`; else the languages take turns. */
const FULL = process.env['HUTONG_TEST_FULL'] === '1';
const CASES = WALLETS.flatMap((wallet, nth) =>
  LANGUAGES.filter((_, index) => FULL || index === nth % LANGUAGES.length).map((language) => ({
    wallet,
    language,
  })),
);

describe.skipIf(!launch).each(CASES)('with $wallet in $language', ({ wallet, language }) => {
  const says = SAYS[language];

  test('a desktop shopper scans with the phone, and the shop knows who was paid how', async () => {
    const shopper = await openShopper(browser, { agent: 'desktop', language });
    const { page } = shopper;
    await buy(page, `${market.shops.url}/taobao`);
    expect(await page.locator('html').getAttribute('lang')).toBe(
      language === 'zh' ? 'zh-CN' : 'en',
    );
    await choose(page, wallet);
    await page.locator('svg.qr').waitFor();
    await payOnPhone(shopper);
    await page.locator('.result-mark.paid').waitFor();
    expect(await page.locator('main').innerText()).toContain(says[wallet]);
    await page.locator('main .button').click();
    const badge = page.locator(`.pill.${wallet}`);
    await badge.waitFor();
    expect(await badge.innerText()).toContain(says[wallet]);
    expect(shopper.complaints).toEqual([]);
    await shopper.context.close();
  });

  test('a phone shopper is handed to the wallet and comes back paid', async () => {
    const shopper = await openShopper(browser, { agent: 'phone', language });
    const { page } = shopper;
    await buy(page, `${market.shops.url}/jd`);
    const checkout = page.url();
    await choose(page, wallet);
    await payAtWallet(page, language, { hub_url: market.hub_url, checkout });
    await page.locator('.result-mark.paid').waitFor();
    expect(await page.locator('main').innerText()).toContain(says[wallet]);
    expect(shopper.complaints).toEqual([]);
    await shopper.context.close();
  });

  const ownPage = wallet === 'wechat_pay' || wallet === 'alipay';
  test.runIf(ownPage)('a shopper inside the wallet logs in and pays in the page', async () => {
    const agent = wallet === 'wechat_pay' ? 'wechat' : 'alipay';
    const shopper = await openShopper(browser, { agent, language });
    const { page } = shopper;
    await buy(page, `${market.shops.url}/tmall`);
    await page.locator(`a[href$="/login/${wallet}"]`).click();
    await page.getByText(says.person).first().click();
    await page.waitForURL(/\/c\/[^/]*$/);
    const sheet = wallet === 'wechat_pay' ? page.locator('dialog') : page.frameLocator('iframe');
    const pay = wallet === 'wechat_pay' ? 'button >> nth=0' : 'button[value=pay]';
    await sheet.locator(pay).click();
    await page.locator('.result-mark.paid').waitFor();
    expect(await page.locator('main').innerText()).toContain(says[wallet]);
    expect(shopper.complaints).toEqual([]);
    await shopper.context.close();
  });
});
