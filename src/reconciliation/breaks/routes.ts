import { z } from '@hono/zod-openapi';
import type { App } from '../../app.ts';
import { knownBooks } from '../../books.ts';
import { Refusal } from '../../errors.ts';
import { actOnce } from '../../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../../http/pagination.ts';
import { type Route, route } from '../../http/route.ts';
import * as form from '../../http/schemas.ts';
import { bookOf } from '../../ids.ts';
import { type BreakFilter, selectBreak, selectBreaks } from '../queries.ts';
import { renderBreak } from '../render.ts';
import { breakObject } from '../schemas.ts';
import { BREAK_ACTIONS, BREAK_KINDS, BREAK_STATES, type Break } from './break.ts';
import { resolveBreak } from './resolve.ts';

const TAG = 'Reconciliation';
const MAX_AGE_DAYS = 36_500;
const DAY_MS = 86_400_000;

export function breakRoutes(app: App): Route[] {
  return [list(app), read(app), resolve(app)];
}

const listQuery = z.strictObject({
  ...pageFields,
  state: z.enum(BREAK_STATES).optional(),
  kind: z.enum(BREAK_KINDS).optional(),
  wallet_account: form.id('wac').optional(),
  bill: form.id('bil').optional(),
  payment: form.id('pay').optional(),
  min_age_days: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a number of days')
    .transform(Number)
    .refine((days) => days <= MAX_AGE_DAYS, { message: `must be at most ${MAX_AGE_DAYS}` })
    .optional()
    .openapi({ type: 'integer', minimum: 0, maximum: MAX_AGE_DAYS }),
});

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/breaks',
      roles: ['operator'],
      tag: TAG,
      summary: 'List what wallets and books differ on, newest first',
      query: listQuery,
      status: 200,
      answer: listSchema(breakObject),
    },
    async ({ query }) => {
      const page = pageOf('brk', query);
      const age = query.min_age_days;
      const filter = {
        account_id: query.wallet_account ?? null,
        bill_id: query.bill ?? null,
        payment_id: query.payment ?? null,
        state: query.state ?? null,
        kind: query.kind ?? null,
        until: age === undefined ? null : new Date(app.clock.real().getTime() - age * DAY_MS),
        limit: page.limit + 1,
      };
      const rows = await overBooks(app, filter, page.before);
      return { status: 200, body: listOf(rows, page, (row) => renderBreak(app, row)) };
    },
  );
}

/** Newest book first: ids sort by time within a book alone. */
async function overBooks(
  app: App,
  filter: Omit<BreakFilter, 'book' | 'before'>,
  before: string | undefined,
): Promise<Break[]> {
  const books = (await knownBooks(app)).toReversed();
  const rows: Break[] = [];
  for (const book of books) {
    if (before !== undefined && book > bookOf(before)) continue;
    const limit = filter.limit - rows.length;
    if (limit <= 0) break;
    const from = before !== undefined && book === bookOf(before) ? before : null;
    rows.push(...(await selectBreaks(app.db, { ...filter, book, before: from, limit })));
  }
  return rows;
}

function read(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/breaks/{break}',
      roles: ['operator'],
      tag: TAG,
      summary: 'Read a break with both sides and its trail',
      params: { break: 'brk' },
      status: 200,
      answer: breakObject,
    },
    async ({ params }) => ({ status: 200, body: await shown(app, params.break) }),
  );
}

function resolve(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/breaks/{break}/resolve',
      roles: ['operator'],
      tag: TAG,
      summary: 'Repair a break, or accept it, with the reason',
      description:
        'Only an action that the break lists. `ask_wallet` leaves it open when the wallet does not ' +
        'agree, and its trail says what the wallet said.',
      params: { break: 'brk' },
      body: z
        .strictObject({
          action: z.enum(BREAK_ACTIONS),
          note: form.text(500).openapi({ description: 'Why; kept in the trail.' }),
          merchant: form
            .id('mer')
            .optional()
            .openapi({ description: 'Whose money it is, where no payment says it.' }),
        })
        .openapi('ResolveBreak'),
      idempotency: 'required',
      status: 200,
      answer: breakObject,
      refusals: ['not_found', 'state_conflict', 'concurrent_change'],
    },
    ({ caller, params, body, key }) =>
      actOnce(app, {
        key,
        act: async (own) => {
          const found = await resolveBreak(app, {
            id: params.break,
            action: body.action,
            note: body.note,
            merchant_id: body.merchant,
            by: caller.key_id,
            key: own,
          });
          return { status: 200, body: renderBreak(app, found) };
        },
        show: async () => ({ status: 200, body: await shown(app, params.break) }),
      }),
  );
}

async function shown(app: App, id: string) {
  const found = await selectBreak(app.db, bookOf(id), id);
  if (!found) throw new Refusal('not_found');
  return renderBreak(app, found);
}
