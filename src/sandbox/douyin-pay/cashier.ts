import { randomBytes } from 'node:crypto';
import { html, raw } from 'hono/html';
import { toYuan } from '../../money.ts';
import { createGuard, isLoopbackName } from '../guard.ts';
import { PhoneRefusal } from '../sandbox.ts';
import { PAYEE, type Payer } from './payer.ts';
import type { DouyinPay } from './wallet.ts';

/**
 * The page behind a code or an h5 link, in place of the wallet's app: a person is chosen, then pays
 * or cancels. It changes nothing by being looked at.
 */
export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface PageRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

type Content = ReturnType<typeof html>;
type Language = 'zh' | 'en';

const WORDS = {
  zh: {
    title: '抖音支付',
    who: '由谁付款？',
    pay: '立即付款',
    cancel: '取消',
    paid: '支付成功，请回到商户页面查看。',
    cancelled: '已取消，没有扣款。',
    refused: '无法付款，请返回商户重新下单。',
    insufficient_balance: '余额不足，请换一个付款人。',
    code_expired: '二维码已失效，请返回商户重新获取。',
    order_paid: '该订单已支付。',
    order_closed: '订单已关闭。',
    sandbox: '抖音支付沙箱：不是真实的钱',
  },
  en: {
    title: 'Douyin Pay',
    who: 'Who pays?',
    pay: 'Pay now',
    cancel: 'Cancel',
    paid: 'Paid. Go back to the merchant’s page.',
    cancelled: 'Cancelled; nothing was charged.',
    refused: 'This cannot be paid. Go back to the merchant and order again.',
    insufficient_balance: 'Not enough balance: let someone else pay.',
    code_expired: 'This code has expired. Get a new one from the merchant.',
    order_paid: 'This order is paid already.',
    order_closed: 'This order is closed.',
    sandbox: 'Douyin Pay sandbox: no real money',
  },
} as const;

const STYLE = `:root{color-scheme:light dark;--ink:#1d1b1a;--paper:#f6f3ee;--card:#fff;--brand:#c9184a}
@media(prefers-color-scheme:dark){:root{--ink:#eee;--paper:#191817;--card:#242220;--brand:#d6325f}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif}
main{max-width:26rem;margin:0 auto;padding:1.5rem 1rem;display:grid;gap:1rem}h1{font-size:1.25rem;margin:0}
p{margin:0}.amount{font-size:2.25rem;font-weight:600;font-variant-numeric:tabular-nums}
.card{background:var(--card);border-radius:12px;padding:1.25rem;display:grid;gap:.75rem}
button,a.button{display:block;width:100%;min-height:44px;padding:.6rem 1rem;border-radius:8px;
border:1px solid var(--brand);background:none;color:inherit;font:inherit;text-align:center;
text-decoration:none;cursor:pointer}button.main{background:var(--brand);color:#fff;font-weight:600}
.note{font-size:.875rem}`;

export async function answerCashier(
  parts: { douyin: DouyinPay; payer: Payer },
  request: PageRequest,
): Promise<Page> {
  const language = languageOf(request.headers['accept-language']);
  const { host } = parts.douyin.options;
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]),
  );
  // Off loopback these pages stand for the wallet's app, which anybody may hold in hand.
  const guard = createGuard({ host });
  const refused = isLoopbackName(host)
    ? guard.refuse({ method: request.method, headers, token: undefined })
    : undefined;
  if (refused !== undefined) return page(403, language, html`<p class="card">${refused}</p>`);
  try {
    if (request.method === 'POST') return await confirmed(parts.payer, language, request.body);
    return shown(parts, language, request.url);
  } catch (error) {
    if (!(error instanceof PhoneRefusal)) throw error;
    const words: Readonly<Record<string, string>> = WORDS[language];
    const said = words[error.code] ?? WORDS[language].refused;
    return page(200, language, html`<p class="card" role="alert">${said}</p>`);
  }
}

function languageOf(accepted: string | string[] | undefined): Language {
  return /^\s*en\b/i.test(accepted?.toString() ?? '') ? 'en' : 'zh';
}

async function confirmed(payer: Payer, language: Language, body: string): Promise<Page> {
  const form = new URLSearchParams(body);
  const outcome = form.get('outcome') === 'pay' ? 'pay' : 'cancel';
  const { state } = await payer.confirm(form.get('scan') ?? '', outcome);
  return page(200, language, html`<p class="card" role="status">${WORDS[language][state]}</p>`);
}

function shown(
  { douyin, payer }: { douyin: DouyinPay; payer: Payer },
  language: Language,
  url: URL,
): Page | Promise<Page> {
  const token = url.searchParams.get('token') ?? '';
  const words = WORDS[language];
  const person = douyin.options.people.find(({ id }) => id === url.searchParams.get('person'));
  if (!person) {
    payer.orderOf(token);
    const links = douyin.options.people.map(({ id, name }) => {
      const query = new URLSearchParams({ token, person: id });
      return html`<a class="button" href="${`${url.pathname}?${query.toString()}`}"
>${name[language]}</a>`;
    });
    return page(200, language, html`<nav class="card"><p>${words.who}</p>${links}</nav>`);
  }
  const scan = payer.scan(person.id, url.href);
  return page(
    200,
    language,
    html`<form class="card" method="post" action="${url.pathname}">
<p>${PAYEE[language]}</p><p>${scan.description}</p><p class="amount">¥${toYuan(scan.amount)}</p>
<p class="note">${person.name[language]}</p><input type="hidden" name="scan" value="${scan.id}">
<button class="main" name="outcome" value="pay">${words.pay}</button>
<button name="outcome" value="cancel">${words.cancel}</button></form>`,
  );
}

async function page(status: number, language: Language, content: Content): Promise<Page> {
  const nonce = randomBytes(16).toString('base64');
  const words = WORDS[language];
  const document = await html`<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>${words.title}</title>
<style nonce="${nonce}">${raw(STYLE)}</style></head><body><main>
<h1>${words.title}</h1>${content}<p class="note">${words.sandbox}</p></main></body></html>`;
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; base-uri 'none'`;
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'content-security-policy': `${policy}; frame-ancestors 'none'`,
    },
    body: document.toString(),
  };
}
