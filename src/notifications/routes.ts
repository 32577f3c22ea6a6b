import { Hono } from 'hono';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { readBody } from '../http/body.ts';
import type { PageEnv } from '../http/request.ts';
import { isWalletName } from '../wallets/registry.ts';
import { receiveNotification } from './receive.ts';

/**
 * Where wallets send notifications: `/notify/{wallet}/{wallet account}`, no key, no query string.
 * The proof is the wallet's signature over the raw bytes; nothing is parsed before it holds.
 */
const MAX_BODY = 65_536;

export function notifyRoutes(app: App): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.post('/notify/:wallet/:account', async (c) => {
    const { wallet, account } = c.req.param();
    if (!isWalletName(wallet)) throw new Refusal('not_found');
    const answer = await receiveNotification(app, wallet, account, {
      headers: c.req.header(),
      body: await readBody(c.env.incoming, MAX_BODY),
      received_at: app.clock.real(),
    });
    if (!answer) throw new Refusal('not_found');
    return new Response(answer.status === 204 ? null : answer.body, {
      status: answer.status,
      headers: { 'content-type': answer.content_type },
    });
  });
  return routes;
}
