import type { Context } from 'hono';
import type { App } from '../app.ts';
import type { Payment } from '../payments/payment.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { WalletAccount, WalletName } from '../wallets/wallet.ts';
import { accountHere, payInApp } from './choose.ts';
import { backTo, browser, follow, tokenOf } from './request.tsx';
import { isOwnLogin, loginState, openSession, readSession } from './session.ts';

/**
 * Inside a wallet's own browser the wallet must first say who the payer is. The browser goes to the
 * wallet's login and comes back with a one-time code; the state between the two is bound to this
 * browser's session, so that nobody can be made to pay with a login that is not theirs.
 */
export async function beginLogin(
  app: App,
  c: Context,
  payment: Payment,
  wallet: WalletName,
): Promise<Response> {
  const account = await inAppAccount(app, c, payment, wallet);
  if (!account) return backTo(c, 'not_eligible', wallet);
  const { payerLogin } = app.wallets.connector(wallet);
  if (!payerLogin) return backTo(c, 'not_eligible', wallet);
  const session = openSession(app, c, tokenOf(c));
  const url = payerLogin.authorizeUrl(account, {
    redirect_url: `${app.public_url}/c/${tokenOf(c)}/login/${wallet}`,
    state: loginState(app, session, wallet),
  });
  c.header('cache-control', 'no-store');
  c.header('referrer-policy', 'no-referrer');
  return c.redirect(url, 302);
}

export async function endLogin(
  app: App,
  c: Context,
  login: { payment: Payment; wallet: WalletName; state: string },
): Promise<Response> {
  const { payment, wallet } = login;
  const session = readSession(c, tokenOf(c));
  if (!session || !isOwnLogin(app, session, wallet, login.state)) {
    return backTo(c, 'login_failed', wallet);
  }
  const account = await inAppAccount(app, c, payment, wallet);
  if (!account) return backTo(c, 'not_eligible', wallet);
  const { payerLogin } = app.wallets.connector(wallet);
  if (!payerLogin) return backTo(c, 'not_eligible', wallet);
  const code = c.req.query(payerLogin.code_parameter);
  const payer = code ? await payerLogin.exchangeCode(account, code) : undefined;
  if (payer === undefined) return backTo(c, 'login_failed', wallet);
  return follow(c, await payInApp(app, { payment, wallet, ...browser(c) }, payer), wallet);
}

/** The wallet account that would take this payment in this browser; undefined when none may. */
async function inAppAccount(
  app: App,
  c: Context,
  payment: Payment,
  wallet: WalletName,
): Promise<WalletAccount | undefined> {
  const { client } = browser(c);
  const here = await accountHere(app, { payment, wallet, client });
  if (here?.presentation !== 'in_app') return undefined;
  return requireAccount(app.wallets, here.wallet_account_id);
}
