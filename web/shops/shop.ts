import type { Event, Hutong } from '../../src/client/client.ts';
import type { Language } from '../design/language.ts';
import {
  askForPayment,
  askForRefund,
  connect,
  type EndpointBook,
  ensureEndpoint,
  type ShopAccount,
} from './hub-link.ts';
import { hear, type OrderBook, type ShopOrder, type ShopRefund } from './orders.ts';
import type { Product, ShopDesign } from './shops.ts';

/** Where shops keep what they know; without a store it is gone when they stop. */
export interface ShopBooks {
  readonly orders: OrderBook;
  readonly endpoints: EndpointBook;
  /** Resolves when everything put so far is kept. */
  committed(): Promise<void>;
}

export interface ShopSetup {
  readonly design: ShopDesign;
  readonly account: ShopAccount;
  readonly hub_url: string;
  /** Root URL of this shop, `http://…/taobao`. */
  readonly url: string;
  readonly books: ShopBooks;
}

/** One marketplace: its orders, and the hub as its only way to money. */
export class Shop {
  readonly design: ShopDesign;
  readonly hub_url: string;
  readonly #setup: ShopSetup;
  readonly #hub: Hutong;

  constructor(setup: ShopSetup) {
    this.design = setup.design;
    this.hub_url = setup.hub_url;
    this.#setup = setup;
    this.#hub = connect(setup.hub_url, setup.account);
  }

  order(reference: string): ShopOrder | undefined {
    const order = this.#setup.books.orders.get(reference);
    return order?.shop === this.design.slug ? order : undefined;
  }

  /** Newest first. */
  orders(limit: number): ShopOrder[] {
    const own = [...this.#setup.books.orders.values()].filter(
      ({ shop }) => shop === this.design.slug,
    );
    return own.slice(-limit).reverse();
  }

  /** The same cart is the same order. */
  place(product: Product, cart: string, language: Language): ShopOrder {
    const reference = `${this.design.order_prefix}${cart}`;
    const known = this.order(reference);
    if (known) return known;
    const order: ShopOrder = {
      reference,
      shop: this.design.slug,
      product: product.id,
      title: product.name[language],
      amount: Number.parseInt(product.price.toString(), 10),
      created_at: new Date().toISOString(),
      payment_state: 'requires_wallet',
      wallet: null,
      sequence: 0,
      refunds: [],
    };
    this.#setup.books.orders.put(reference, order);
    return order;
  }

  /** Throws HutongError or ConnectionError; the order is kept either way. */
  async pay(order: ShopOrder): Promise<ShopOrder> {
    if (order.checkout_url) return order;
    const { account, books, url } = this.#setup;
    const paid = await askForPayment(this.#hub, order, {
      merchant: account.merchant_id,
      order_url: `${url}/orders/${order.reference}`,
      book: books.orders,
    });
    await books.committed();
    return paid;
  }

  /** Throws HutongError or ConnectionError; undefined when nothing is left to refund. */
  async refund(order: ShopOrder, amount: number | undefined): Promise<ShopRefund | undefined> {
    const refund = await askForRefund(this.#hub, order, { amount, book: this.#setup.books.orders });
    await this.#setup.books.committed();
    return refund;
  }

  /** Registers the shop's webhook endpoint, or finds it as it was. Throws while the hub is away. */
  async register(): Promise<void> {
    const { books, url } = this.#setup;
    await ensureEndpoint(this.#hub, this.design.slug, {
      url: `${url}/webhooks`,
      book: books.endpoints,
    });
    await books.committed();
  }

  webhookSecret(): string | undefined {
    return this.#setup.books.endpoints.get(this.design.slug)?.secret;
  }

  hear(event: Event): void {
    hear(this.#setup.books.orders, this.design.slug, event);
  }

  committed(): Promise<void> {
    return this.#setup.books.committed();
  }
}
