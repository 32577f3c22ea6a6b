import type { Context } from 'hono';
import { setCookie } from 'hono/cookie';
import { CheckoutPage } from '../../web/checkout/page.tsx';
import { type CheckoutView, NOTICES, type Notice } from '../../web/checkout/view.ts';
import { isLanguage, LANGUAGE_COOKIE } from '../../web/design/language.ts';
import { pageHeaders } from '../../web/design/page-headers.ts';
import type { App } from '../app.ts';
import { lookAgain } from '../attempts/look-again.ts';
import { findMerchant } from '../merchants/find.ts';
import type { Payment } from '../payments/payment.ts';
import { isWalletName } from '../wallets/registry.ts';
import { browser, language, pathOf, tokenOf } from './request.tsx';
import { formToken, openSession } from './session.ts';
import { stampNow, standing } from './stage.ts';

/** A page waits this long for a wallet's answer, then shows what is known. */
const PATIENCE_MS = 1_500;
const LANGUAGE_S = 365 * 24 * 3_600;

async function latest(app: App, payment: Payment): Promise<Payment> {
  if (payment.state !== 'pending') return payment;
  const asked = lookAgain(app, payment).catch((error: unknown) => {
    app.log.warn({ err: error, payment: payment.id }, 'asking again failed');
    return payment;
  });
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<Payment>((resolve) => {
    timer = setTimeout(() => resolve(payment), PATIENCE_MS);
  });
  const known = await Promise.race([asked, patience]);
  clearTimeout(timer);
  return known;
}

function leftMs(app: App, payment: Payment): number {
  return Math.max(0, payment.expires_at.getTime() - app.clock.now().getTime());
}

/** What the page's script polls: a few bytes, and the wallet is asked on the way. */
export async function showState(app: App, c: Context, found: Payment): Promise<Response> {
  const payment = await latest(app, found);
  c.header('cache-control', 'no-store');
  return c.json({ stamp: await stampNow(app, payment), left_ms: leftMs(app, payment) });
}

export async function showPage(
  app: App,
  c: Context,
  found: Payment,
  phone_url: string | undefined,
): Promise<Response> {
  const payment = await latest(app, found);
  const { client } = browser(c);
  const { stage, stamp } = await standing(app, payment, client);
  const asked = c.req.query('lang');
  if (isLanguage(asked)) {
    setCookie(c, LANGUAGE_COOKIE, asked, { path: '/', sameSite: 'Lax', maxAge: LANGUAGE_S });
  }
  const view: CheckoutView = {
    language: language(c),
    path: pathOf(c),
    client,
    payee: (await findMerchant(app.db, payment.merchant_id))?.name ?? '',
    amount: payment.amount,
    description: payment.description,
    expires_at: payment.expires_at,
    left_ms: leftMs(app, payment),
    in_escrow: payment.terms?.capture === 'escrow',
    return_url: payment.return_url,
    csrf: formToken(app, openSession(app, c, tokenOf(c))),
    stamp,
    notice: noticeAsked(c),
    stage,
    phone_url,
  };
  const headers = pageHeaders({ wallet_origins: bridgeOrigins(view), form_to: formTarget(view) });
  return c.html(<CheckoutPage view={view} />, 200, headers);
}

/** The one foreign origin a page may use: the sandbox's stand-in for the wallet's bridge. */
function bridgeOrigins({ stage }: CheckoutView): string[] {
  if (stage.kind !== 'pay' || stage.handover.kind !== 'in_app') return [];
  const { bridge_url } = stage.handover;
  return bridge_url === undefined ? [] : [new URL(bridge_url).origin];
}

/** The one foreign page that a form of this page goes to. */
function formTarget({ stage }: CheckoutView): string | undefined {
  if (stage.kind !== 'pay' || stage.handover.kind !== 'form') return undefined;
  return stage.handover.url;
}

function noticeAsked(c: Context): Notice | null {
  const kind = NOTICES.find((known) => known === c.req.query('notice'));
  const wallet = c.req.query('wallet') ?? '';
  return kind ? { kind, wallet: isWalletName(wallet) ? wallet : null } : null;
}
