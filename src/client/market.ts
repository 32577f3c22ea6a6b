import type { Hold, Receiver, ShareRole, Split } from './market-objects.ts';
import type { Metadata } from './objects.ts';
import { type Lists, listsOf, type PageQuery } from './pages.ts';
import type { KeyOption } from './payments.ts';
import type { Send } from './transport.ts';

/** One share of a payment; what all of them leave is the merchant's. */
export interface NewSplit {
  readonly receiver: string;
  readonly role: ShareRole;
  /** Fen; either this or `percent`. */
  readonly amount?: number;
  /** Decimal percent as text, at most three places: `"2.5"`. Rounded down to the fen. */
  readonly percent?: string;
  /** Base of the percent: the whole amount, or what earlier splits leave of it. */
  readonly of?: 'amount' | 'rest';
  readonly min?: number;
  readonly max?: number;
  readonly description?: string;
}

export interface HoldQuery extends PageQuery {
  readonly state?: Hold['state'];
  readonly merchant?: string;
  readonly disputed?: 'true' | 'false';
}

export interface Holds extends Lists<Hold, HoldQuery> {
  get(id: string): Promise<Hold>;
  /** Every request to the wallet about it, oldest first. */
  splits(id: string): Promise<readonly Split[]>;
  /** The goods are on their way: the days of the escrow count from now. */
  ship(
    payment: string,
    input?: { readonly shipment?: { readonly carrier: string; readonly number: string } },
    options?: KeyOption,
  ): Promise<Hold>;
  /** All that is held is released. The key is required: derive it from your order. */
  confirmReceipt(payment: string, options: Required<KeyOption>): Promise<Hold>;
  /** Held money goes to merchant and receivers; all of it without an amount. */
  release(
    payment: string,
    input: { readonly amount?: number },
    options: Required<KeyOption>,
  ): Promise<Hold>;
  /** Freezes what is held. */
  dispute(payment: string, input: { readonly reason: string }, options?: KeyOption): Promise<Hold>;
  resolveDispute(
    payment: string,
    input: { readonly outcome: 'release' | 'return'; readonly amount?: number },
    options: Required<KeyOption>,
  ): Promise<Hold>;
}

export interface NewReceiver {
  readonly name: string;
  readonly kind: Receiver['kind'];
  /** At each wallet: its number there, and its registered name. */
  readonly accounts: {
    readonly wechat_pay?: { readonly account: string; readonly name?: string };
    readonly alipay?: { readonly account: string; readonly name?: string };
  };
  readonly metadata?: Metadata;
}

export interface Receivers extends Lists<Receiver, PageQuery> {
  create(input: NewReceiver, options?: KeyOption): Promise<Receiver>;
  get(id: string): Promise<Receiver>;
}

export function holdsOf(send: Send): Holds {
  const at = (id: string, part = '') => `/v1/holds/${encodeURIComponent(id)}${part}`;
  const act = (payment: string, verb: string, body: unknown, options: KeyOption = {}) =>
    send<Hold>({
      method: 'POST',
      path: `/v1/payments/${encodeURIComponent(payment)}/${verb}`,
      body,
      idempotency_key: options.idempotency_key,
    });
  return {
    ...listsOf<Hold, HoldQuery>(send, '/v1/holds'),
    get: (id) => send({ method: 'GET', path: at(id) }),
    async splits(id) {
      const path = at(id, '/splits');
      const { data } = await send<{ data: readonly Split[] }>({ method: 'GET', path });
      return data;
    },
    ship: (payment, input = {}, options) => act(payment, 'ship', input, options),
    confirmReceipt: (payment, options) => act(payment, 'confirm_receipt', {}, options),
    release: (payment, input, options) => act(payment, 'release', input, options),
    dispute: (payment, input, options) => act(payment, 'dispute', input, options),
    resolveDispute: (payment, input, options) => act(payment, 'dispute/resolve', input, options),
  };
}

export function receiversOf(send: Send): Receivers {
  const path = '/v1/receivers';
  return {
    ...listsOf<Receiver, PageQuery>(send, path),
    create: (body, options = {}) =>
      send({ method: 'POST', path, body, idempotency_key: options.idempotency_key }),
    get: (id) => send({ method: 'GET', path: `${path}/${encodeURIComponent(id)}` }),
  };
}
