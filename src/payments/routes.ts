import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { platformOf } from '../http/caller.ts';
import { jsonText } from '../http/canonical-json.ts';
import { type CallKey, replayReply } from '../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { KeyTaken } from '../ledger/key-taken.ts';
import { planTerms } from '../terms/plan.ts';
import { WALLETS } from '../wallets/wallet.ts';
import { requestClose } from './close.ts';
import { createPayment } from './create.ts';
import { visiblePayment } from './find.ts';
import type { Payment } from './payment.ts';
import { listPayments } from './queries.ts';
import { renderPayment } from './render.ts';
import * as schema from './schemas.ts';
import { timelineOf } from './timeline.ts';

const TAG = 'Payments';
const OWNERS = ['marketplace', 'merchant', 'operator'] as const;

export function paymentRoutes(app: App): Route[] {
  return [create(app), list(app), read(app), close(app), timeline(app)];
}

function create(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/payments',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Create a payment',
      description: 'Send the shopper to `checkout_url`, or begin an attempt yourself.',
      body: schema.createBody,
      idempotency: 'required',
      status: 201,
      answer: schema.paymentObject,
      refusals: [
        'currency_unsupported',
        'order_reference_taken',
        'return_url_not_registered',
        'splits_not_possible',
      ],
    },
    async ({ caller, body, key }) => {
      if (body.currency !== 'CNY') throw new Refusal('currency_unsupported', { param: 'currency' });
      const callKey = present(key);
      const terms = await planTerms(app, {
        platform_id: platformOf(caller).id,
        amount: body.amount,
        capture: body.capture ?? 'instant',
        release_after_days: body.release_after_days,
        splits: body.splits ?? [],
        remainder: body.split_remainder ?? 'merchant',
      });
      const input = {
        book: caller.book,
        platform: platformOf(caller),
        merchant_id: payeeOf(body),
        amount: body.amount,
        description: body.description,
        order_reference: body.order.reference,
        order_url: body.order.url ?? null,
        order_items: body.order.items ?? [],
        return_url: body.return_url ?? null,
        expires_at: body.expires_at ?? null,
        metadata: body.metadata ?? {},
        terms,
        parts: body.parts ?? [],
      };
      const respond = (payment: Payment) => ({
        status: 201,
        body: jsonText(renderPayment(app, payment)),
      });
      try {
        const made = await createPayment(app, input, { ...callKey, respond });
        return { status: made.status, text: made.body };
      } catch (error) {
        if (error instanceof KeyTaken) return replayReply(app.db, callKey);
        throw error;
      }
    },
  );
}

/** A combined order has no merchant of its own: it is kept under its first seller. */
function payeeOf({ merchant, parts }: z.output<typeof schema.createBody>): string {
  const named = parts?.[0]?.merchant ?? merchant;
  if (named !== undefined && (merchant === undefined || parts === undefined)) return named;
  throw new Refusal('invalid_parameter', {
    param: 'merchant',
    message: 'merchant: name one merchant, or the merchants of parts',
  });
}

/** Where the route requires a key the dispatcher has seen to it. */
function present(key: CallKey | undefined): CallKey {
  if (!key) throw new Refusal('idempotency_key_required');
  return key;
}

const listQuery = z.strictObject({
  ...pageFields,
  platform: form.id('plt').optional(),
  merchant: form.id('mer').optional(),
  state: z.enum(['requires_wallet', 'pending', 'succeeded', 'closed']).optional(),
  wallet: z.enum(WALLETS).optional(),
  order_reference: form.text(64).optional(),
  created_from: form.timestamp.optional(),
  created_before: form.timestamp.optional(),
});

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/payments',
      roles: ['marketplace', 'merchant'],
      tag: TAG,
      summary: 'List payments, newest first',
      query: listQuery,
      status: 200,
      answer: listSchema(schema.paymentObject),
    },
    async ({ caller, query }) => {
      const page = pageOf('pay', query);
      const rows = await listPayments(app.db, {
        book: caller.book,
        platform_id: platformOf(caller).id,
        merchant_id: caller.merchant_id ?? query.merchant ?? null,
        with_parts: caller.role !== 'merchant',
        state: query.state ?? null,
        wallet: query.wallet ?? null,
        order_reference: query.order_reference ?? null,
        created_from: query.created_from ?? null,
        created_before: query.created_before ?? null,
        below: page.before ?? null,
        limit: page.limit + 1,
      });
      return { status: 200, body: listOf(rows, page, (row) => renderPayment(app, row)) };
    },
  );
}

function read(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/payments/{payment}',
      roles: OWNERS,
      tag: TAG,
      summary: 'Read a payment',
      params: { payment: 'pay' },
      status: 200,
      answer: schema.paymentObject,
    },
    async ({ caller, params }) => {
      const payment = await visiblePayment(app, caller, params.payment);
      return { status: 200, body: renderPayment(app, payment) };
    },
  );
}

function close(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/payments/{payment}/close',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Close an unpaid payment',
      description: 'Answers 202 with the present state while a wallet has not confirmed yet.',
      params: { payment: 'pay' },
      idempotency: 'optional',
      status: 200,
      answer: schema.paymentObject,
      refusals: ['state_conflict'],
    },
    async ({ caller, params }) => {
      const payment = await visiblePayment(app, caller, params.payment);
      const closed = await requestClose(app, payment, 'cancelled');
      return { status: closed.state === 'closed' ? 200 : 202, body: renderPayment(app, closed) };
    },
  );
}

function timeline(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/payments/{payment}/timeline',
      roles: OWNERS,
      tag: TAG,
      summary: 'Everything that happened to a payment',
      params: { payment: 'pay' },
      status: 200,
      answer: schema.timelineObject,
    },
    async ({ caller, params }) => {
      const payment = await visiblePayment(app, caller, params.payment);
      const data = await timelineOf(app, payment);
      return { status: 200, body: { object: 'timeline', payment: payment.id, data } };
    },
  );
}
