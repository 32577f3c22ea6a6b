import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { type Caller, maySee, platformOf } from '../http/caller.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { bookOf } from '../ids.ts';
import { findSplitOrders } from '../profit-sharing/find.ts';
import { renderSplit } from '../profit-sharing/render.ts';
import type { Hold } from './hold.ts';
import { selectHold, selectHolds } from './queries.ts';
import { renderHold } from './render.ts';
import { holdObject, splitObject } from './schemas.ts';

const TAG = 'Holds';
const OWNERS = ['marketplace', 'merchant', 'operator'] as const;

export function holdReadRoutes(app: App): Route[] {
  return [list(app), read(app), splits(app)];
}

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/holds',
      roles: ['marketplace', 'merchant'],
      tag: TAG,
      summary: 'List held money, newest first',
      query: z.strictObject({
        ...pageFields,
        merchant: form.id('mer').optional(),
        state: z.enum(['held', 'releasing', 'released', 'returned']).optional(),
        disputed: z.enum(['true', 'false']).optional(),
      }),
      status: 200,
      answer: listSchema(holdObject),
    },
    async ({ caller, query }) => {
      const page = pageOf('hld', query);
      const rows = await selectHolds(app.db, page, {
        book: caller.book,
        platform_id: platformOf(caller).id,
        merchant_id: caller.merchant_id ?? query.merchant ?? null,
        state: query.state ?? null,
        disputed: query.disputed === undefined ? null : query.disputed === 'true',
      });
      return { status: 200, body: listOf(rows, page, (row) => renderHold(app, row)) };
    },
  );
}

async function visibleHold(app: App, caller: Caller, id: string): Promise<Hold> {
  const hold = await selectHold(app.db, bookOf(id), id);
  if (!hold || !maySee(caller, hold)) throw new Refusal('not_found');
  return hold;
}

function read(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/holds/{hold}',
      roles: OWNERS,
      tag: TAG,
      summary: 'Read held money',
      params: { hold: 'hld' },
      status: 200,
      answer: holdObject,
    },
    async ({ caller, params }) => {
      const hold = await visibleHold(app, caller, params.hold);
      return { status: 200, body: renderHold(app, hold) };
    },
  );
}

function splits(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/holds/{hold}/splits',
      roles: OWNERS,
      tag: TAG,
      summary: 'Every request to the wallet about held money, oldest first',
      description: 'Splits, releases and returns of shares; a payment has at most some hundreds.',
      params: { hold: 'hld' },
      status: 200,
      answer: listSchema(splitObject),
    },
    async ({ caller, params }) => {
      const hold = await visibleHold(app, caller, params.hold);
      const orders = await findSplitOrders(app, { book: hold.book, id: hold.payment_id });
      const data = orders.map((order) => renderSplit(app, order));
      return { status: 200, body: { object: 'list', data, has_more: false, next_cursor: null } };
    },
  );
}
