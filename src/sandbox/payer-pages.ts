import type { IncomingMessage } from 'node:http';
import { type Html, html, type Language } from './html.ts';
import type { Person } from './sandbox.ts';

/** What the wallets' pages for payers share: who sits at the browser, and what is paid. */
const COOKIE = 'hutong_person';

/** The id of `?person=`, or of the cookie that the phone and the chooser set. */
export function personNamed(request: IncomingMessage, query: URLSearchParams): string | undefined {
  const cookie = new RegExp(`(?:^|;\\s*)${COOKIE}=([A-Za-z0-9_-]{1,64})`);
  return query.get('person') ?? cookie.exec(request.headers.cookie ?? '')?.[1];
}

export function rememberPerson({ id }: Person): Record<string, string> {
  return { 'set-cookie': `${COOKIE}=${id}; Path=/; SameSite=Lax` };
}

/** One button per person; each posts to `action`. */
export function chooser(
  people: Iterable<Person>,
  action: string,
  language: Language,
): readonly Html[] {
  const verb = language === 'zh' ? '登录：' : 'Log in as ';
  return [...people].map(
    (person) => html`<form method="post" action="${action}">
<input type="hidden" name="person" value="${person.id}"><button>${verb}${person.name[language]}</button></form>`,
  );
}

/** What is paid, and to whom, under the wallet's name. */
export function orderSummary(order: {
  badge: string;
  price: string;
  payee: string;
  description: string;
}): Html {
  return html`<p class="badge">${order.badge}</p><h1>${order.payee}</h1>
<p class="price">${order.price}</p><p class="muted">${order.description}</p>`;
}
