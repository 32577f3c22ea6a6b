import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { type CallKey, replayObject } from '../http/idempotency.ts';
import { listSchema } from '../http/pagination.ts';
import { type Reply, type Route, route } from '../http/route.ts';
import { KeyTaken } from '../ledger/key-taken.ts';
import { visiblePayment } from '../payments/find.ts';
import { CLIENT_KINDS, type Payment } from '../payments/payment.ts';
import { createAttempt } from './create.ts';
import { eligibleWallets } from './eligible.ts';
import { findAttempts } from './find.ts';
import { renderAttempt } from './render.ts';
import * as schema from './schemas.ts';

const TAG = 'Attempts';
const OWNERS = ['marketplace', 'merchant', 'operator'] as const;

export function attemptRoutes(app: App): Route[] {
  return [wallets(app), attempt(app), attempts(app)];
}

function wallets(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/payments/{payment}/wallets',
      roles: OWNERS,
      tag: TAG,
      summary: 'Which wallets may take this payment now, and why not',
      params: { payment: 'pay' },
      query: z.strictObject({
        client: z.enum(CLIENT_KINDS).optional(),
      }),
      status: 200,
      answer: schema.walletsObject,
    },
    async ({ caller, params, query }) => {
      const payment = await visiblePayment(app, caller, params.payment);
      const choices = await eligibleWallets(app, payment, query.client ?? 'desktop');
      const data = choices.map(({ wallet, eligible, reason, presentation }) => ({
        wallet,
        eligible,
        reason,
        presentation,
      }));
      return { status: 200, body: { object: 'list', data } };
    },
  );
}

function attempt(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/payments/{payment}/attempts',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Begin an attempt at a wallet',
      description: 'An attempt at another wallet is closed there first.',
      params: { payment: 'pay' },
      body: schema.attemptBody,
      idempotency: 'required',
      status: 201,
      answer: schema.attemptObject,
      refusals: ['state_conflict', 'wallet_not_eligible'],
    },
    async ({ caller, params, body, key, client_ip }) => {
      const payment = await visiblePayment(app, caller, params.payment);
      if (!key) throw new Refusal('idempotency_key_required');
      // Without an attempt to close nothing happens before the key is written: it will tell.
      const fresh = payment.state === 'requires_wallet';
      const earlier = fresh ? undefined : await replayAttempt(app, payment, key);
      if (earlier) return earlier;
      try {
        const made = await createAttempt(app, {
          payment,
          wallet: body.wallet,
          presentation: body.presentation,
          client_ip: body.client?.ip ?? client_ip,
          ...(body.payer === undefined ? {} : { payer: body.payer }),
          key,
        });
        return { status: 201, body: renderAttempt(app, made) };
      } catch (error) {
        const taken = error instanceof KeyTaken;
        if (!taken && !(fresh && error instanceof Refusal)) throw error;
        const replay = await replayAttempt(app, payment, key);
        if (replay) return replay;
        throw taken ? new Refusal('concurrent_change', { cause: error }) : error;
      }
    },
  );
}

function attempts(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/payments/{payment}/attempts',
      roles: OWNERS,
      tag: TAG,
      summary: 'The attempts of a payment, oldest first',
      params: { payment: 'pay' },
      status: 200,
      answer: listSchema(schema.attemptObject),
    },
    async ({ caller, params }) => {
      const payment = await visiblePayment(app, caller, params.payment);
      const made = await findAttempts(app, payment);
      const data = made.map((entry) => renderAttempt(app, entry));
      return { status: 200, body: { object: 'list', data, has_more: false, next_cursor: null } };
    },
  );
}

function replayAttempt(app: App, payment: Payment, key: CallKey): Promise<Reply | undefined> {
  return replayObject(app, key, async (id) => {
    const made = (await findAttempts(app, payment)).find((entry) => entry.id === id);
    if (!made) throw new Refusal('not_found');
    return { status: 201, body: renderAttempt(app, made) };
  });
}
