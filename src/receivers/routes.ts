import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { platformOf } from '../http/caller.ts';
import { writeOnce } from '../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { createReceiver } from './create.ts';
import { selectReceivers, selectReceiversById } from './queries.ts';
import type { Receiver, ReceiverAccount } from './receiver.ts';

const TAG = 'Receivers';

const accountIn = z
  .strictObject({
    account: form.text(64).openapi({
      description: 'Merchant number, or the person’s id at the wallet account that pays.',
    }),
    name: form.text(100).optional().openapi({
      description: 'Registered name, which the wallet compares. Never shown again.',
    }),
  })
  .openapi('ReceiverAccount');

const createBody = z
  .strictObject({
    name: form.text(100),
    kind: z.enum(['merchant', 'person']),
    accounts: z
      .strictObject({ wechat_pay: accountIn.optional(), alipay: accountIn.optional() })
      .refine(({ wechat_pay, alipay }) => wechat_pay ?? alipay, {
        message: 'must name an account at one wallet at least',
      }),
    metadata: form.metadata.optional(),
  })
  .openapi('CreateReceiver');

const accountOut = z.object({ account: z.string() });
const receiverObject = z
  .object({
    ...form.objectFields('rcv', 'receiver'),
    platform: form.id('plt'),
    name: z.string(),
    kind: z.enum(['merchant', 'person']),
    accounts: z.object({ wechat_pay: accountOut.nullable(), alipay: accountOut.nullable() }),
    metadata: z.record(z.string(), z.string()),
  })
  .openapi('Receiver');

export function receiverRoutes(app: App): Route[] {
  return [create(app), list(app), read(app)];
}

function renderReceiver(app: Pick<App, 'config'>, receiver: Receiver) {
  const shown = (at: ReceiverAccount | undefined) => (at ? { account: at.account } : null);
  const { wechat_pay, alipay } = receiver.accounts;
  return {
    id: receiver.id,
    object: 'receiver' as const,
    created_at: receiver.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    platform: receiver.platform_id,
    name: receiver.name,
    kind: receiver.kind,
    accounts: { wechat_pay: shown(wechat_pay), alipay: shown(alipay) },
    metadata: receiver.metadata,
  };
}

function create(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/receivers',
      roles: ['marketplace'],
      tag: TAG,
      summary: 'Register who may receive shares of payments',
      description:
        'The platform itself, a referrer, a service provider. Wallets are told of it before its ' +
        'first share. A receiver never changes: register another one.',
      body: createBody,
      idempotency: 'optional',
      status: 201,
      answer: receiverObject,
    },
    async ({ caller, body, key }) =>
      writeOnce(app, key, async (tx) => {
        const platform_id = platformOf(caller).id;
        const receiver = await createReceiver(tx, { ...body, platform_id });
        return { status: 201, body: renderReceiver(app, receiver) };
      }),
  );
}

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/receivers',
      roles: ['marketplace', 'operator'],
      tag: TAG,
      summary: 'List receivers, newest first',
      query: z.strictObject(pageFields),
      status: 200,
      answer: listSchema(receiverObject),
    },
    async ({ caller, query }) => {
      const page = pageOf('rcv', query);
      const rows = await selectReceivers(app.db, page, caller.platform?.id ?? null);
      return { status: 200, body: listOf(rows, page, (row) => renderReceiver(app, row)) };
    },
  );
}

function read(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/receivers/{receiver}',
      roles: ['marketplace', 'operator'],
      tag: TAG,
      summary: 'Read a receiver',
      params: { receiver: 'rcv' },
      status: 200,
      answer: receiverObject,
    },
    async ({ caller, params }) => {
      const [receiver] = await selectReceiversById(app.db, [params.receiver]);
      const own = caller.platform?.id ?? receiver?.platform_id;
      if (!receiver || receiver.platform_id !== own) throw new Refusal('not_found');
      return { status: 200, body: renderReceiver(app, receiver) };
    },
  );
}
