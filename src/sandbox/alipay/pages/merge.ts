import type { IncomingMessage } from 'node:http';
import { toYuan } from '../../../money.ts';
import { type Html, html, type Language, languageOf, type Reply } from '../../html.ts';
import { chooser, rememberPerson } from '../../payer-pages.ts';
import type { Alipay, Trade } from '../books.ts';
import { current } from '../books.ts';
import type { Merge } from '../merge/book.ts';
import { mergeAt, partsOf } from '../merge/merge.ts';
import { returnUrl } from '../notices.ts';
import { payAll, payeeOf, takeUpAll } from '../payer.ts';
import { messagePage, page } from './html.ts';
import { peopleOf, personAt, refusalText } from './people.ts';

/** The cashier of a merged order: what is paid to whom, then all of it or nothing. */
interface Visit {
  readonly alipay: Alipay;
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly merge: Merge;
  readonly parts: readonly Trade[];
  readonly language: Language;
}

const TEXTS = {
  title: { zh: '合并付款', en: 'Pay several orders' },
  pay: { zh: '确认付款', en: 'Pay' },
  cancel: { zh: '取消', en: 'Cancel' },
  back: { zh: '返回商户', en: 'Back to the shop' },
  paid: { zh: '付款成功', en: 'Paid' },
  cancelled: { zh: '已取消，订单未付款', en: 'Cancelled; nothing is paid' },
} as const;

function seeOther(location: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 303, headers: { location, 'cache-control': 'no-store', ...headers }, body: '' };
}

function summary({ alipay, parts, language }: Visit): Html {
  const total = parts.reduce((sum, { amount }) => sum + amount, 0n);
  const lines = parts.map(
    (trade) => html`<p>${payeeOf(alipay, trade)[language]} · ${trade.subject}
<span class="muted">¥${toYuan(trade.amount)}</span></p>`,
  );
  return html`<p class="badge">支付宝 · Alipay</p><h1>${TEXTS.title[language]}</h1>
<p class="price">¥${toYuan(total)}</p>${lines}`;
}

function shown(visit: Visit, rest: Html, headers: Readonly<Record<string, string>> = {}): Reply {
  const { language } = visit;
  const main = html`${summary(visit)}${rest}`;
  return page({ title: TEXTS.title[language], language, main, headers });
}

async function paidPage(visit: Visit): Promise<Reply> {
  const { alipay, merge, parts, language } = visit;
  const [first] = parts;
  if (first && merge.return_url !== null) {
    const target = await returnUrl(alipay, { ...first, return_url: merge.return_url });
    if (target !== undefined) return seeOther(target);
  }
  return shown(visit, html`<h2>${TEXTS.paid[language]}</h2>`);
}

async function show(visit: Visit): Promise<Reply> {
  const { alipay, merge, parts, language } = visit;
  if (parts.every((trade) => current(alipay, trade).paid_at !== null)) return paidPage(visit);
  const buyer = personAt(alipay, visit.request, visit.query);
  const address = `/merge/${merge.token}`;
  if (!buyer) return shown(visit, html`${chooser(peopleOf(alipay), `${address}/login`, language)}`);
  takeUpAll(alipay, parts, buyer.person.id);
  await alipay.options.store.committed();
  const form = html`<p>${buyer.person.name[language]}</p>
<form method="post" action="${address}/confirm">
<input type="hidden" name="person" value="${buyer.person.id}">
<button class="main" name="outcome" value="pay">${TEXTS.pay[language]}</button></form>
<form method="post" action="${address}/confirm">
<button name="outcome" value="cancel">${TEXTS.cancel[language]}</button></form>`;
  return shown(visit, form, rememberPerson(buyer.person));
}

async function logIn(visit: Visit, form: URLSearchParams): Promise<Reply> {
  const { alipay, parts, merge } = visit;
  const buyer = alipay.buyers.get(form.get('person') ?? '');
  if (!buyer) return messagePage(visit.language, 'person?', 400);
  takeUpAll(alipay, parts, buyer.person.id);
  await alipay.options.store.committed();
  return seeOther(`/merge/${merge.token}`, rememberPerson(buyer.person));
}

async function confirm(visit: Visit, form: URLSearchParams): Promise<Reply> {
  const { alipay, merge, parts, language } = visit;
  if (form.get('outcome') !== 'pay') {
    if (merge.quit_url !== null) return seeOther(merge.quit_url);
    return shown(visit, html`<h2>${TEXTS.cancelled[language]}</h2>`);
  }
  payAll(alipay, parts, form.get('person') ?? '');
  await alipay.options.store.committed();
  return paidPage(visit);
}

/** `/merge/<token>[/login|/confirm]`; undefined when there is no such page. */
export async function answerMerge(
  alipay: Alipay,
  request: IncomingMessage,
  url: URL,
  body: string,
): Promise<Reply | undefined> {
  const [, , token = '', action = '', ...more] = url.pathname.split('/');
  const merge = mergeAt(alipay, token);
  if (!merge || more.length > 0) return undefined;
  const language = languageOf(request.headers['accept-language']);
  const parts = partsOf(alipay, merge);
  const visit: Visit = { alipay, request, query: url.searchParams, merge, parts, language };
  try {
    const route = `${request.method} ${action}`;
    if (route === 'GET ') return await show(visit);
    if (route === 'POST login') return await logIn(visit, new URLSearchParams(body));
    if (route === 'POST confirm') return await confirm(visit, new URLSearchParams(body));
    return undefined;
  } catch (error) {
    const back = html`<a class="button" href="${merge.quit_url ?? `/merge/${token}`}">${TEXTS.back[language]}</a>`;
    return shown(visit, html`<h2>${refusalText(error, language)}</h2>${back}`);
  }
}
