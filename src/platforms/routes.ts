import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { type Caller, maySee } from '../http/caller.ts';
import { writeOnce } from '../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { MAX_BOOK } from '../ids.ts';
import { changePlatform, createPlatform } from './create.ts';
import { keyRoutes } from './key-routes.ts';
import type { Platform } from './platform.ts';
import { selectPlatform, selectPlatforms } from './queries.ts';

const TAG = 'Platforms';
const MAX_HOSTS = 100;

const hosts = z.array(form.host).max(MAX_HOSTS);
const name = form.text(100);

const platformObject = z
  .object({
    ...form.objectFields('plt', 'platform'),
    slug: z.string(),
    name: z.string(),
    hosts: z.array(z.string()).openapi({ description: 'Hosts of return_url and order.url.' }),
    metadata: z.record(z.string(), z.string()),
  })
  .openapi('Platform');

function render(app: App, platform: Platform) {
  return {
    id: platform.id,
    object: 'platform' as const,
    created_at: platform.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    slug: platform.slug,
    name: platform.name,
    hosts: platform.hosts,
    metadata: platform.metadata,
  };
}

export function platformRoutes(app: App): readonly Route[] {
  return [create(app), list(app), read(app), change(app), ...keyRoutes(app)];
}

function create(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/platforms',
      roles: ['operator'],
      tag: TAG,
      summary: 'Register a platform',
      description: 'Its gate to every wallet is open from the start.',
      body: z
        .strictObject({
          slug: z.string().regex(/^[a-z0-9_]{1,40}$/, 'must be 1 to 40 of a-z, 0-9 and _'),
          name,
          hosts: hosts.optional(),
          book: z.int().min(0).max(MAX_BOOK).optional(),
          metadata: form.metadata.optional(),
        })
        .openapi('CreatePlatform'),
      idempotency: 'optional',
      status: 201,
      answer: platformObject,
      refusals: ['reference_taken'],
    },
    async ({ body, key }) =>
      writeOnce(app, key, async (tx) => ({
        status: 201,
        body: render(app, await createPlatform(tx, body)),
      })),
  );
}

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/platforms',
      roles: ['operator', 'marketplace'],
      tag: TAG,
      summary: 'List platforms, newest first',
      query: z.strictObject(pageFields),
      status: 200,
      answer: listSchema(platformObject),
    },
    async ({ caller, query }) => {
      const page = pageOf('plt', query);
      const rows = await selectPlatforms(app.db, page, caller.platform?.id ?? null);
      return { status: 200, body: listOf(rows, page, (row) => render(app, row)) };
    },
  );
}

function mustSee(caller: Caller, platform_id: string): void {
  if (!maySee(caller, { platform_id })) throw new Refusal('not_found');
}

function read(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/platforms/{platform}',
      roles: ['operator', 'marketplace'],
      tag: TAG,
      summary: 'Read a platform',
      params: { platform: 'plt' },
      status: 200,
      answer: platformObject,
    },
    async ({ caller, params }) => {
      mustSee(caller, params.platform);
      const platform = await selectPlatform(app.db, params.platform);
      if (!platform) throw new Refusal('not_found');
      return { status: 200, body: render(app, platform) };
    },
  );
}

function change(app: App): Route {
  return route(
    {
      method: 'PATCH',
      path: '/v1/platforms/{platform}',
      roles: ['operator', 'marketplace'],
      tag: TAG,
      summary: 'Change name, hosts or metadata of a platform',
      description: 'A list or map that is sent replaces the whole one.',
      params: { platform: 'plt' },
      body: z
        .strictObject({
          name: name.optional(),
          hosts: hosts.optional(),
          metadata: form.metadata.optional(),
        })
        .openapi('ChangePlatform'),
      status: 200,
      answer: platformObject,
    },
    async ({ caller, params, body }) => {
      mustSee(caller, params.platform);
      return { status: 200, body: render(app, await changePlatform(app, params.platform, body)) };
    },
  );
}
