import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LANGUAGES } from '../../web/design/language.ts';
import { findChromium, launchChromium } from '../support/chromium.ts';
import { call, type PhoneRig, startPhoneRig } from './phone-rig.ts';

/** Every screen of the phone and of the developers' desk, from 320 px up. */
const launch = await findChromium();
let rig: PhoneRig;
let browser: Browser;
let screens: readonly string[] = [];

const SIZES = [
  { width: 320, height: 640 },
  { width: 1280, height: 800 },
];

/** Runs in the page; a text, because nothing else here knows a browser's objects. */
const MEASURE = `(() => {
  const faults = [];
  const beyond = document.documentElement.scrollWidth - window.innerWidth;
  if (beyond > 0) faults.push(beyond + ' px wider than the window');
  if (document.querySelectorAll('h1').length !== 1) faults.push('not exactly one h1');
  const targets = 'button, select, textarea, input:not([type=hidden]), summary, nav a, .cards a';
  for (const target of document.querySelectorAll(targets)) {
    const { width, height } = target.getBoundingClientRect();
    if (width === 0 || Math.min(width, height) >= 43.5) continue;
    faults.push(target.outerHTML.slice(0, 60) + ': ' + width + ' × ' + height);
  }
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (!field.labels?.length) faults.push('field ' + field.name + ' has no label');
  }
  for (const image of document.querySelectorAll('svg[role=img]')) {
    if (!image.getAttribute('aria-label')) faults.push('an image has no name');
  }
  return faults;
})()`;

beforeAll(async () => {
  if (!launch) return;
  [rig, browser] = await Promise.all([startPhoneRig(), launchChromium(launch)]);
  screens = await everyScreen();
});
afterAll(() => browser?.close());

async function everyScreen(): Promise<string[]> {
  const { phone } = rig;
  const wallet = 'wechat_pay';
  await rig.payOut(wallet, 'lin-xia', 5_200n);
  const shown = await call(phone, `/api/people/lin-xia/payer-code?wallet=${wallet}`);
  await rig.charge(wallet, 150_000n, String(shown.json()['code']));
  const code = await rig.code('alipay', 123_456n);
  const { id: scan } = (
    await call(phone, '/api/scan', { json: { person: 'chen-yu', code } })
  ).json();
  const sentinels = { wallet, sentinels: true };
  await call(phone, '/api/faults', { json: sentinels });
  await call(phone, '/api/faults', { json: { wallet, fault: 'payer_short', amount: 1 } });
  const desk = rig.wallets.all.map(({ url }) => `${url}/__sandbox/`);
  await fetch(`${desk[0]?.replace('/__sandbox/', '')}/v3/certificates`);
  const held = (person: string, more: object) =>
    new URLSearchParams({ person, wallet, ...more }).toString();
  const [transfer] = await idsOf('/api/people/lin-xia/transfers');
  const [prompt] = await idsOf('/api/people/lin-xia/prompts');
  return [
    `${phone.url}/?${held('lin-xia', {})}`,
    `${phone.url}/?${held('lin-xia', { code: 'weixin://x', error: 'unknown_code' })}`,
    `${phone.url}/code?${held('wang-min', {})}`,
    `${phone.url}/prompt?${held('lin-xia', { id: prompt })}`,
    `${phone.url}/receive?${held('lin-xia', { id: transfer })}`,
    `${phone.url}/pay?scan=${String(scan)}&error=insufficient_balance`,
    ...desk.flatMap((url) => [url, `${url}?only=troubled`, `${url}do`, `${url}covers`]),
    `${desk[0]}call/1`,
    `${desk[0]}call/2`,
  ];
}

async function idsOf(path: string): Promise<(string | undefined)[]> {
  const { data } = (await call(rig.phone, path)).json() as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

async function faultsOf(page: Page, url: string): Promise<string[]> {
  await page.goto(url);
  const found: string[] = [];
  for (const size of SIZES) {
    await page.setViewportSize(size);
    const faults = await page.evaluate<string[]>(MEASURE);
    found.push(...faults.map((fault) => `${size.width} px: ${fault}`));
  }
  return found;
}

describe.skipIf(!launch).each(LANGUAGES)('in %s', (language) => {
  test('nothing is cut off, every field has a label, every target 44 px', async () => {
    const context = await browser.newContext({ locale: language === 'zh' ? 'zh-CN' : 'en-US' });
    const page = await context.newPage();
    expect(screens.length).toBeGreaterThan(10);
    for (const url of screens) {
      const asked = `${url}${url.includes('?') ? '&' : '?'}lang=${language}`;
      expect(await faultsOf(page, asked), asked).toEqual([]);
    }
    await context.close();
  }, 60_000);
});
