import { createClient, type Hutong, HutongError } from '../../src/client/client.ts';
import {
  type OrderBook,
  refundableAmount,
  refundReference,
  type ShopOrder,
  type ShopRefund,
} from './orders.ts';

/** All that a shop knows of the hub: its public API, with the shop's own key. */
export interface ShopAccount {
  readonly secret_key: string;
  readonly merchant_id: string;
}

export interface KeptEndpoint {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
}

/** Kept between starts; a sandbox store's collection fits. */
export interface EndpointBook {
  get(shop: string): KeptEndpoint | undefined;
  put(shop: string, endpoint: KeptEndpoint): void;
}

const TRY_TIMEOUT_MS = 15_000;

export function connect(hub_url: string, account: ShopAccount): Hutong {
  const { secret_key: api_key } = account;
  return createClient({ base_url: hub_url, api_key, timeout_ms: TRY_TIMEOUT_MS, max_retries: 1 });
}

/** Asks for the payment of an order; asking twice gives the same one. */
export async function askForPayment(
  hub: Hutong,
  order: ShopOrder,
  how: { merchant: string; order_url: string; book: OrderBook },
): Promise<ShopOrder> {
  const payment = await hub.payments.create(
    {
      merchant: how.merchant,
      amount: order.amount,
      currency: 'CNY',
      description: order.title,
      order: {
        reference: order.reference,
        url: how.order_url,
        items: [{ name: order.title, quantity: 1, unit_amount: order.amount }],
      },
      return_url: how.order_url,
    },
    { idempotency_key: order.reference },
  );
  order.payment = payment.id;
  order.checkout_url = payment.checkout_url ?? '';
  how.book.put(order.reference, order);
  return order;
}

/** Gives back what is left of an order, or less. Throws HutongError when the hub refuses. */
export async function askForRefund(
  hub: Hutong,
  order: ShopOrder,
  how: { amount: number | undefined; book: OrderBook },
): Promise<ShopRefund | undefined> {
  const amount = Math.min(how.amount ?? Number.MAX_SAFE_INTEGER, refundableAmount(order));
  if (order.payment === undefined || amount <= 0) return undefined;
  const reference = refundReference(order);
  const asked = await hub.payments.refund(order.payment, {
    amount,
    reference,
    reason: 'asked for on the order page',
  });
  const refund = { reference, amount, state: asked.state, sequence: 0 };
  // A webhook about it may have been faster.
  const known = order.refunds.find((entry) => entry.reference === reference);
  if (!known) order.refunds = [...order.refunds, refund];
  how.book.put(order.reference, order);
  return known ?? refund;
}

/**
 * Where the hub tells this shop what happened. The secret is shown once: without the kept one, an
 * endpoint of an earlier start gets a new secret.
 */
export async function ensureEndpoint(
  hub: Hutong,
  shop: string,
  how: { url: string; book: EndpointBook },
): Promise<KeptEndpoint> {
  const kept = how.book.get(shop);
  if (kept?.url === how.url && (await stillThere(hub, kept.id))) return kept;
  const page = await hub.webhookEndpoints.list({ limit: 100 });
  const known = page.data.find((endpoint) => endpoint.url === how.url);
  const { id, secret } = known
    ? await hub.webhookEndpoints.rotateSecret(known.id, { overlap_seconds: 0 })
    : await hub.webhookEndpoints.create({ url: how.url });
  if (known?.state === 'disabled') await hub.webhookEndpoints.update(id, { state: 'enabled' });
  const endpoint = { id, url: how.url, secret };
  how.book.put(shop, endpoint);
  return endpoint;
}

async function stillThere(hub: Hutong, id: string): Promise<boolean> {
  try {
    return (await hub.webhookEndpoints.get(id)).state === 'enabled';
  } catch (error) {
    if (error instanceof HutongError && error.status === 404) return false;
    throw error;
  }
}
