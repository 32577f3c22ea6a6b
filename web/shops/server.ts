import { setTimeout as sleep } from 'node:timers/promises';
import { Hono } from 'hono';
import { ConnectionError, HutongError } from '../../src/client/client.ts';
import type { SandboxStore } from '../../src/sandbox/store.ts';
import { assetRoutes } from '../design/assets.ts';
import { serve } from '../design/serve.ts';
import type { KeptEndpoint } from './hub-link.ts';
import type { ShopOrder } from './orders.ts';
import { marketRoutes, shopRoutes } from './routes.tsx';
import { Shop, type ShopBooks } from './shop.ts';
import { designOf, type ShopSlug } from './shops.ts';

/**
 * The demo marketplaces on one port, each under its own path. They know the hub by its public API
 * and its signed webhooks only, as any shop outside would.
 */
export interface ShopsOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly hub_url: string;
  readonly shops: readonly {
    readonly slug: ShopSlug;
    readonly secret_key: string;
    readonly merchant_id: string;
  }[];
  /** Without one, orders are gone when the shops stop. */
  readonly store?: SandboxStore;
  /** How soon a shop asks again while the hub is not up; 500 ms when absent. */
  readonly register_gap_ms?: number;
}

export interface Shops {
  /** Root URL: the list of the four; each shop is below it, `/taobao` and so on. */
  readonly url: string;
  /**
   * Resolves when every shop's webhook endpoint is registered at the hub, whenever that comes up;
   * rejects when the hub refuses a shop's key.
   */
  readonly registered: Promise<void>;
  stop(): Promise<void>;
}

const REGISTER_GAP_MS = 500;

export async function startShops(options: ShopsOptions): Promise<Shops> {
  const routes = new Hono();
  const { host, port } = options;
  const { url, stop } = await serve(routes, { host, port, setting: 'HUTONG_SHOP_PORT' });
  const books = booksOf(options.store);
  const { hub_url } = options;
  const shops = options.shops.map(
    ({ slug, ...account }) =>
      new Shop({ design: designOf(slug), account, hub_url, url: `${url}/${slug}`, books }),
  );
  routes.route('/', assetRoutes());
  routes.route('/', marketRoutes(hub_url));
  for (const shop of shops) routes.route(`/${shop.design.slug}`, shopRoutes(shop));
  const stopped = new AbortController();
  const registered = Promise.all(
    shops.map((shop) => register(shop, options.register_gap_ms ?? REGISTER_GAP_MS, stopped.signal)),
  ).then(() => undefined);
  // Whoever does not wait for it finds orders that stay unpaid, not a dead process.
  registered.catch(() => {});
  return {
    url,
    registered,
    stop: () => {
      stopped.abort();
      return stop();
    },
  };
}

/** The shops start before the hub does: each asks until it is there. */
async function register(shop: Shop, gap_ms: number, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    try {
      return await shop.register();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await sleep(gap_ms, undefined, { ref: false });
    }
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  return error instanceof HutongError && (error.status >= 500 || error.status === 429);
}

function booksOf(store: SandboxStore | undefined): ShopBooks {
  if (store) {
    return {
      orders: store.collection<ShopOrder>('shop_orders'),
      endpoints: store.collection<KeptEndpoint>('shop_endpoints'),
      committed: () => store.committed(),
    };
  }
  const orders = new Map<string, ShopOrder>();
  const endpoints = new Map<string, KeptEndpoint>();
  return {
    orders: {
      get: (reference) => orders.get(reference),
      put: (reference, order) => void orders.set(reference, order),
      values: () => orders.values(),
    },
    endpoints: {
      get: (shop) => endpoints.get(shop),
      put: (shop, endpoint) => void endpoints.set(shop, endpoint),
    },
    committed: () => Promise.resolve(),
  };
}
