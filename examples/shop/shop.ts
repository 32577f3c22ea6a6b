import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createClient,
  type Event,
  HutongError,
  type Payment,
  verifyWebhook,
  WebhookVerificationError,
} from 'hutong/client';

/**
 * A small shop: one product, an order page, webhooks, refunds. It uses the public API only. Orders
 * are kept in memory; a real shop keeps them, and the ids of handled events, in its database.
 */
interface Order {
  readonly reference: string;
  readonly amount: number;
  payment?: string;
  state: Payment['state'];
  wallet: string | null;
  refunded: number;
  /** Sequence of the newest payment event handled: older ones that come later are skipped. */
  sequence: number;
}

const PORT = 3000;
const SHOP = `http://127.0.0.1:${PORT}`;
const PRICE = 6_900;
const MAX_BODY_BYTES = 262_144;

const { hub, platforms, merchants } = JSON.parse(
  readFileSync(process.env['SANDBOX_FILE'] ?? '.hutong/sandbox.json', 'utf8'),
);
const hutong = createClient({ base_url: hub.url, api_key: platforms.taobao.secret_key });
const orders = new Map<string, Order>();
const handled = new Set<string>();

/** The secret is shown once; a shop without a database takes a new one at each start. */
async function registerEndpoint(): Promise<string> {
  const url = `${SHOP}/webhooks`;
  for await (const endpoint of hutong.webhookEndpoints.all()) {
    if (endpoint.url !== url) continue;
    await hutong.webhookEndpoints.update(endpoint.id, { state: 'enabled' });
    return (await hutong.webhookEndpoints.rotateSecret(endpoint.id, { overlap_seconds: 0 })).secret;
  }
  return (await hutong.webhookEndpoints.create({ url })).secret;
}

/** The same cart is the same order and the same payment, however often the button is pressed. */
async function buy(cart: string): Promise<string> {
  const reference = `EX-${cart}`;
  const order = orders.get(reference) ?? newOrder(reference);
  const payment = await hutong.payments.create(
    {
      merchant: merchants.taobao.id,
      amount: order.amount,
      currency: 'CNY',
      description: 'Jasmine tea, 250 g',
      order: { reference, url: `${SHOP}/orders/${reference}` },
      return_url: `${SHOP}/orders/${reference}`,
    },
    { idempotency_key: reference },
  );
  order.payment = payment.id;
  return payment.checkout_url ?? `${SHOP}/orders/${reference}`;
}

function newOrder(reference: string): Order {
  const state = 'requires_wallet';
  const order: Order = { reference, amount: PRICE, state, wallet: null, refunded: 0, sequence: 0 };
  orders.set(reference, order);
  return order;
}

/** Events come at least once and in any order. */
function hear(event: Event): void {
  if (handled.has(event.id)) return;
  handled.add(event.id);
  switch (event.type) {
    case 'payment.succeeded':
    case 'payment.closed': {
      const payment = event.data.object;
      const order = orders.get(payment.order.reference);
      if (!order || event.sequence <= order.sequence) return;
      order.sequence = event.sequence;
      order.state = payment.state;
      order.wallet = payment.wallet;
      return;
    }
    case 'refund.succeeded': {
      const refund = event.data.object;
      const order = [...orders.values()].find(({ payment }) => payment === refund.payment);
      if (order) order.refunded += refund.amount;
      return;
    }
    // Every other type, also those that are not there yet: nothing to do here.
    default:
  }
}

/** Throws HutongError, for example when all was refunded already. */
async function refund(order: Order): Promise<void> {
  if (order.payment === undefined) return;
  await hutong.payments.refund(order.payment, {
    amount: order.amount,
    reference: `${order.reference}-all`,
    reason: 'asked for on the order page',
  });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const page = (text: string) =>
  `<!doctype html><meta charset="utf-8"><title>Tea</title><h1>Tea</h1>${text}`;
const button = (to: string, label: string) =>
  `<form method="post" action="${to}"><button>${label}</button></form>`;

function orderPage(order: Order): string {
  const paid = order.state === 'succeeded' ? `Paid with ${order.wallet}.` : `It is ${order.state}.`;
  const back = order.refunded > 0 ? ` ${order.refunded} fen went back.` : '';
  const ask = order.state === 'succeeded' && order.refunded === 0;
  const form = ask ? button(`/orders/${order.reference}/refund`, 'Refund') : '';
  return page(`<p>Order ${order.reference}: ${order.amount} fen. ${paid}${back}</p>${form}`);
}

async function answer(request: IncomingMessage, response: ServerResponse, secret: string) {
  const path = request.url ?? '/';
  const [, reference, action] = /^\/orders\/([\w-]+)(?:\/(refund))?$/.exec(path) ?? [];
  const order = reference === undefined ? undefined : orders.get(reference);
  const html = (text: string) =>
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(text);
  const see = (location: string) => response.writeHead(303, { location }).end();
  if (request.method === 'POST') {
    const body = await bodyOf(request);
    if (path === '/webhooks') {
      hear(verifyWebhook({ body, headers: request.headers, secrets: secret }));
      return response.writeHead(204).end();
    }
    if (path.startsWith('/buy/')) return see(await buy(path.slice('/buy/'.length)));
    if (order && action) {
      await refund(order);
      return see(`/orders/${order.reference}`);
    }
  } else if (path === '/') {
    return html(page(`<p>Jasmine tea, ¥69.00</p>${button(`/buy/${randomUUID()}`, 'Buy')}`));
  } else if (order && !action) {
    return html(orderPage(order));
  }
  return response.writeHead(404).end('there is nothing here\n');
}

function fail(response: ServerResponse, error: unknown): void {
  const status = error instanceof WebhookVerificationError ? 400 : 502;
  const known = error instanceof WebhookVerificationError || error instanceof HutongError;
  if (!known) process.stderr.write(`${String(error)}\n`);
  response.writeHead(status).end(`${known ? error.message : 'something is broken here'}\n`);
}

const secret = await registerEndpoint();
createServer((request, response) => {
  answer(request, response, secret).catch((error: unknown) => fail(response, error));
}).listen(PORT, '127.0.0.1', () => process.stdout.write(`open ${SHOP}\n`));
