import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import type { Queryable } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import { authenticatorOf } from '../http/authentication.ts';
import { type Caller, maySee, platformOf, ROLES } from '../http/caller.ts';
import { writeOnce } from '../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { findMerchant } from '../merchants/find.ts';
import { WALLETS } from '../wallets/wallet.ts';
import { type MintedKey, mintKey, revokeKey, rotateKey } from './keys.ts';
import type { ApiKey, KeyHolder } from './platform.ts';
import { selectKey, selectKeys, selectPlatform } from './queries.ts';

const TAG = 'Keys';
/** Longest time that two keys of a rotation work side by side. */
const MAX_OVERLAP_S = 7 * 86_400;

const keyObject = z
  .object({
    ...form.objectFields('key', 'key'),
    role: z.enum(ROLES),
    platform: z.string().nullable(),
    merchant: z.string().nullable(),
    wallet: z.string().nullable(),
    hint: z.string().openapi({ description: 'The last characters of the secret.' }),
    api_version: z.string(),
    revoked_at: form.timestampOut.nullable(),
  })
  .openapi('Key');

const mintedObject = keyObject
  .extend({
    secret: z.string().nullable().openapi({ description: 'Shown once; null in a replay.' }),
  })
  .openapi('MintedKey');

function render(app: App, key: ApiKey) {
  return {
    id: key.id,
    object: 'key' as const,
    created_at: key.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    role: key.role,
    platform: key.platform_id,
    merchant: key.merchant_id,
    wallet: key.wallet,
    hint: key.hint,
    api_version: key.api_version,
    revoked_at: key.revoked_at?.toISOString() ?? null,
  };
}

function shown(app: App, { key, secret }: MintedKey) {
  return { status: 201, body: { ...render(app, key), secret } };
}

export function keyRoutes(app: App): readonly Route[] {
  return [mint(app), list(app), rotate(app), revoke(app)];
}

const mintBody = z
  .strictObject({
    role: z.enum(ROLES),
    platform: form.id('plt').optional(),
    merchant: form.id('mer').optional(),
    wallet: z.enum(WALLETS).optional(),
  })
  .openapi('MintKey');

function mint(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/keys',
      roles: ['operator', 'marketplace'],
      tag: TAG,
      summary: 'Mint an API key',
      description: 'A marketplace mints keys for itself and its merchants; operators for anybody.',
      body: mintBody,
      idempotency: 'optional',
      status: 201,
      answer: mintedObject,
      refusals: ['not_found'],
    },
    async ({ caller, body, key }) => {
      const work = async (tx: Queryable) =>
        shown(app, await mintKey(app, tx, await holderFor(tx, caller, body)));
      return writeOnce(app, key, work, ['secret']);
    },
  );
}

/** Whom the new key is for, if the caller may say so. */
async function holderFor(
  db: Queryable,
  caller: Caller,
  body: z.output<typeof mintBody>,
): Promise<KeyHolder> {
  switch (body.role) {
    case 'operator':
      onlyOperators(caller);
      return { role: body.role };
    case 'wallet':
      onlyOperators(caller);
      return { role: body.role, wallet: needed(body.wallet, 'wallet') };
    case 'marketplace': {
      const own = caller.role === 'marketplace' ? platformOf(caller).id : undefined;
      const platform_id = needed(body.platform ?? own, 'platform');
      const seen = maySee(caller, { platform_id });
      if (!seen || !(await selectPlatform(db, platform_id))) throw noSuch('platform');
      return { role: body.role, platform_id };
    }
    case 'merchant': {
      const merchant = await findMerchant(db, needed(body.merchant, 'merchant'));
      if (!merchant || !maySee(caller, merchant)) throw noSuch('merchant');
      return { role: body.role, platform_id: merchant.platform_id, merchant_id: merchant.id };
    }
    default:
      return body.role satisfies never;
  }
}

function onlyOperators(caller: Caller): void {
  if (caller.role === 'operator') return;
  throw new Refusal('forbidden', {
    param: 'role',
    message: 'role: a marketplace mints keys of role marketplace or merchant',
  });
}

function needed<T>(value: T | undefined, param: string): T {
  if (value !== undefined) return value;
  throw new Refusal('invalid_parameter', { param, message: `${param}: this role needs it` });
}

function noSuch(param: string): Refusal {
  return new Refusal('not_found', { param, message: `${param}: there is none with this id` });
}

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/keys',
      roles: ['operator', 'marketplace'],
      tag: TAG,
      summary: 'List keys, newest first, without their secrets',
      query: z.strictObject(pageFields),
      status: 200,
      answer: listSchema(keyObject),
    },
    async ({ caller, query }) => {
      const page = pageOf('key', query);
      const rows = await selectKeys(app.db, page, caller.platform?.id ?? null);
      return { status: 200, body: listOf(rows, page, (row) => render(app, row)) };
    },
  );
}

async function mustSeeKey(app: App, caller: Caller, id: string): Promise<void> {
  const key = await selectKey(app.db, id);
  if (!key || !maySee(caller, { platform_id: key.platform_id ?? '' })) {
    throw new Refusal('not_found');
  }
}

function rotate(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/keys/{key}/rotate',
      roles: ['operator', 'marketplace'],
      tag: TAG,
      summary: 'Replace a key by a new one',
      description: 'The old key is refused after `overlap_seconds`, at once by default.',
      params: { key: 'key' },
      body: z
        .strictObject({ overlap_seconds: z.int().min(0).max(MAX_OVERLAP_S).default(0) })
        .openapi('RotateKey'),
      idempotency: 'optional',
      status: 201,
      answer: mintedObject,
      refusals: ['state_conflict'],
    },
    async ({ caller, params, body, key }) => {
      await mustSeeKey(app, caller, params.key);
      const rotation = { id: params.key, overlap_s: body.overlap_seconds };
      const work = async (tx: Queryable) => shown(app, await rotateKey(app, tx, rotation));
      const reply = await writeOnce(app, key, work, ['secret']);
      authenticatorOf(app).forget();
      return reply;
    },
  );
}

function revoke(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/keys/{key}/revoke',
      roles: ['operator', 'marketplace'],
      tag: TAG,
      summary: 'Revoke a key',
      description: 'Refused at once by this process and within two seconds by every other.',
      params: { key: 'key' },
      idempotency: 'optional',
      status: 200,
      answer: keyObject,
    },
    async ({ caller, params }) => {
      await mustSeeKey(app, caller, params.key);
      const key = await revokeKey(app.db, params.key);
      authenticatorOf(app).forget();
      return { status: 200, body: render(app, key) };
    },
  );
}
