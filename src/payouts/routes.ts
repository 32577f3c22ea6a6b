import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { type Caller, maySee, platformOf } from '../http/caller.ts';
import { actOnce } from '../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { bookOf, type Id } from '../ids.ts';
import { timelineEntries } from '../payments/schemas.ts';
import { merchantAt } from '../settlement/merchant-at.ts';
import { cancelPayout } from './cancel.ts';
import { createPayout } from './create.ts';
import { isOpen, PAYOUT_STATES, type Payout } from './payout.ts';
import { selectPayout, selectPayouts } from './queries.ts';
import { payoutObject, renderPayout } from './render.ts';
import { payoutTimeline } from './timeline.ts';

const TAG = 'Settlement';

export function payoutRoutes(app: App): Route[] {
  return [create(app), list(app), read(app), cancel(app), timeline(app)];
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
        'Without `amount` it is all that may leave now, within the wallet’s limits. An `amount` ' +
        'below the `minimum` of the terms is refused.',
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
      const payout = await visiblePayout(app, caller, params.payout);
      return { status: 200, body: renderPayout(app, payout) };
    },
  );
}

async function visiblePayout(app: App, caller: Caller, id: Id<'pyo'>): Promise<Payout> {
  const payout = await selectPayout(app.db, bookOf(id), id);
  if (!payout || !maySee(caller, payout)) throw new Refusal('not_found');
  return payout;
}

function cancel(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/payouts/{payout}/cancel',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Take a payout back that nobody has yet',
      description:
        'A transfer at WeChat Pay until the payee accepts it; elsewhere what the wallet has not ' +
        'taken yet. Answers 202 while the wallet is at it; the same wish may be sent again. A ' +
        'payout that is paid meanwhile ends as `succeeded`.',
      params: { payout: 'pyo' },
      idempotency: 'optional',
      status: 200,
      answer: payoutObject,
      refusals: ['state_conflict', 'wallet_refused'],
    },
    async ({ caller, params }) => {
      const payout = await visiblePayout(app, caller, params.payout);
      const now = await cancelPayout(app, payout);
      return { status: isOpen(now) ? 202 : 200, body: renderPayout(app, now) };
    },
  );
}

const timelineObject = z
  .object({ object: z.literal('timeline'), payout: form.id('pyo'), data: timelineEntries })
  .openapi('PayoutTimeline');

function timeline(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/payouts/{payout}/timeline',
      roles: ['operator', 'marketplace', 'merchant'],
      tag: TAG,
      summary: 'Everything that happened to a payout',
      description: 'Oldest first: steps, calls, notifications, postings, webhooks and breaks.',
      params: { payout: 'pyo' },
      status: 200,
      answer: timelineObject,
    },
    async ({ caller, params }) => {
      const payout = await visiblePayout(app, caller, params.payout);
      const data = await payoutTimeline(app, payout);
      return { status: 200, body: { object: 'timeline', payout: payout.id, data } };
    },
  );
}
