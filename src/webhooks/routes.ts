import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { EVENT_TYPES } from '../events.ts';
import { writeOnce } from '../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import { id, text } from '../http/schemas.ts';
import { deleteEndpoint, findEndpoint, selectEndpoints } from './endpoint-queries.ts';
import { changeEndpoint, createEndpoint, rotateEndpointSecret } from './endpoints.ts';
import { feedRoutes } from './feed-routes.ts';
import { endpointSchema, endpointWithSecretSchema, renderEndpoint } from './render.ts';
import { platformInScope, visible } from './scope.ts';

const TAG = 'Webhooks';
const ROLES = ['operator', 'marketplace'] as const;
const DEFAULT_OVERLAP_S = 86_400;
const MAX_OVERLAP_S = 604_800;
const PARAMS = { endpoint: 'whe' } as const;

const eventTypes = z.array(z.enum(EVENT_TYPES)).max(EVENT_TYPES.length);

/** Endpoints, events and deliveries. */
export function webhookRoutes(app: App): readonly Route[] {
  return [
    createRoute(app),
    listRoute(app),
    getRoute(app),
    changeRoute(app),
    rotateRoute(app),
    deleteRoute(app),
    ...feedRoutes(app),
  ];
}

function createRoute(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/webhook_endpoints',
      roles: ROLES,
      tag: TAG,
      summary: 'Register a URL that receives events',
      description:
        'Events arrive as POST requests signed after Standard Webhooks 1.0, at least once and in ' +
        'any order. Answer 2xx within 10 seconds; 410 disables the endpoint.',
      body: z.strictObject({
        url: text(2_048),
        event_types: eventTypes.default([]),
        platform: id('plt').optional(),
      }),
      idempotency: 'optional',
      status: 201,
      answer: endpointWithSecretSchema,
      refusals: ['url_not_allowed', 'state_conflict', 'not_found'],
    },
    async ({ caller, body: { platform, url, event_types }, key }) => {
      const platform_id = platformInScope(caller, platform);
      const work = async (tx: Parameters<typeof createEndpoint>[1]) => {
        const made = await createEndpoint(app, tx, { platform_id, url, event_types });
        return shown(app, 201, made);
      };
      return writeOnce(app, key, work, ['secret']);
    },
  );
}

function shown(app: App, status: number, made: Awaited<ReturnType<typeof createEndpoint>>) {
  return { status, body: { ...renderEndpoint(app, made.endpoint), secret: made.secret } };
}

function listRoute(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/webhook_endpoints',
      roles: ROLES,
      tag: TAG,
      summary: 'List endpoints',
      query: z.strictObject({ ...pageFields, platform: id('plt').optional() }),
      status: 200,
      answer: listSchema(endpointSchema),
    },
    async ({ caller, query }) => {
      const everybody = caller.role === 'operator' && query.platform === undefined;
      const platform_id = everybody ? null : platformInScope(caller, query.platform);
      const page = pageOf('whe', query);
      const { limit, before = null } = page;
      const rows = await selectEndpoints(app.db, { platform_id, before, limit: limit + 1 });
      return { status: 200, body: listOf(rows, page, (row) => renderEndpoint(app, row)) };
    },
  );
}

function getRoute(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/webhook_endpoints/{endpoint}',
      roles: ROLES,
      tag: TAG,
      summary: 'Get an endpoint',
      params: PARAMS,
      status: 200,
      answer: endpointSchema,
    },
    async ({ caller, params }) => {
      const endpoint = visible(caller, await findEndpoint(app.db, params.endpoint));
      return { status: 200, body: renderEndpoint(app, endpoint) };
    },
  );
}

function changeRoute(app: App): Route {
  return route(
    {
      method: 'PATCH',
      path: '/v1/webhook_endpoints/{endpoint}',
      roles: ROLES,
      tag: TAG,
      summary: 'Change, disable or enable an endpoint',
      params: PARAMS,
      body: z.strictObject({
        url: text(2_048).optional(),
        event_types: eventTypes.optional(),
        state: z.enum(['enabled', 'disabled']).optional(),
      }),
      status: 200,
      answer: endpointSchema,
      refusals: ['url_not_allowed'],
    },
    async ({ caller, params, body: change }) => {
      const { id: found } = visible(caller, await findEndpoint(app.db, params.endpoint));
      const endpoint = await changeEndpoint(app, app.db, { id: found, change });
      return { status: 200, body: renderEndpoint(app, endpoint) };
    },
  );
}

function rotateRoute(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/webhook_endpoints/{endpoint}/rotate_secret',
      roles: ROLES,
      tag: TAG,
      summary: 'Give an endpoint a new secret',
      description:
        'Until `overlap_seconds` are over (a day by default, a week at most) webhooks are signed ' +
        'with both secrets. 0 ends the old one at once, for a secret that leaked.',
      params: PARAMS,
      body: z.strictObject({
        overlap_seconds: z.int().min(0).max(MAX_OVERLAP_S).default(DEFAULT_OVERLAP_S),
      }),
      idempotency: 'optional',
      status: 200,
      answer: endpointWithSecretSchema,
    },
    async ({ caller, params, body: { overlap_seconds: overlap_s }, key }) => {
      const endpoint = visible(caller, await findEndpoint(app.db, params.endpoint));
      const work = async (tx: Parameters<typeof createEndpoint>[1]) =>
        shown(app, 200, await rotateEndpointSecret(app, tx, { id: endpoint.id, overlap_s }));
      return writeOnce(app, key, work, ['secret']);
    },
  );
}

function deleteRoute(app: App): Route {
  return route(
    {
      method: 'DELETE',
      path: '/v1/webhook_endpoints/{endpoint}',
      roles: ROLES,
      tag: TAG,
      summary: 'Delete an endpoint; deliveries that still wait for it fail',
      params: PARAMS,
      status: 200,
      answer: z.object({
        id: id('whe'),
        object: z.literal('webhook_endpoint'),
        deleted: z.literal(true),
      }),
    },
    async ({ caller, params }) => {
      const endpoint = visible(caller, await findEndpoint(app.db, params.endpoint));
      await deleteEndpoint(app.db, endpoint.id);
      const body = { id: endpoint.id, object: 'webhook_endpoint', deleted: true };
      return { status: 200, body };
    },
  );
}
