import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { maySee, platformOf } from '../http/caller.ts';
import { actOnce } from '../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { bookOf } from '../ids.ts';
import { merchantAt } from '../settlement/merchant-at.ts';
import { createPayout } from './create.ts';
import { PAYOUT_STATES } from './payout.ts';
import { selectPayout, selectPayouts } from './queries.ts';
import { payoutObject, renderPayout } from './render.ts';

const TAG = 'Settlement';

export function payoutRoutes(app: App): Route[] {
  return [create(app), list(app), read(app)];
}

function create(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/payouts',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Pay a merchant what is settled',
      description:
        'Settled money is paid out by itself where the terms of the merchant say `automatic`. ' +
        'Without `amount` it is all that may leave now, within the wallet’s limits.',
      body: z
        .strictObject({
          merchant: form.id('mer'),
          wallet_account: form.id('wac'),
          amount: form.amount.optional(),
        })
        .openapi('CreatePayout'),
      idempotency: 'required',
      status: 201,
      answer: payoutObject,
      refusals: [
        'not_found',
        'payout_not_possible',
        'amount_exceeds_payable',
        'state_conflict',
        'wallet_unavailable',
      ],
    },
    async ({ caller, body, key }) => {
      const merchant = await merchantAt(app, caller, body.merchant, 'merchant');
      const { wallet_account: wallet_account_id, amount } = body;
      return actOnce(app, {
        key,
        act: async (own) => {
          const asked = { merchant, wallet_account_id, amount, key: own };
          return { status: 201, body: renderPayout(app, await createPayout(app, asked)) };
        },
        show: async (id) => {
          const payout = await selectPayout(app.db, merchant.book, id);
          if (!payout) throw new Refusal('not_found');
          return { status: 201, body: renderPayout(app, payout) };
        },
        refused_by_copy: true,
      });
    },
  );
}

const listQuery = z.strictObject({
  ...pageFields,
  merchant: form.id('mer').optional(),
  wallet_account: form.id('wac').optional(),
  state: z.enum(PAYOUT_STATES).optional(),
});

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/payouts',
      roles: ['marketplace', 'merchant'],
      tag: TAG,
      summary: 'List payouts, newest first',
      query: listQuery,
      status: 200,
      answer: listSchema(payoutObject),
    },
    async ({ caller, query }) => {
      const page = pageOf('pyo', query);
      const rows = await selectPayouts(app.db, page, {
        book: caller.book,
        platform_id: platformOf(caller).id,
        merchant_id: caller.merchant_id ?? query.merchant ?? null,
        wallet_account_id: query.wallet_account ?? null,
        state: query.state ?? null,
      });
      return { status: 200, body: listOf(rows, page, (row) => renderPayout(app, row)) };
    },
  );
}

function read(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/payouts/{payout}',
      roles: ['operator', 'marketplace', 'merchant'],
      tag: TAG,
      summary: 'Read a payout',
      params: { payout: 'pyo' },
      status: 200,
      answer: payoutObject,
    },
    async ({ caller, params }) => {
      const payout = await selectPayout(app.db, bookOf(params.payout), params.payout);
      if (!payout || !maySee(caller, payout)) throw new Refusal('not_found');
      return { status: 200, body: renderPayout(app, payout) };
    },
  );
}
