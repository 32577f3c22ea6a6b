import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { EVENT_TYPES } from '../events.ts';
import { writeOnce } from '../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import { id } from '../http/schemas.ts';
import { bookOf } from '../ids.ts';
import { renderEvent } from './event.ts';
import {
  bookOfPlatform,
  findDelivery,
  findEvent,
  selectDeliveries,
  selectEvents,
} from './queries.ts';
import { deliverySchema, eventSchema, renderDelivery } from './render.ts';
import { replayDelivery } from './replay.ts';
import { platformInScope, visible } from './scope.ts';

const TAG = 'Events';
const ROLES = ['operator', 'marketplace'] as const;
const MAX_POSITION_DIGITS = 15;

/** The event feed, and the deliveries that webhooks made of it. */
export function feedRoutes(app: App): readonly Route[] {
  return [
    listEventsRoute(app),
    getEventRoute(app),
    listDeliveriesRoute(app),
    getDeliveryRoute(app),
    replayRoute(app),
  ];
}

async function bookInScope(app: App, platform_id: string): Promise<number> {
  const book = await bookOfPlatform(app.db, platform_id);
  if (book === undefined) throw new Refusal('not_found');
  return book;
}

function listEventsRoute(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/events',
      roles: ROLES,
      tag: TAG,
      summary: 'Read events in order, from a position',
      description:
        'Oldest first. Keep the position of the last event you handled and pass it as `after`: ' +
        'no event is ever skipped. An event appears within about a second of its commit.',
      query: z.strictObject({
        limit: pageFields.limit,
        after: z
          .string()
          .regex(/^\d+$/, 'must be a position')
          .max(MAX_POSITION_DIGITS)
          .default('0')
          .transform(Number)
          .openapi({ type: 'integer', minimum: 0, default: 0 }),
        type: z.enum(EVENT_TYPES).optional(),
        platform: id('plt').optional(),
      }),
      status: 200,
      answer: listSchema(eventSchema).openapi({
        description: '`next_cursor` is the `after` of the next page.',
      }),
      refusals: ['not_found'],
    },
    async ({ caller, query }) => {
      const platform_id = platformInScope(caller, query.platform);
      const book = await bookInScope(app, platform_id);
      const { limit } = pageOf('evt', { limit: query.limit });
      const { after, type = null } = query;
      const feed = { book, platform_id, after, type, limit: limit + 1 };
      const rows = await selectEvents(app.db, feed);
      const livemode = app.config.mode === 'production';
      const data = rows.slice(0, limit).map((row) => renderEvent(row, { livemode }));
      const has_more = rows.length > limit;
      const next_cursor = has_more ? String(data.at(-1)?.position) : null;
      return { status: 200, body: { object: 'list', data, has_more, next_cursor } };
    },
  );
}

function getEventRoute(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/events/{event}',
      roles: ROLES,
      tag: TAG,
      summary: 'Get an event',
      params: { event: 'evt' },
      status: 200,
      answer: eventSchema,
    },
    async ({ caller, params: { event } }) => {
      const found = await findEvent(app.db, { book: bookOf(event), id: event });
      const livemode = app.config.mode === 'production';
      return { status: 200, body: renderEvent(visible(caller, found), { livemode }) };
    },
  );
}

function listDeliveriesRoute(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/deliveries',
      roles: ROLES,
      tag: TAG,
      summary: 'List deliveries of webhooks',
      query: z.strictObject({
        ...pageFields,
        state: z.enum(['pending', 'delivered', 'failed']).optional(),
        endpoint: id('whe').optional(),
        event: id('evt').optional(),
        payment: id('pay').optional(),
        platform: id('plt').optional(),
      }),
      status: 200,
      answer: listSchema(deliverySchema),
      refusals: ['not_found'],
    },
    async ({ caller, query }) => {
      const platform_id = platformInScope(caller, query.platform);
      const book = await bookInScope(app, platform_id);
      const page = pageOf('dlv', query);
      const rows = await selectDeliveries(app.db, {
        book,
        platform_id,
        endpoint_id: query.endpoint ?? null,
        event_id: query.event ?? null,
        payment_id: query.payment ?? null,
        state: query.state ?? null,
        before: page.before ?? null,
        limit: page.limit + 1,
      });
      return { status: 200, body: listOf(rows, page, (row) => renderDelivery(app, row)) };
    },
  );
}

function getDeliveryRoute(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/deliveries/{delivery}',
      roles: ROLES,
      tag: TAG,
      summary: 'Get a delivery',
      params: { delivery: 'dlv' },
      status: 200,
      answer: deliverySchema,
    },
    async ({ caller, params: { delivery } }) => {
      const found = await findDelivery(app.db, { book: bookOf(delivery), id: delivery });
      return { status: 200, body: renderDelivery(app, visible(caller, found)) };
    },
  );
}

function replayRoute(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/deliveries/{delivery}/replay',
      roles: ROLES,
      tag: TAG,
      summary: 'Deliver once more, now, with all retries before it',
      params: { delivery: 'dlv' },
      idempotency: 'optional',
      status: 202,
      answer: deliverySchema,
      refusals: ['state_conflict'],
    },
    async ({ caller, params: { delivery }, key }) => {
      const found = await findDelivery(app.db, { book: bookOf(delivery), id: delivery });
      const mine = visible(caller, found);
      const reply = await writeOnce(app, key, async (tx) => ({
        status: 202,
        body: renderDelivery(app, await replayDelivery(tx, mine)),
      }));
      app.jobs.wake();
      return reply;
    },
  );
}
