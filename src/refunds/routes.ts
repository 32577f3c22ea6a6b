import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { actOnce } from '../http/idempotency.ts';
import { listSchema } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { type Book, bookOf } from '../ids.ts';
import { visiblePayment } from '../payments/find.ts';
import { createRefund } from './create.ts';
import { selectRefund, selectRefunds } from './queries.ts';
import type { Refund } from './refund.ts';
import { renderRefund } from './render.ts';
import { resolveRefund } from './resolve.ts';

const TAG = 'Refunds';
const OWNERS = ['marketplace', 'merchant', 'operator'] as const;

/** Of refunds that the hub makes by itself, or for a dispute: taken, they could not be made. */
const RESERVED = /^(?:late_success|double_payment):|^dispute-[0-9a-f]{24}$/;

const createBody = z
  .strictObject({
    amount: form.amount,
    part: form.id('prt').optional().openapi({
      description: 'Which part of a combined order; needed for one.',
    }),
    reference: form
      .text(64)
      .refine((value) => !RESERVED.test(value), {
        message: 'is the name of a refund that the hub makes by itself: choose another',
      })
      .openapi({ description: 'Your own number, unique per payment.' }),
    reason: form.text(80),
    metadata: form.metadata.optional(),
  })
  .openapi('CreateRefund');

const refundObject = z
  .object({
    ...form.objectFields('rfd', 'refund'),
    payment: form.id('pay'),
    part: form.id('prt').nullable(),
    state: z.enum(['created', 'pending', 'succeeded', 'refused', 'needs_action', 'unknown']),
    origin: z.enum(['requested', 'late_success', 'double_payment']),
    amount: form.amountOut,
    currency: form.currency,
    reason: z.string(),
    reference: z.string(),
    wallet_refund_id: z.string().nullable(),
    refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
    succeeded_at: form.timestampOut.nullable(),
    metadata: z.record(z.string(), z.string()),
  })
  .openapi('Refund');

export function refundRoutes(app: App): Route[] {
  return [create(app), list(app), read(app), resolve(app)];
}

function create(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/payments/{payment}/refunds',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Refund a payment, in whole or in part',
      params: { payment: 'pay' },
      body: createBody,
      idempotency: 'required',
      status: 201,
      answer: refundObject,
      refusals: ['amount_exceeds_refundable', 'reference_taken', 'state_conflict', 'seller_short'],
    },
    async ({ caller, params, body, key }) => {
      const payment = await visiblePayment(app, caller, params.payment);
      return actOnce(app, {
        key,
        act: async (own) => {
          const { amount, part, reference, reason, metadata = {} } = body;
          const asked = { payment, amount, part, reference, reason, metadata, key: own };
          return { status: 201, body: renderRefund(app, await createRefund(app, asked)) };
        },
        show: async (id) => ({
          status: 201,
          body: renderRefund(app, await requireRefund(app, payment.book, id)),
        }),
      });
    },
  );
}

async function requireRefund(app: App, book: Book, id: string): Promise<Refund> {
  const refund = await selectRefund(app.db, book, id);
  if (!refund) throw new Refusal('not_found');
  return refund;
}

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/payments/{payment}/refunds',
      roles: OWNERS,
      tag: TAG,
      summary: 'The refunds of a payment, oldest first',
      description: 'All of them: a payment has at most as many as its wallet allows (50).',
      params: { payment: 'pay' },
      status: 200,
      answer: listSchema(refundObject),
    },
    async ({ caller, params }) => {
      const payment = await visiblePayment(app, caller, params.payment);
      const refunds = await selectRefunds(app.db, payment.book, payment.id);
      const data = refunds.map((refund) => renderRefund(app, refund));
      return { status: 200, body: { object: 'list', data, has_more: false, next_cursor: null } };
    },
  );
}

function read(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/refunds/{refund}',
      roles: OWNERS,
      tag: TAG,
      summary: 'Read a refund',
      params: { refund: 'rfd' },
      status: 200,
      answer: refundObject,
    },
    async ({ caller, params }) => {
      const refund = await requireRefund(app, bookOf(params.refund), params.refund);
      await visiblePayment(app, caller, refund.payment_id);
      return { status: 200, body: renderRefund(app, refund) };
    },
  );
}

const cardText = (max: number) => form.text(max).openapi({ writeOnly: true });

const resolveBody = z
  .discriminatedUnion('to', [
    z.strictObject({
      to: z.literal('payer_card'),
      bank: form.text(40).openapi({ description: 'The bank as the wallet names it.' }),
      card_number: cardText(30),
      holder_name: cardText(60),
    }),
    z.strictObject({ to: z.literal('merchant_account') }),
  ])
  .openapi('ResolveRefund');

function resolve(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/refunds/{refund}/resolve',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Name another way for a refund that needs_action',
      description:
        'To a debit card of the payer, or to the merchant, who settles with the payer itself. The ' +
        'card is given to the wallet encrypted and never kept. The same wish may be sent again.',
      params: { refund: 'rfd' },
      body: resolveBody,
      idempotency: 'optional',
      status: 200,
      answer: refundObject,
      refusals: ['state_conflict', 'wallet_refused', 'outcome_unknown'],
    },
    async ({ caller, params, body }) => {
      const refund = await requireRefund(app, bookOf(params.refund), params.refund);
      await visiblePayment(app, caller, refund.payment_id);
      const target =
        body.to === 'merchant_account'
          ? ({ kind: 'merchant_account' } as const)
          : ({
              kind: 'payer_card',
              bank: body.bank,
              card_number: body.card_number,
              holder_name: body.holder_name,
            } as const);
      const now = await resolveRefund(app, refund, target);
      return { status: 200, body: renderRefund(app, now) };
    },
  );
}
