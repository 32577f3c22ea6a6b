import { escapeHtml, type Language, renderPage } from '../pages/layout.ts';
import {
  failure,
  isSameOrigin,
  type PageAnswer,
  type PageRequest,
  type Pages,
  plain,
  redirect,
} from '../pages/page.ts';
import { advance, sign } from './steps.ts';

/** The page behind `sign_url`: the seller reads who applies for it, and signs by one button. */
const TEXT = {
  zh: {
    title: '微信支付商户签约',
    sign: '同意协议并签约',
    signed: '已签约',
    waiting: '资料还在审核中，暂时不能签约',
    over: '这份申请已结束，不能签约',
    unknown: '签约链接无效',
  },
  en: {
    title: 'Sign up with WeChat Pay',
    sign: 'Agree and sign',
    signed: 'Signed',
    waiting: 'Still under review: nothing to sign yet.',
    over: 'This application is over: nothing to sign.',
    unknown: 'This link is not valid.',
  },
} as const;

export const SIGN_PATH = '/applyment/';

export async function answerSign(pages: Pages, page: PageRequest): Promise<PageAnswer> {
  const { context } = pages;
  const words = TEXT[page.language];
  const application = context.applications.ofToken(page.url.pathname.slice(SIGN_PATH.length));
  if (!application) return failure(page.language, 404, words.unknown);
  if (page.method === 'POST') {
    if (!isSameOrigin(page)) return plain(403, 'cross-origin form');
    sign(context, application);
    await context.store.committed();
    return redirect(303, new URL(page.url.pathname, context.url()));
  }
  advance(context, application);
  await context.store.committed();
  const partner = context.merchants.get(application.mchid)?.name ?? application.mchid;
  const content = `<section class="card"><p>${escapeHtml(application.applicant.name)}</p>
<p class="note">${escapeHtml(application.applicant.short_name)} · ${escapeHtml(partner)}</p>
${actionFor(application.step, page)}</section>`;
  return { status: 200, ...rendered(page.language, words.title, content) };
}

function rendered(language: Language, title: string, content: string) {
  return renderPage({ language, title, content });
}

function actionFor(step: string, page: PageRequest): string {
  const words = TEXT[page.language];
  switch (step) {
    case 'signing':
      return `<form method="post" action="${escapeHtml(page.url.pathname)}">
<button class="main">${words.sign}</button></form>`;
    case 'opening':
    case 'finished':
      return `<p role="status">${words.signed}</p>`;
    case 'checking':
    case 'verifying':
    case 'auditing':
      return `<p role="status">${words.waiting}</p>`;
    default:
      return `<p role="status">${words.over}</p>`;
  }
}
