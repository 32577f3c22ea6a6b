import type { IncomingMessage } from 'node:http';
import { renderSVG } from 'uqr';
import { type Html, html, type Language, languageOf, type Reply } from '../../html.ts';
import { chooser, rememberPerson } from '../../payer-pages.ts';
import { isExpired, type Payment, type UnionPay } from '../books.ts';
import { tradeMessage } from '../notices.ts';
import { pay, payeeOf, priceOf, takeUp } from '../payer.ts';
import { signAnswer } from '../sign.ts';
import { messagePage, page } from './html.ts';
import { orderSummary, personAt, refusalText } from './people.ts';

/**
 * The cashier that the browser's form leads to: a code to scan, or a log-in, then pay or cancel.
 * After payment the browser carries the signed result to the merchant's page by POST.
 */
interface Visit {
  readonly union: UnionPay;
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly payment: Payment;
  readonly language: Language;
}

const TEXTS = {
  title: { zh: '银联收银台', en: 'UnionPay cashier' },
  scan: { zh: '打开云闪付或银行App扫一扫付款', en: 'Scan with UnionPay or your bank’s app' },
  or_log_in: { zh: '或登录付款', en: 'or log in and pay here' },
  pay: { zh: '确认付款', en: 'Pay' },
  cancel: { zh: '取消', en: 'Cancel' },
  back: { zh: '返回商户', en: 'Back to the shop' },
  paid: { zh: '付款成功', en: 'Paid' },
  cancelled: { zh: '已取消，订单未付款', en: 'Cancelled; the order is not paid' },
  gone: { zh: '订单已结束或已超时', en: 'The order is over or has expired' },
  again: { zh: '重新付款', en: 'Try again' },
} as const;

function seeOther(location: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 303, headers: { location, 'cache-control': 'no-store', ...headers }, body: '' };
}

type Stage = 'waiting' | 'paid' | 'over';

function stageOf(union: UnionPay, payment: Payment): Stage {
  if (payment.state === 'paid') return 'paid';
  return payment.state === 'open' && !isExpired(union, payment) ? 'waiting' : 'over';
}

function summaryOf({ union, payment, language }: Visit): Html {
  return orderSummary(payment, priceOf(payment), payeeOf(union, payment)[language]);
}

function cashierPage(visit: Visit, rest: Html, headers: Record<string, string> = {}): Reply {
  const { payment, language } = visit;
  return page({
    title: TEXTS.title[language],
    language,
    main: html`${summaryOf(visit)}${rest}`,
    script: '/cashier.js',
    data: { state: `/cashier/${payment.token}/state` },
    headers,
  });
}

/** The form that brings the result back; the script sends it, and a button for who has none. */
async function backForm({ union, payment, language }: Visit): Promise<Html> {
  if (payment.front_url === null) return html``;
  const message = await signAnswer(union, tradeMessage(union, payment));
  const fields = [...message].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return html`<form method="post" action="${payment.front_url}" data-back>${fields}
<button class="main">${TEXTS.back[language]}</button></form>`;
}

async function endPage(visit: Visit, stage: Stage): Promise<Reply> {
  const { payment, language } = visit;
  const text = stage === 'paid' ? TEXTS.paid : TEXTS.gone;
  const back = stage === 'paid' ? await backForm(visit) : html``;
  const forms_to = payment.front_url === null ? undefined : new URL(payment.front_url).origin;
  return page({
    title: text[language],
    language,
    main: html`${summaryOf(visit)}<h1>${text[language]}</h1>${back}`,
    script: '/cashier.js',
    ...(forms_to !== undefined && { forms_to }),
  });
}

function confirmForms({ payment, language }: Visit, person: { id: string; name: string }): Html {
  const action = `/cashier/${payment.token}/confirm`;
  return html`<p>${person.name}</p><form method="post" action="${action}">
<input type="hidden" name="person" value="${person.id}">
<button class="main" name="outcome" value="pay">${TEXTS.pay[language]}</button></form>
<form method="post" action="${action}">
<button name="outcome" value="cancel">${TEXTS.cancel[language]}</button></form>`;
}

async function show(visit: Visit): Promise<Reply> {
  const { union, payment, language } = visit;
  const stage = stageOf(union, payment);
  if (stage !== 'waiting') return endPage(visit, stage);
  const person = personAt(union, visit.request, visit.query);
  if (person) {
    const forms = confirmForms(visit, { id: person.id, name: person.name[language] });
    return cashierPage(visit, forms, rememberPerson(person));
  }
  const address = `${union.url}/cashier/${payment.token}`;
  const code = { html: renderSVG(address).replace('<svg ', '<svg class="code" role="img" ') };
  const logins = chooser(union.people.values(), `/cashier/${payment.token}/login`, language);
  return cashierPage(
    visit,
    html`<p>${TEXTS.scan[language]}</p>${code}<p>${TEXTS.or_log_in[language]}</p>${logins}`,
  );
}

function logIn(visit: Visit, form: URLSearchParams): Reply {
  const { union, payment } = visit;
  const person = union.people.get(form.get('person') ?? '');
  if (!person) return messagePage(visit.language, 'person?', 400);
  takeUp(union, payment, person.id);
  return seeOther(`/cashier/${payment.token}`, rememberPerson(person));
}

async function confirm(visit: Visit, form: URLSearchParams): Promise<Reply> {
  const { union, payment, language } = visit;
  if (form.get('outcome') !== 'pay') {
    const again = html`<a class="button" href="/cashier/${payment.token}">${TEXTS.again[language]}</a>`;
    const main = html`<h1>${TEXTS.cancelled[language]}</h1>${again}`;
    return page({ title: TEXTS.cancelled[language], language, main });
  }
  pay(union, payment, form.get('person') ?? '');
  await union.options.store.committed();
  return endPage(visit, 'paid');
}

function state({ union, payment }: Visit): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: JSON.stringify({ state: stageOf(union, payment) }),
  };
}

/** `/cashier/<token>[/login|/confirm|/state]`; undefined when there is no such page. */
export async function answerCashier(
  union: UnionPay,
  request: IncomingMessage,
  url: URL,
  body: string,
): Promise<Reply | undefined> {
  const [, , token = '', action = '', more] = url.pathname.split('/');
  const payment = union.by_token.get(token);
  if (payment?.product !== 'front' || more !== undefined) return undefined;
  const language = languageOf(request.headers['accept-language']);
  const visit: Visit = { union, request, query: url.searchParams, payment, language };
  try {
    const route = `${request.method} ${action}`;
    if (route === 'GET ') return await show(visit);
    if (route === 'GET state') return state(visit);
    if (route === 'POST login') return logIn(visit, new URLSearchParams(body));
    if (route === 'POST confirm') return await confirm(visit, new URLSearchParams(body));
    return undefined;
  } catch (error) {
    const text = refusalText(error, language);
    const main = html`<h1>${text}</h1>
<a class="button" href="/cashier/${token}">${TEXTS.again[language]}</a>`;
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
      location.reload();
      return;
    }
  } catch {}
  setTimeout(ask, 1000);
}
if (address) setTimeout(ask, 1000);
const back = document.querySelector('form[data-back]');
if (back) back.submit();
`;
