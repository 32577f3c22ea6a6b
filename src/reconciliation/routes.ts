import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { businessDate } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { writeOnce } from '../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { BILL_STATES } from './bill.ts';
import { breakRoutes } from './breaks/routes.ts';
import { billsOf } from './close.ts';
import { requestBill } from './jobs.ts';
import { selectBill, selectBills } from './queries.ts';
import { renderBill } from './render.ts';
import { billObject, businessDay } from './schemas.ts';

const TAG = 'Reconciliation';

export function reconciliationRoutes(app: App): Route[] {
  return [create(app), list(app), read(app), ...breakRoutes(app)];
}

function create(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/bills',
      roles: ['operator'],
      tag: TAG,
      summary: 'Fetch the bill of a day and compare it, or do so again',
      description:
        'Bills are fetched by themselves the morning after. This asks for one now: of a day that was ' +
        'missed, or that the wallet has corrected. It answers at once; the bill says when it is closed.',
      body: z
        .strictObject({ wallet_account: form.id('wac'), date: businessDay })
        .openapi('CreateBill'),
      idempotency: 'optional',
      status: 202,
      answer: billObject,
      refusals: ['not_found', 'wallet_not_eligible'],
    },
    async ({ body, key }) => {
      const account = await app.wallets.account(body.wallet_account);
      if (!account) throw new Refusal('not_found');
      billsOf(app, account);
      if (body.date >= businessDate(app.clock.now())) {
        throw new Refusal('invalid_parameter', {
          param: 'date',
          message: 'date: a wallet makes the bill of a day when the day is over',
        });
      }
      const reply = await writeOnce(app, key, async (tx) => {
        const id = await requestBill(app, tx, { account_id: account.id, date: body.date });
        const bill = await selectBill(tx, id);
        if (!bill) throw new Refusal('not_found');
        return { status: 202, body: renderBill(app, bill) };
      });
      app.jobs.wake();
      return reply;
    },
  );
}

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/bills',
      roles: ['operator'],
      tag: TAG,
      summary: 'List closed days and those that wait, newest first',
      query: z.strictObject({
        ...pageFields,
        wallet_account: form.id('wac').optional(),
        state: z.enum(BILL_STATES).optional(),
        date: businessDay.optional(),
      }),
      status: 200,
      answer: listSchema(billObject),
    },
    async ({ query }) => {
      const page = pageOf('bil', query);
      const rows = await selectBills(app.db, {
        account_id: query.wallet_account ?? null,
        state: query.state ?? null,
        date: query.date ?? null,
        before: page.before ?? null,
        limit: page.limit + 1,
      });
      return { status: 200, body: listOf(rows, page, (row) => renderBill(app, row)) };
    },
  );
}

function read(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/bills/{bill}',
      roles: ['operator'],
      tag: TAG,
      summary: 'Read the close of a day',
      params: { bill: 'bil' },
      status: 200,
      answer: billObject,
    },
    async ({ params }) => {
      const bill = await selectBill(app.db, params.bill);
      if (!bill) throw new Refusal('not_found');
      return { status: 200, body: renderBill(app, bill) };
    },
  );
}
