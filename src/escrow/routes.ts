import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import type { Caller } from '../http/caller.ts';
import { actOnce, type CallKey } from '../http/idempotency.ts';
import { type Reply, type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { visiblePayment } from '../payments/find.ts';
import type { Payment } from '../payments/payment.ts';
import { openDispute, resolveDispute } from './dispute.ts';
import { findHold, requireHold } from './find.ts';
import type { Hold } from './hold.ts';
import { holdReadRoutes } from './read-routes.ts';
import { releaseHold } from './release.ts';
import { renderHold } from './render.ts';
import { holdObject } from './schemas.ts';
import { shipHold } from './ship.ts';

const TAG = 'Holds';

export function holdRoutes(app: App): Route[] {
  return [
    ship(app),
    confirm(app),
    release(app),
    dispute(app),
    resolve(app),
    ...holdReadRoutes(app),
  ];
}

/** The hold of a payment that this caller may see. */
async function holdOf(
  app: App,
  caller: Caller,
  paymentId: string,
): Promise<{ payment: Payment; hold: Hold }> {
  const payment = await visiblePayment(app, caller, paymentId);
  const hold = await findHold(app, payment);
  if (!hold) {
    throw new Refusal('state_conflict', {
      message:
        payment.terms === null
          ? 'the money of this payment is not held: it was made without escrow and splits'
          : `the payment is ${payment.state}: nothing is held yet`,
    });
  }
  return { payment, hold };
}

function shown(app: App, hold: Hold): Reply {
  return { status: hold.state === 'releasing' ? 202 : 200, body: renderHold(app, hold) };
}

/** An act on a hold: once for each key. */
function once(
  app: App,
  { key, hold: { book, id } }: { key: CallKey | undefined; hold: Hold },
  act: (key: CallKey) => Promise<Hold>,
): Promise<Reply> {
  return actOnce(app, {
    key,
    act: async (own) => shown(app, await act(own)),
    show: async () => shown(app, await requireHold(app, book, id)),
    refused_by_copy: true,
  });
}

/** The same where a call need not have a key. */
async function keyed(
  app: App,
  { key, hold }: { key: CallKey | undefined; hold: Hold },
  act: (key?: CallKey) => Promise<Hold>,
): Promise<Reply> {
  return key ? once(app, { key, hold }, act) : shown(app, await act());
}

function ship(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/payments/{payment}/ship',
      roles: ['marketplace', 'merchant'],
      tag: TAG,
      summary: 'Say that the goods of an escrow order were shipped',
      description: 'From then on `release_after_days` count.',
      params: { payment: 'pay' },
      body: z
        .strictObject({
          shipment: z
            .strictObject({ carrier: form.text(60), number: form.text(60) })
            .optional()
            .openapi({ description: 'Who carries it, under which number.' }),
        })
        .openapi('Ship'),
      idempotency: 'optional',
      status: 200,
      answer: holdObject,
      refusals: ['state_conflict'],
    },
    async ({ caller, params, body, key }) => {
      const { payment, hold } = await holdOf(app, caller, params.payment);
      const days = payment.terms?.release_after_days ?? 0;
      const shipment = body.shipment ?? null;
      return keyed(app, { key, hold }, (own) => shipHold(app, hold, { days, shipment }, own));
    },
  );
}

function confirm(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/payments/{payment}/confirm_receipt',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Confirm the receipt: all that is held is released',
      description:
        'To the receivers of splits and the merchant. Answers 202 while the wallet is at it.',
      params: { payment: 'pay' },
      idempotency: 'required',
      status: 200,
      answer: holdObject,
      refusals: ['state_conflict', 'hold_disputed', 'amount_exceeds_held'],
    },
    async ({ caller, params, key }) => {
      const { hold } = await holdOf(app, caller, params.payment);
      return once(app, { key, hold }, (own) =>
        releaseHold(app, { hold, why: 'receipt', key: own }),
      );
    },
  );
}

function release(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/payments/{payment}/release',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Release held money, in whole or in part',
      description: 'A part where the wallet can: WeChat Pay does, Alipay releases all or nothing.',
      params: { payment: 'pay' },
      body: z.strictObject({ amount: form.amount.optional() }).openapi('Release'),
      idempotency: 'required',
      status: 200,
      answer: holdObject,
      refusals: [
        'state_conflict',
        'hold_disputed',
        'amount_exceeds_held',
        'partial_release_unsupported',
      ],
    },
    async ({ caller, params, body, key }) => {
      const { hold } = await holdOf(app, caller, params.payment);
      return once(app, { key, hold }, (own) =>
        releaseHold(app, { hold, why: 'platform', amount: body.amount, key: own }),
      );
    },
  );
}

function dispute(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/payments/{payment}/dispute',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Freeze held money while a dispute is open',
      description:
        'Nothing is released by itself then. `hold.limit_near` warns three days before the wallet ' +
        'would release it whatever anybody says.',
      params: { payment: 'pay' },
      body: z.strictObject({ reason: form.text(200) }).openapi('OpenDispute'),
      idempotency: 'optional',
      status: 200,
      answer: holdObject,
      refusals: ['state_conflict'],
    },
    async ({ caller, params, body, key }) => {
      const { hold } = await holdOf(app, caller, params.payment);
      return keyed(app, { key, hold }, (own) => openDispute(app, hold, body.reason, own));
    },
  );
}

function resolve(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/payments/{payment}/dispute/resolve',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Resolve a dispute: release the money, or return it to the payer',
      description: 'What `amount` leaves goes on being held, undisputed, until its time comes.',
      params: { payment: 'pay' },
      body: z
        .strictObject({
          outcome: z.enum(['release', 'return']),
          amount: form.amount.optional(),
        })
        .openapi('ResolveDispute'),
      idempotency: 'required',
      status: 200,
      answer: holdObject,
      refusals: [
        'state_conflict',
        'amount_exceeds_held',
        'amount_exceeds_refundable',
        'partial_release_unsupported',
      ],
    },
    async ({ caller, params, body, key }) => {
      const { hold } = await holdOf(app, caller, params.payment);
      const { outcome, amount } = body;
      return once(app, { key, hold }, (own) =>
        resolveDispute(app, hold, { outcome, amount, key: own }),
      );
    },
  );
}
