import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { WalletName } from '../../src/wallets/wallet.ts';
import type { Language } from '../../web/design/language.ts';
import { AGENTS } from '../support/page-visitor.ts';

/** A person with a browser. Whatever a page complains about is kept, and fails the test. */
export interface Shopper {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly complaints: string[];
}

const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 360, height: 740 },
} as const;

export interface ShopperOptions {
  readonly agent: keyof typeof AGENTS;
  readonly language: Language;
  readonly javascript?: boolean;
}

export async function openShopper(browser: Browser, options: ShopperOptions): Promise<Shopper> {
  const { agent, language, javascript = true } = options;
  const context = await browser.newContext({
    userAgent: AGENTS[agent],
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    viewport: agent === 'desktop' ? SIZES.desktop : SIZES.phone,
    javaScriptEnabled: javascript,
  });
  const complaints: string[] = [];
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    // The wallets' own pages have no icon; browsers ask for one by themselves.
    if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) {
      complaints.push(`${message.location().url}: ${message.text()}`);
    }
  });
  return { context, page: await context.newPage(), complaints };
}

export const SAYS = {
  zh: {
    wechat_pay: '微信支付',
    alipay: '支付宝',
    union_pay: '银联',
    douyin_pay: '抖音支付',
    person: '林夏',
    paid: '付款成功',
  },
  en: {
    wechat_pay: 'WeChat Pay',
    alipay: 'Alipay',
    union_pay: 'UnionPay',
    douyin_pay: 'Douyin Pay',
    person: 'Lin Xia',
    paid: 'Paid',
  },
} as const;

/** Buys the first thing of a shop; ends on the checkout. */
export async function buy(page: Page, shop: string): Promise<void> {
  await page.goto(shop);
  await page.locator('.good button').first().click();
  await page.waitForURL(/\/c\//);
}

export async function choose(page: Page, wallet: WalletName): Promise<void> {
  await page.locator(`button[name=wallet][value=${wallet}]`).click();
}

/** Opens the code that the checkout shows on the sandbox phone, and pays it there. */
export async function payOnPhone({ page, context }: Shopper): Promise<void> {
  const [phone] = await Promise.all([
    context.waitForEvent('page'),
    page.locator('.sandbox a').click(),
  ]);
  await phone.locator('.scan-form button').click();
  await phone.locator('#password').fill('123456');
  await phone.locator('button[value=pay]').click();
  await phone.locator('.result-mark.paid').waitFor();
  await phone.close();
}

/** On a wallet's own page: says who is paying where asked, then pays; ends back at the hub. */
export async function payAtWallet(
  page: Page,
  language: Language,
  at: { readonly hub_url: string; readonly checkout: string },
): Promise<void> {
  const away = (url: URL) => url.origin !== at.hub_url;
  const person = page.getByText(SAYS[language].person).first();
  const pay = page.locator('button[value=pay]');
  await page.waitForURL(away);
  await person.or(pay).first().waitFor();
  if (!(await pay.isVisible())) await person.click();
  await pay.click();
  // Not every wallet sends the payer back: some only say that it is paid.
  const told = page.locator('p.card[role=status]').waitFor();
  await Promise.race([page.waitForURL((url) => !away(url)), told.catch(() => {})]);
  if (away(new URL(page.url()))) await page.goto(at.checkout);
}
