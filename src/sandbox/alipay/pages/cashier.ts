import type { IncomingMessage } from 'node:http';
import { renderSVG } from 'uqr';
import { type Html, html, type Language, languageOf, type Reply } from '../../html.ts';
import { chooser, rememberPerson } from '../../payer-pages.ts';
import { type Alipay, current, isStale, type Trade } from '../books.ts';
import { returnUrl } from '../notices.ts';
import { pay, payeeOf, priceOf, takeUp } from '../payer.ts';
import { codeUrl } from '../trade/orders.ts';
import { messagePage, page } from './html.ts';
import { orderSummary, peopleOf, personAt, refusalText } from './people.ts';

/**
 * The cashier that page.pay and wap.pay lead to. On a desktop: a code to scan, or a log-in; on a
 * phone: log in, then pay or cancel. After payment the browser goes to the signed return address.
 */
interface Visit {
  readonly alipay: Alipay;
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly trade: Trade;
  readonly language: Language;
}

const TEXTS = {
  title: { zh: '支付宝收银台', en: 'Alipay cashier' },
  scan: { zh: '打开手机支付宝扫一扫付款', en: 'Scan with Alipay on your phone' },
  or_log_in: { zh: '或登录账户付款', en: 'or log in and pay here' },
  pay: { zh: '确认付款', en: 'Pay' },
  cancel: { zh: '取消', en: 'Cancel' },
  back: { zh: '返回商户', en: 'Back to the shop' },
  paid: { zh: '付款成功', en: 'Paid' },
  cancelled: { zh: '已取消，订单未付款', en: 'Cancelled; the order is not paid' },
  gone: { zh: '交易已关闭或已过期', en: 'The order is closed or has expired' },
  again: { zh: '重新付款', en: 'Try again' },
} as const;

function seeOther(location: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 303, headers: { location, 'cache-control': 'no-store', ...headers }, body: '' };
}

type Stage = 'waiting' | 'paid' | 'closed';

function stageOf(alipay: Alipay, trade: Trade): Stage {
  current(alipay, trade);
  if (trade.paid_at !== null) return 'paid';
  return trade.status === 'TRADE_CLOSED' || isStale(alipay, trade) ? 'closed' : 'waiting';
}

function backLink(trade: Trade, language: Language): Html {
  const target = trade.quit_url ?? trade.return_url;
  return target === null
    ? html``
    : html`<a class="button" href="${target}">${TEXTS.back[language]}</a>`;
}

function cashierPage(
  visit: Visit,
  rest: Html,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const { alipay, trade, language } = visit;
  const summary = orderSummary(trade, priceOf(trade), payeeOf(alipay, trade)[language]);
  const main = html`${summary}${rest}`;
  return page({
    title: TEXTS.title[language],
    language,
    main,
    script: '/cashier.js',
    data: { state: `/cashier/${trade.token}/state` },
    headers,
  });
}

async function endPage(visit: Visit, stage: Stage): Promise<Reply> {
  const { alipay, trade, language } = visit;
  const target = stage === 'paid' ? await returnUrl(alipay, trade) : undefined;
  if (target !== undefined) return seeOther(target);
  const text = stage === 'paid' ? TEXTS.paid : TEXTS.gone;
  const summary = orderSummary(trade, priceOf(trade), payeeOf(alipay, trade)[language]);
  const main = html`${summary}<h1>${text[language]}</h1>${backLink(trade, language)}`;
  return page({ title: text[language], language, main });
}

function confirmForm(visit: Visit, person: { readonly id: string; readonly name: string }): Html {
  const { trade, language } = visit;
  return html`<p>${person.name}</p><form method="post" action="/cashier/${trade.token}/confirm">
<input type="hidden" name="person" value="${person.id}">
<button class="main" name="outcome" value="pay">${TEXTS.pay[language]}</button></form>
<form method="post" action="/cashier/${trade.token}/confirm">
<button name="outcome" value="cancel">${TEXTS.cancel[language]}</button></form>`;
}

async function show(visit: Visit): Promise<Reply> {
  const { alipay, trade, language } = visit;
  const stage = stageOf(alipay, trade);
  if (stage !== 'waiting') return endPage(visit, stage);
  const buyer = personAt(alipay, visit.request, visit.query);
  // A phone browser that is logged in goes straight to the payment; a desktop may still be scanned.
  const known = buyer && (trade.product === 'wap' || trade.buyer === buyer.person.id);
  if (known) {
    takeUp(alipay, trade, buyer.person.id);
    await alipay.options.store.committed();
    const person = { id: buyer.person.id, name: buyer.person.name[language] };
    return cashierPage(visit, confirmForm(visit, person), rememberPerson(buyer.person));
  }
  const logins = chooser(peopleOf(alipay), `/cashier/${trade.token}/login`, language);
  if (trade.product === 'wap') return cashierPage(visit, html`${logins}`);
  const code = {
    html: renderSVG(codeUrl(trade)).replace('<svg ', '<svg class="code" role="img" '),
  };
  const rest = html`<p>${TEXTS.scan[language]}</p>${code}
<p>${TEXTS.or_log_in[language]}</p>${logins}`;
  return cashierPage(visit, rest);
}

async function logIn(visit: Visit, form: URLSearchParams): Promise<Reply> {
  const { alipay, trade } = visit;
  const buyer = alipay.buyers.get(form.get('person') ?? '');
  if (!buyer) return messagePage(visit.language, 'person?', 400);
  takeUp(alipay, trade, buyer.person.id);
  await alipay.options.store.committed();
  return seeOther(`/cashier/${trade.token}`, rememberPerson(buyer.person));
}

async function confirm(visit: Visit, form: URLSearchParams): Promise<Reply> {
  const { alipay, trade, language } = visit;
  if (form.get('outcome') !== 'pay') {
    if (trade.quit_url !== null) return seeOther(trade.quit_url);
    const again = html`<a class="button" href="/cashier/${trade.token}">${TEXTS.again[language]}</a>`;
    const main = html`<h1>${TEXTS.cancelled[language]}</h1>${again}${backLink(trade, language)}`;
    return page({ title: TEXTS.cancelled[language], language, main });
  }
  pay(alipay, trade, form.get('person') ?? '');
  await alipay.options.store.committed();
  return endPage(visit, 'paid');
}

async function state(visit: Visit): Promise<Reply> {
  const stage = stageOf(visit.alipay, visit.trade);
  const location = stage === 'paid' ? await returnUrl(visit.alipay, visit.trade) : undefined;
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: JSON.stringify({ state: stage, ...(location !== undefined && { location }) }),
  };
}

/** `/cashier/<token>[/login|/confirm|/state]`; undefined when there is no such page. */
export async function answerCashier(
  alipay: Alipay,
  request: IncomingMessage,
  url: URL,
  body: string,
): Promise<Reply | undefined> {
  const [, , token = '', action = ''] = url.pathname.split('/');
  const trade = alipay.by_token.get(token);
  if (!trade || url.pathname.split('/').length > 4) return undefined;
  const language = languageOf(request.headers['accept-language']);
  const visit: Visit = { alipay, request, query: url.searchParams, trade, language };
  try {
    const route = `${request.method} ${action}`;
    if (route === 'GET ') return await show(visit);
    if (route === 'GET state') return await state(visit);
    if (route === 'POST login') return await logIn(visit, new URLSearchParams(body));
    if (route === 'POST confirm') return await confirm(visit, new URLSearchParams(body));
    return undefined;
  } catch (error) {
    const text = refusalText(error, language);
    const main = html`<h1>${text}</h1>
<a class="button" href="/cashier/${trade.token}">${TEXTS.again[language]}</a>${backLink(trade, language)}`;
    return page({ title: text, language, main });
  }
}

/** Asks until the order is decided, then goes on; the page works without it, by reloading. */
export const CASHIER_SCRIPT = `'use strict';
const address = document.body.dataset.state;
async function ask() {
  try {
    const answer = await (await fetch(address)).json();
    if (answer.state !== 'waiting') {
      location.replace(answer.location || location.href);
      return;
    }
  } catch {}
  setTimeout(ask, 1000);
}
setTimeout(ask, 1000);
`;
