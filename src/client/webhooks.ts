import type { Event } from './events.ts';
import type { Delivery, List, WebhookEndpoint, WebhookEndpointWithSecret } from './objects.ts';
import { type Lists, listsOf, type PageQuery } from './pages.ts';
import type { KeyOption } from './payments.ts';
import type { Send } from './transport.ts';

/** `platform` is for operators; a platform's own key needs none. */
export interface NewWebhookEndpoint {
  readonly url: string;
  /** Every type when absent. */
  readonly event_types?: readonly Event['type'][];
  readonly platform?: string;
}

export interface WebhookEndpointChange {
  readonly url?: string;
  readonly event_types?: readonly Event['type'][];
  readonly state?: 'enabled' | 'disabled';
}

export interface EndpointQuery extends PageQuery {
  readonly platform?: string;
}

export interface WebhookEndpoints extends Lists<WebhookEndpoint, EndpointQuery> {
  /** Keep `secret`: it is shown only now. */
  create(input: NewWebhookEndpoint, options?: KeyOption): Promise<WebhookEndpointWithSecret>;
  get(id: string): Promise<WebhookEndpoint>;
  update(id: string, change: WebhookEndpointChange): Promise<WebhookEndpoint>;
  /** Both secrets sign for `overlap_seconds` (a day by default): verify with both meanwhile. */
  rotateSecret(
    id: string,
    input?: { readonly overlap_seconds?: number },
    options?: KeyOption,
  ): Promise<WebhookEndpointWithSecret>;
  delete(id: string): Promise<void>;
}

export interface EventQuery {
  /** Position of the last event you handled. */
  readonly after?: number;
  readonly type?: Event['type'];
  readonly limit?: number;
  readonly platform?: string;
}

export interface Events {
  get(id: string): Promise<Event>;
  /** One page, oldest first. */
  list(query?: EventQuery): Promise<List<Event>>;
  /** Every event after a position that there is now. */
  all(query?: EventQuery): AsyncIterable<Event>;
}

export interface DeliveryQuery extends PageQuery {
  readonly state?: Delivery['state'];
  readonly endpoint?: string;
  readonly event?: string;
  readonly payment?: string;
  readonly platform?: string;
}

export interface Deliveries extends Lists<Delivery, DeliveryQuery> {
  get(id: string): Promise<Delivery>;
  /** Sends it once more, now, whatever its state. */
  replay(id: string, options?: KeyOption): Promise<Delivery>;
}

export function webhookEndpointsOf(send: Send): WebhookEndpoints {
  const path = '/v1/webhook_endpoints';
  const at = (id: string) => `${path}/${encodeURIComponent(id)}`;
  return {
    ...listsOf<WebhookEndpoint, EndpointQuery>(send, path),
    create: (body, options) => send({ method: 'POST', path, body, ...options }),
    get: (id) => send({ method: 'GET', path: at(id) }),
    update: (id, body) => send({ method: 'PATCH', path: at(id), body }),
    rotateSecret: (id, body = {}, options = {}) =>
      send({ method: 'POST', path: `${at(id)}/rotate_secret`, body, ...options }),
    async delete(id) {
      await send({ method: 'DELETE', path: at(id) });
    },
  };
}

export function eventsOf(send: Send): Events {
  const path = '/v1/events';
  const list = (query?: EventQuery) =>
    send<List<Event>>({ method: 'GET', path, query: { ...query } });
  return {
    list,
    get: (id) => send({ method: 'GET', path: `${path}/${encodeURIComponent(id)}` }),
    async *all(query) {
      let after: number | undefined = query?.after ?? 0;
      while (after !== undefined) {
        const page: List<Event> = await list({ ...query, after });
        yield* page.data;
        after = page.has_more ? (page.data.at(-1)?.position ?? undefined) : undefined;
      }
    },
  };
}

export function deliveriesOf(send: Send): Deliveries {
  const path = '/v1/deliveries';
  return {
    ...listsOf<Delivery, DeliveryQuery>(send, path),
    get: (id) => send({ method: 'GET', path: `${path}/${encodeURIComponent(id)}` }),
    replay: (id, options) =>
      send({
        method: 'POST',
        path: `${path}/${encodeURIComponent(id)}/replay`,
        body: {},
        ...options,
      }),
  };
}
