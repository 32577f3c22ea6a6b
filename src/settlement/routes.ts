import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { isBusinessDate } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type Caller, maySee, platformOf } from '../http/caller.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { bookOf } from '../ids.ts';
import { merchantAt } from './merchant-at.ts';
import { selectLines, selectSettlement, selectSettlements, selectUnsettled } from './queries.ts';
import { lineObject, renderLine, renderSettlement, settlementObject } from './render.ts';
import { lastFullDay, settleMerchant } from './settle.ts';
import type { Settlement } from './settlement.ts';

const TAG = 'Settlement';

export const dayField = z
  .string()
  .refine(isBusinessDate, { message: 'must be a day as YYYY-MM-DD' })
  .openapi({ format: 'date', example: '2026-11-20' });

export function settlementRoutes(app: App): Route[] {
  return [settle(app), list(app), read(app), lines(app)];
}

const MOST_MERCHANTS = 50;

function settle(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/settlements',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Settle until a business day',
      description:
        'Every day is settled by itself soon after midnight in Shanghai; this does it now, for one ' +
        `merchant or for up to ${MOST_MERCHANTS} that wait for it. Without \`date\` it is yesterday. ` +
        'A day that is settled stays as it is: the same call again settles nothing twice.',
      body: z
        .strictObject({ merchant: form.id('mer').optional(), date: dayField.optional() })
        .openapi('CreateSettlement'),
      status: 200,
      answer: z
        .object({
          object: z.literal('settlement_run'),
          date: z.string(),
          merchants: z.int().openapi({ description: 'How many were settled by this call.' }),
          has_more: z.boolean().openapi({ description: 'More merchants wait: call again.' }),
        })
        .openapi('SettlementRun'),
    },
    async ({ caller, body }) => {
      const { id: platform_id } = platformOf(caller);
      const { book } = caller;
      const date = body.date ?? lastFullDay(app);
      const merchants = body.merchant
        ? [{ id: await ownMerchant(app, caller, body.merchant) }]
        : await selectUnsettled(app.db, {
            book,
            platform_id,
            through: date,
            after: '',
            limit: MOST_MERCHANTS + 1,
          });
      const now = merchants.slice(0, MOST_MERCHANTS);
      for (const { id } of now) {
        await settleMerchant(app, { book, platform_id, merchant_id: id }, date);
      }
      const has_more = merchants.length > now.length;
      return {
        status: 200,
        body: { object: 'settlement_run', date, merchants: now.length, has_more },
      };
    },
  );
}

async function ownMerchant(app: App, caller: Caller, id: string): Promise<string> {
  const { merchant_id } = await merchantAt(app, caller, id, 'merchant');
  return merchant_id;
}

const listQuery = z.strictObject({
  ...pageFields,
  merchant: form.id('mer').optional(),
  wallet_account: form.id('wac').optional(),
  date: dayField.optional(),
});

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/settlements',
      roles: ['marketplace', 'merchant'],
      tag: TAG,
      summary: 'List settlements, newest first',
      query: listQuery,
      status: 200,
      answer: listSchema(settlementObject),
    },
    async ({ caller, query }) => {
      const page = pageOf('stl', query);
      const rows = await selectSettlements(app.db, page, {
        book: caller.book,
        platform_id: platformOf(caller).id,
        merchant_id: caller.merchant_id ?? query.merchant ?? null,
        wallet_account_id: query.wallet_account ?? null,
        date: query.date ?? null,
      });
      return { status: 200, body: listOf(rows, page, (row) => renderSettlement(app, row)) };
    },
  );
}

async function visible(app: App, caller: Caller, id: string): Promise<Settlement> {
  const settlement = await selectSettlement(app.db, bookOf(id), id);
  if (!settlement || !maySee(caller, settlement)) throw new Refusal('not_found');
  return settlement;
}

function read(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/settlements/{settlement}',
      roles: ['operator', 'marketplace', 'merchant'],
      tag: TAG,
      summary: 'Read a settlement',
      params: { settlement: 'stl' },
      status: 200,
      answer: settlementObject,
    },
    async ({ caller, params }) => {
      const settlement = await visible(app, caller, params.settlement);
      return { status: 200, body: renderSettlement(app, settlement) };
    },
  );
}

function lines(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/settlements/{settlement}/lines',
      roles: ['operator', 'marketplace', 'merchant'],
      tag: TAG,
      summary: 'The lines of a settlement, newest first: they sum to its net',
      params: { settlement: 'stl' },
      query: z.strictObject(pageFields),
      status: 200,
      answer: listSchema(lineObject),
    },
    async ({ caller, params, query }) => {
      const settlement = await visible(app, caller, params.settlement);
      const page = pageOf('pst', query);
      const rows = await selectLines(app.db, page, settlement);
      return { status: 200, body: listOf(rows, page, renderLine) };
    },
  );
}
