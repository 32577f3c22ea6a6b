import { Hono } from 'hono';
import { assetRoutes } from '../../web/design/assets.ts';
import type { App } from '../app.ts';
import type { PageEnv } from '../http/request.ts';
import { isWalletName } from '../wallets/registry.ts';
import { cancelPayment, chooseWallet } from './choose.ts';
import { beginLogin, endLogin } from './login.ts';
import { browser, follow, tokenOf, trouble, withForm, withPayment } from './request.tsx';
import { rememberedReturn, rememberReturn } from './session.ts';
import { showPage, showState } from './show.tsx';

export interface CheckoutOptions {
  /** Root URL of the sandbox phone, shown as a link beside codes; absent in production. */
  readonly phone_url?: string | undefined;
}

/** The hosted checkout, `/c/<token>` and below, with its assets. Mount at the root. */
export function checkoutRoutes(app: App, options: CheckoutOptions = {}): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.route('/', assetRoutes());
  routes.get('/c/return/:payment', (c) => {
    const token = rememberedReturn(c);
    return token === undefined ? trouble(c, 'returned') : c.redirect(`/c/${token}`, 303);
  });
  // Some wallets bring the browser back by POST; what it carries is never read, only its address.
  routes.post('/c/return/:payment', (c) => c.redirect(c.req.path, 303));
  routes.get('/c/:token', (c) =>
    withPayment(app, c, (payment) => showPage(app, c, payment, options.phone_url)),
  );
  routes.get('/c/:token/state', (c) =>
    withPayment(app, c, (payment) => showState(app, c, payment)),
  );
  routes.post('/c/:token/wallet', (c) =>
    withForm(app, c, async (payment, form, back) => {
      const wallet = form.get('wallet') ?? '';
      if (!isWalletName(wallet)) return back('not_eligible', null);
      const chosen = await chooseWallet(app, { payment, wallet, ...browser(c) });
      rememberReturn(app, c, payment.id, tokenOf(c));
      return follow(c, chosen, wallet);
    }),
  );
  routes.post('/c/:token/cancel', (c) =>
    withForm(app, c, async (payment, _form, back) => {
      const notice = await cancelPayment(app, payment);
      return back(notice ?? null, null);
    }),
  );
  routes.get('/c/:token/login/:wallet', (c) =>
    withPayment(app, c, async (payment) => {
      const wallet = c.req.param('wallet');
      if (!isWalletName(wallet)) return trouble(c, 'missing');
      const state = c.req.query('state');
      return state === undefined
        ? beginLogin(app, c, payment, wallet)
        : endLogin(app, c, { payment, wallet, state });
    }),
  );
  routes.onError((error, c) => {
    app.log.error({ err: error }, 'a checkout page failed');
    return trouble(c, 'broken');
  });
  return routes;
}
