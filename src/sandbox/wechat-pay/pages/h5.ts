import { PhoneRefusal } from '../../sandbox.ts';
import { escapeHtml, redirectTarget, renderPage, text, yuan } from './layout.ts';
import {
  failure,
  isSameOrigin,
  type PageAnswer,
  type PageRequest,
  type Pages,
  plain,
  redirect,
} from './page.ts';

/**
 * The page behind `h5_url`, in place of wx.tenpay.com and the app it opens: a person is chosen,
 * pays or cancels, and the browser goes back to `redirect_url`. Coming back proves nothing.
 */
const TITLE = '微信支付 WeChat Pay';

export function answerH5(pages: Pages, page: PageRequest): PageAnswer {
  const { language, url, person } = page;
  const back = redirectTarget(url.searchParams.get('redirect_url'));
  if (url.searchParams.has('redirect_url') && !back) {
    return failure(language, 400, text(language, 'bad_redirect'));
  }
  try {
    const order = pages.payer.orderOfH5({
      prepay_id: url.searchParams.get('prepay_id') ?? '',
      token: url.searchParams.get('package') ?? '',
    });
    if (person === undefined) return choosePerson(pages, page, 'who');
    const scan = pages.payer.open(person, order);
    const content = `<form class="card" method="post" action="${escapeHtml(url.pathname)}">
<p>${escapeHtml(scan.payee)}</p><p>${escapeHtml(scan.description)}</p>
<p class="amount">${yuan(scan.amount)}</p>
<p class="note">${escapeHtml(nameOf(pages, page, person))}</p>
<input type="hidden" name="scan" value="${scan.id}">
<input type="hidden" name="redirect_url" value="${escapeHtml(back?.href ?? '')}">
<button class="main" name="outcome" value="pay">${text(language, 'pay')}</button>
<button name="outcome" value="cancel">${text(language, 'cancel')}</button></form>`;
    return { status: 200, ...renderPage({ language, title: TITLE, content }) };
  } catch (error) {
    return refusedPage(page, error, back);
  }
}

export async function postH5(pages: Pages, page: PageRequest): Promise<PageAnswer> {
  if (!isSameOrigin(page)) return plain(403, 'cross-origin form');
  const form = new URLSearchParams(page.body);
  const back = redirectTarget(form.get('redirect_url') || null);
  const outcome = form.get('outcome') === 'pay' ? 'pay' : 'cancel';
  try {
    const { state } = await pages.payer.confirm(form.get('scan') ?? '', outcome);
    if (back) return redirect(303, back);
    const content = `<p class="card" role="status">${text(page.language, state)}</p>`;
    return { status: 200, ...renderPage({ language: page.language, title: TITLE, content }) };
  } catch (error) {
    return refusedPage(page, error, back);
  }
}

function refusedPage(page: PageRequest, error: unknown, back: URL | undefined): PageAnswer {
  if (!(error instanceof PhoneRefusal)) throw error;
  const { language } = page;
  const content = `<p class="card" role="alert">${text(language, error.code)}</p>
${back ? `<a class="button" href="${escapeHtml(back.href)}">${text(language, 'back')}</a>` : ''}`;
  return { status: 200, ...renderPage({ language, title: TITLE, content }) };
}

/** A list of the people, each a link to the same address with `person` set. */
export function choosePerson(
  pages: Pages,
  page: PageRequest,
  question: 'who' | 'login',
): PageAnswer {
  const { language, url } = page;
  const links = pages.context.people.map(({ id, name }) => {
    const query = new URLSearchParams(url.searchParams);
    query.set('person', id);
    const href = escapeHtml(`${url.pathname}?${query.toString()}`);
    return `<a class="button" href="${href}">${escapeHtml(name[language])}</a>`;
  });
  const content = `<nav class="card"><p>${text(language, question)}</p>${links.join('\n')}</nav>`;
  return { status: 200, ...renderPage({ language, title: TITLE, content }) };
}

function nameOf(pages: Pages, page: PageRequest, person: string): string {
  const found = pages.context.people.find(({ id }) => id === person);
  return found ? found.name[page.language] : person;
}
