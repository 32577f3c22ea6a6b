import { randomBytes } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { ConnectionError, HutongError, verifyWebhook } from '../../src/client/client.ts';
import {
  isLanguage,
  LANGUAGE_COOKIE,
  type Language,
  negotiateLanguage,
  sayer,
} from '../design/language.ts';
import { pageHeaders } from '../design/page-headers.ts';
import { MarketPage } from './frame.tsx';
import { OrderPage, orderStamp } from './order-page.tsx';
import { refundableAmount, refundedAmount, type ShopOrder, stateOf } from './orders.ts';
import { GoodsPage, MissingPage, OrdersPage } from './pages.tsx';
import type { Shop } from './shop.ts';
import { SHOP_WORDS } from './words.ts';

/** One shop's pages, its JSON for scripts, and the address its webhooks come to. */
const MAX_FORM_BYTES = 4_096;
const MAX_WEBHOOK_BYTES = 262_144;
const YEAR_S = 365 * 24 * 3_600;
const CART = /^[0-9A-Z]{12}$/;
const CART_BYTES = 6;
const SHOWN_ORDERS = 50;

/** Makes pressing "buy" twice one order. */
function newCart(): string {
  return randomBytes(CART_BYTES).toString('hex').toUpperCase();
}

function language(c: Context): Language {
  const asked = c.req.query('lang');
  if (isLanguage(asked)) {
    setCookie(c, LANGUAGE_COOKIE, asked, { path: '/', sameSite: 'Lax', maxAge: YEAR_S });
  }
  return negotiateLanguage({
    query: asked,
    cookie: getCookie(c, LANGUAGE_COOKIE),
    accept: c.req.header('accept-language'),
  });
}

/** Forms of these pages may lead on to the hub's checkout. */
function headers(hub_url: string): Record<string, string> {
  const own = pageHeaders();
  const policy = own['content-security-policy'] ?? '';
  return {
    ...own,
    'referrer-policy': 'same-origin',
    'content-security-policy': policy.replace(
      "form-action 'self'",
      `form-action 'self' ${new URL(hub_url).origin}`,
    ),
  };
}

export function marketRoutes(hub_url: string): Hono {
  const routes = new Hono();
  routes.get('/', (c) => c.html(<MarketPage language={language(c)} />, 200, headers(hub_url)));
  return routes;
}

export function shopRoutes(shop: Shop): Hono {
  const routes = new Hono();
  const { slug } = shop.design;
  const page = headers(shop.hub_url);
  routes.get('/', (c) =>
    c.html(<GoodsPage language={language(c)} shop={shop.design} cart={newCart} />, 200, page),
  );
  routes.get('/orders', (c) => {
    const orders = shop.orders(SHOWN_ORDERS);
    return c.html(
      <OrdersPage language={language(c)} shop={shop.design} orders={orders} />,
      200,
      page,
    );
  });
  routes.post('/orders', (c) => withForm(c, (form) => buy(shop, c, form)));
  routes.get('/orders/:reference', (c) => showOrder(shop, c, null));
  routes.post('/orders/:reference/pay', (c) =>
    withForm(c, async () => {
      const order = shop.order(c.req.param('reference'));
      return order ? goPay(shop, c, order) : showOrder(shop, c, null);
    }),
  );
  routes.post('/orders/:reference/refunds', (c) =>
    withForm(c, async () => {
      const order = shop.order(c.req.param('reference'));
      if (!order) return showOrder(shop, c, null);
      try {
        await shop.refund(order, undefined);
      } catch (error) {
        const say = sayer(SHOP_WORDS, language(c));
        return showOrder(shop, c, say('refund_failed', { why: reasonOf(error) }));
      }
      return c.redirect(`/${slug}/orders/${order.reference}`, 303);
    }),
  );
  routes.post('/webhooks', (c) => receiveWebhook(shop, c));
  scriptRoutes(routes, shop);
  routes.all('*', (c) => missing(shop, c));
  return routes;
}

/** For scripts: the same shop without its pages. */
function scriptRoutes(routes: Hono, shop: Shop): void {
  routes.post('/api/orders', async (c) => {
    const product = (await jsonBody(c))?.['product'];
    const found = shop.design.products.find(({ id }) => id === product);
    if (!found) return c.json({ error: 'product must be one of this shop’s' }, 400);
    try {
      const order = await shop.pay(shop.place(found, newCart(), language(c)));
      const { payment, checkout_url } = order;
      return c.json({ order: order.reference, checkout_url, payment, amount: order.amount }, 201);
    } catch (error) {
      return c.json({ error: reasonOf(error) }, 502);
    }
  });
  routes.get('/api/orders/:reference', (c) => {
    const order = shop.order(c.req.param('reference'));
    return order ? c.json(onWire(order)) : c.json({ error: 'no such order' }, 404);
  });
  routes.post('/api/orders/:reference/refunds', async (c) => {
    const order = shop.order(c.req.param('reference'));
    if (!order) return c.json({ error: 'no such order' }, 404);
    const amount = (await jsonBody(c))?.['amount'];
    try {
      const wanted = typeof amount === 'number' && Number.isInteger(amount) ? amount : undefined;
      const refund = await shop.refund(order, wanted);
      return refund ? c.json(refund, 201) : c.json({ error: 'nothing is left to refund' }, 409);
    } catch (error) {
      return c.json({ error: reasonOf(error) }, 502);
    }
  });
}

function onWire(order: ShopOrder) {
  return {
    order: order.reference,
    payment: order.payment ?? null,
    checkout_url: order.checkout_url ?? null,
    state: stateOf(order),
    wallet: order.wallet,
    amount: order.amount,
    refunded: refundedAmount(order),
    refundable: refundableAmount(order),
    refunds: order.refunds.map(({ reference, amount, state }) => ({ reference, amount, state })),
    stamp: orderStamp(order),
  };
}

/** A page of another site may not buy or refund in the visitor's name. */
function isForeign(c: Context): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const origin = c.req.header('origin');
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== c.req.header('host');
}

async function withForm(
  c: Context,
  work: (form: URLSearchParams) => Promise<Response>,
): Promise<Response> {
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!(length <= MAX_FORM_BYTES)) return c.text('a form of at most 4 KB', 413);
  if (isForeign(c)) return c.text('this form is not from this shop', 403);
  return work(new URLSearchParams(await c.req.text()));
}

async function jsonBody(c: Context): Promise<Record<string, unknown> | undefined> {
  const length = Number(c.req.header('content-length') ?? 0);
  if (length > MAX_FORM_BYTES || isForeign(c)) return undefined;
  const text = await c.req.text();
  try {
    const given: unknown = JSON.parse(text === '' ? '{}' : text);
    return typeof given === 'object' && given !== null ? { ...given } : undefined;
  } catch {
    return undefined;
  }
}

async function buy(shop: Shop, c: Context, form: URLSearchParams): Promise<Response> {
  const product = shop.design.products.find(({ id }) => id === form.get('product'));
  const cart = form.get('cart') ?? '';
  if (!product || !CART.test(cart)) return missing(shop, c);
  return goPay(shop, c, shop.place(product, cart, language(c)));
}

async function goPay(shop: Shop, c: Context, order: ShopOrder): Promise<Response> {
  const path = `/${shop.design.slug}/orders/${order.reference}`;
  if (stateOf(order) !== 'unpaid') return c.redirect(path, 303);
  try {
    const { checkout_url } = await shop.pay(order);
    const direct = checkout_url && new URL(checkout_url).origin === new URL(shop.hub_url).origin;
    return c.redirect(direct ? checkout_url : path, 303);
  } catch (error) {
    if (!(error instanceof HutongError) && !(error instanceof ConnectionError)) throw error;
    return c.redirect(path, 303);
  }
}

async function showOrder(shop: Shop, c: Context, trouble: string | null): Promise<Response> {
  const order = shop.order(c.req.param('reference') ?? '');
  if (!order) return missing(shop, c);
  const page = (
    <OrderPage
      language={language(c)}
      shop={shop.design}
      order={order}
      trouble={trouble}
      cart={newCart()}
    />
  );
  return c.html(page, 200, headers(shop.hub_url));
}

function missing(shop: Shop, c: Context): Response | Promise<Response> {
  const page = <MissingPage language={language(c)} shop={shop.design} />;
  return c.html(page, 404, headers(shop.hub_url));
}

function reasonOf(error: unknown): string {
  if (error instanceof HutongError || error instanceof ConnectionError) return error.message;
  throw error;
}

/** Verified on the bytes as they came, before anything parses them. */
async function receiveWebhook(shop: Shop, c: Context): Promise<Response> {
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!(length <= MAX_WEBHOOK_BYTES)) return c.text('too large', 413);
  const secret = shop.webhookSecret();
  if (secret === undefined) return c.text('no endpoint is registered', 503);
  const body = Buffer.from(await c.req.arrayBuffer());
  try {
    const event = verifyWebhook({ body, headers: c.req.raw.headers, secrets: secret });
    shop.hear(event);
  } catch (error) {
    return c.text(error instanceof Error ? error.message : 'not a webhook', 400);
  }
  await shop.committed();
  return c.body(null, 204);
}
