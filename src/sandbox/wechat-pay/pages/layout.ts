import { randomBytes } from 'node:crypto';
import { toYuan } from '../../../money.ts';

/** One small document for the payer's pages: no script, one style under a nonce, zh or en. */
export type Language = 'zh' | 'en';

export function languageOf(acceptLanguage: string | undefined): Language {
  return /^\s*en\b/i.test(acceptLanguage ?? '') ? 'en' : 'zh';
}

const TEXT = {
  zh: {
    pay: '确认支付',
    cancel: '取消',
    back: '返回商户',
    who: '由谁付款？',
    login: '以谁的身份登录？',
    paid: '支付成功',
    cancelled: '已取消支付',
    sandbox: '微信支付沙箱：不是真实的钱',
    unknown_code: '链接无效，请返回商户重新下单',
    code_expired: '链接已失效，请返回商户重新获取',
    order_closed: '订单已关闭',
    order_paid: '订单已支付',
    other_payer: '该订单只能由下单人支付',
    insufficient_balance: '零钱不足，请充值或更换付款人',
    wrong_password: '支付密码错误，请重试',
    scan_expired: '页面已过期，请重新打开',
    prompt_over: '商户已不再等待这笔付款',
    transfer_over: '这笔转账已结束',
    bad_redirect: '返回地址（redirect_url 或 redirect_uri）必须是 http 或 https 地址',
    bad_appid: 'appid 参数错误：沙箱中没有这个公众账号',
    not_found: '沙箱没有此页面',
  },
  en: {
    pay: 'Pay now',
    cancel: 'Cancel',
    back: 'Back to the merchant',
    who: 'Who pays?',
    login: 'Who is logging in?',
    paid: 'Paid',
    cancelled: 'Payment cancelled',
    sandbox: 'WeChat Pay sandbox: no real money',
    unknown_code: 'This link is not valid. Go back to the merchant and order again.',
    code_expired: 'This link has expired. Get a new one from the merchant.',
    order_closed: 'This order is closed.',
    order_paid: 'This order is already paid.',
    other_payer: 'Only the person this order was made for can pay it.',
    insufficient_balance: 'Not enough balance. Top up, or let someone else pay.',
    wrong_password: 'Wrong password, try again.',
    scan_expired: 'This page has expired, open it again.',
    prompt_over: 'The merchant no longer waits for this payment.',
    transfer_over: 'This transfer is over.',
    bad_redirect: 'redirect_url or redirect_uri must be an http or https address.',
    bad_appid: 'Wrong appid: the sandbox has no such account.',
    not_found: 'The sandbox has no such page.',
  },
} as const;

export type TextKey = keyof (typeof TEXT)['zh'];

export function text(language: Language, key: TextKey): string {
  return TEXT[language][key];
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

export function yuan(amount: bigint): string {
  return `¥${toYuan(amount)}`;
}

const STYLE = `
:root{color-scheme:light dark;--ink:#222;--paper:#f6f3ee;--card:#fff;--brand:#067a3d}
@media(prefers-color-scheme:dark){:root{--ink:#eee;--paper:#191817;--card:#242220;--brand:#067a3d}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,"PingFang SC",
"Noto Sans CJK SC","Microsoft YaHei",sans-serif}
main{max-width:26rem;margin:0 auto;padding:1.5rem 1rem;display:grid;gap:1rem}
h1{font-size:1.25rem;margin:0}
p{margin:0}
.amount{font-size:2.25rem;font-weight:600;font-variant-numeric:tabular-nums}
.card{background:var(--card);border-radius:12px;padding:1.25rem;display:grid;gap:.75rem}
button,a.button{display:block;width:100%;min-height:44px;padding:.6rem 1rem;border-radius:8px;
border:1px solid var(--brand);background:transparent;color:inherit;font:inherit;text-align:center;
text-decoration:none;cursor:pointer}
button.main{background:var(--brand);color:#fff;font-weight:600}
.note{font-size:.875rem}
`;

export interface Page {
  readonly language: Language;
  readonly title: string;
  /** HTML already escaped. */
  readonly content: string;
}

/** The document and the headers that go with it. */
export function renderPage(page: Page): { headers: Record<string, string>; body: string } {
  const nonce = randomBytes(16).toString('base64');
  const lang = page.language === 'zh' ? 'zh-CN' : 'en';
  const body = `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(page.title)}</title><style nonce="${nonce}">${STYLE}</style></head>
<body><main><h1>${escapeHtml(page.title)}</h1>
${page.content}
<p class="note">${escapeHtml(text(page.language, 'sandbox'))}</p></main></body></html>
`;
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; frame-ancestors 'none'; base-uri 'none'`;
  return { headers: { ...PAGE_HEADERS, 'Content-Security-Policy': policy }, body };
}

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  // With `no-referrer` browsers send `Origin: null` with a form, which would look foreign.
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** An http or https address without credentials; undefined otherwise. */
export function redirectTarget(value: string | null): URL | undefined {
  if (value === null || value.length > 2048 || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  const web = url.protocol === 'http:' || url.protocol === 'https:';
  return web && url.username === '' && url.password === '' ? url : undefined;
}
