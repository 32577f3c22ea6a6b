import { Hono } from 'hono';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { isWalletName } from '../wallets/registry.ts';
import { receiveNotification } from './receive.ts';

/**
 * Where wallets send notifications: `/notify/{wallet}/{wallet account}`, no key, no query string.
 * The proof is the wallet's signature over the raw bytes; nothing is parsed before it holds.
 */
const MAX_BODY = 65_536;

export function notifyRoutes(app: App): Hono {
  const routes = new Hono();
  routes.post('/notify/:wallet/:account', async (c) => {
    const { wallet, account } = c.req.param();
    if (!isWalletName(wallet)) throw new Refusal('not_found');
    const answer = await receiveNotification(app, wallet, account, {
      headers: c.req.header(),
      body: await readRaw(c.req.raw, MAX_BODY),
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

async function readRaw(request: Request, limit: number): Promise<Buffer> {
  const declared = Number(request.headers.get('content-length') ?? '0');
  if (declared > limit) throw new Refusal('body_too_large', { message: `at most ${limit} bytes` });
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (request.body) {
    for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > limit) throw new Refusal('body_too_large', { message: `at most ${limit} bytes` });
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks);
}
