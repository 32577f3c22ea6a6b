import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LANGUAGES } from '../../web/design/language.ts';
import { findChromium, launchChromium } from '../support/chromium.ts';
import { type Marketplace, openMarketplace } from './marketplace.ts';
import { buy, choose, openShopper } from './shopper.ts';

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

const NARROW = { width: 320, height: 640 };
const WIDE = { width: 1280, height: 800 };

/** Runs in the page; a text, because nothing else here knows a browser's objects. */
const MEASURE = `(() => {
  const faults = [];
  const beyond = document.documentElement.scrollWidth - window.innerWidth;
  if (beyond > 0) faults.push(beyond + ' px wider than the window');
  if (document.querySelectorAll('h1').length !== 1) faults.push('not exactly one h1');
  if (!document.querySelector('main')) faults.push('no main');
  const targets = 'button, select, textarea, summary, a.button, a.tile, nav a, a.language';
  for (const target of document.querySelectorAll(targets)) {
    const { width, height } = target.getBoundingClientRect();
    if (width === 0 || Math.min(width, height) >= 43.5) continue;
    faults.push(target.innerText.trim().slice(0, 30) + ': ' + width + ' × ' + height);
  }
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (!field.labels?.length) faults.push('field ' + field.name + ' has no label');
  }
  return faults;
})()`;

/** What is wrong with a page at a size, one line each; nothing when it is well. */
async function faultsOf(page: Page, size: typeof NARROW): Promise<string[]> {
  await page.setViewportSize(size);
  return page.evaluate<string[]>(MEASURE);
}

async function expectWell(page: Page): Promise<void> {
  for (const size of [NARROW, WIDE]) {
    expect(await faultsOf(page, size), `${page.url()} at ${size.width} px`).toEqual([]);
  }
}

describe.skipIf(!launch).each(LANGUAGES)(
  'in %s, from 320 px up, with targets of 44 px',
  (language) => {
    test('the shops', async () => {
      const { page, context } = await openShopper(browser, { agent: 'desktop', language });
      for (const path of ['/', '/taobao', '/taobao/orders', '/taobao_special', '/tmall', '/jd']) {
        await page.goto(`${market.shops.url}${path}`);
        await expectWell(page);
      }
      await context.close();
    });

    test('the checkout at every step, and the order', async () => {
      const { page, context } = await openShopper(browser, { agent: 'desktop', language });
      await buy(page, `${market.shops.url}/tmall`);
      await expectWell(page);
      await choose(page, 'wechat_pay');
      await page.locator('svg.qr').waitFor();
      await expectWell(page);
      await page.locator('.cancel summary').click();
      await expectWell(page);
      await page.locator('.cancel button').click();
      await page.locator('.result-mark').waitFor();
      await expectWell(page);
      await page.locator('main .button').click();
      await page.locator('.state.closed').waitFor();
      await expectWell(page);
      await page.goto(`${market.hub_url}/c/nothing`);
      await expectWell(page);
      await context.close();
    });

    test('the phone, from the code to the password', async () => {
      const { page, context } = await openShopper(browser, { agent: 'desktop', language });
      await buy(page, `${market.shops.url}/jd`);
      await choose(page, 'alipay');
      const code = (await page.locator('.sandbox a').getAttribute('href')) ?? '';
      for (const url of [market.phone.url, code, `${code}&error=unknown_code`]) {
        await page.goto(url);
        await expectWell(page);
      }
      await page.locator('.scan-form button').first().click();
      await page.locator('#password').waitFor();
      await expectWell(page);
      await context.close();
    });
  },
);

describe.skipIf(!launch)('the scripts', () => {
  test.each(['checkout.js', 'order.js', 'phone.js'])('%s stays below 10 KB', async (name) => {
    const answer = await fetch(`${market.hub_url}/assets/${name}`);
    expect(answer.headers.get('content-type')).toContain('text/javascript');
    expect(gzipSync(await answer.text()).length).toBeLessThan(10_240);
  });

  test('only the files that pages name are served', async () => {
    for (const path of ['/assets/tokens.css/../../package.json', '/assets/%2e%2e%2fpackage.json']) {
      expect((await fetch(`${market.hub_url}${path}`)).status).toBe(404);
    }
  });
});
