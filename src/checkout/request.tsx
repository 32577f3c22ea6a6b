import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { CheckoutTrouble } from '../../web/checkout/page.tsx';
import type { NoticeKind } from '../../web/checkout/view.ts';
import { LANGUAGE_COOKIE, type Language, negotiateLanguage } from '../../web/design/language.ts';
import { pageHeaders } from '../../web/design/page-headers.ts';
import type { App } from '../app.ts';
import { paymentByCheckoutToken } from '../payments/checkout-token.ts';
import type { Payment } from '../payments/payment.ts';
import type { WalletName } from '../wallets/wallet.ts';
import type { Chosen } from './choose.ts';
import { clientKind } from './client-kind.ts';
import { isOwnForm, readSession } from './session.ts';

/** What every checkout route needs of a request, and the ways to answer one. */
const MAX_FORM_BYTES = 4_096;

export function browser(c: Context) {
  return { client: clientKind(c.req.header('user-agent')), client_ip: clientAddress(c) };
}

/** The peer's address; an IPv4 peer of a dual-stack socket without its prefix. */
function clientAddress(c: Context): string {
  try {
    return (getConnInfo(c).remote.address ?? '127.0.0.1').replace(/^::ffff:/, '');
  } catch {
    // No socket: the route was called in process.
    return '127.0.0.1';
  }
}

export function language(c: Context): Language {
  return negotiateLanguage({
    query: c.req.query('lang'),
    cookie: getCookie(c, LANGUAGE_COOKIE),
    accept: c.req.header('accept-language'),
  });
}

export function trouble(
  c: Context,
  kind: 'missing' | 'returned' | 'broken',
): Response | Promise<Response> {
  const status = kind === 'missing' ? 404 : kind === 'broken' ? 500 : 200;
  return c.html(<CheckoutTrouble language={language(c)} kind={kind} />, status, pageHeaders());
}

export async function withPayment(
  app: App,
  c: Context,
  work: (payment: Payment) => Promise<Response> | Response,
): Promise<Response> {
  const payment = await paymentByCheckoutToken(app, tokenOf(c));
  return payment ? work(payment) : trouble(c, 'missing');
}

export function tokenOf(c: Context): string {
  return c.req.param('token') ?? '';
}

export function pathOf(c: Context): string {
  return `/c/${tokenOf(c)}`;
}

/** Back to the page (303, so that a reload sends nothing twice), with something to say. */
export function backTo(c: Context, notice: NoticeKind | null, wallet: WalletName | null): Response {
  const query = new URLSearchParams();
  if (notice) query.set('notice', notice);
  if (notice && wallet) query.set('wallet', wallet);
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  c.header('cache-control', 'no-store');
  c.header('referrer-policy', 'no-referrer');
  return c.redirect(`${pathOf(c)}${search}`, 303);
}

export function follow(c: Context, chosen: Chosen, wallet: WalletName): Response {
  switch (chosen.kind) {
    case 'begun':
      return backTo(c, null, null);
    case 'told':
      return backTo(c, chosen.notice, wallet);
    case 'login':
      return c.redirect(`${pathOf(c)}/login/${wallet}`, 303);
    default:
      return chosen satisfies never;
  }
}

export async function withForm(
  app: App,
  c: Context,
  work: (
    payment: Payment,
    form: URLSearchParams,
    back: (notice: NoticeKind | null, wallet: WalletName | null) => Response,
  ) => Promise<Response>,
): Promise<Response> {
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!(length <= MAX_FORM_BYTES)) return c.text('a form of at most 4 KB', 413);
  return withPayment(app, c, async (payment) => {
    const form = new URLSearchParams(await c.req.text());
    const session = readSession(c, tokenOf(c));
    if (!session || !isOwnForm(app, c, session, form.get('csrf') ?? '')) {
      return backTo(c, 'stale_form', null);
    }
    return work(payment, form, (notice, wallet) => backTo(c, notice, wallet));
  });
}
