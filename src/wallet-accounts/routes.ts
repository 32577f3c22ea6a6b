import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { writeOnce } from '../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { WALLETS } from '../wallets/wallet.ts';
import { changeWalletAccount } from './change.ts';
import { checkWalletAccount } from './check.ts';
import { createWalletAccount } from './create.ts';
import { selectAccount, selectAccounts } from './queries.ts';
import type { AccountRecord } from './wallet-account.ts';

const TAG = 'Wallet accounts';
const CUSTODY = ['merchant_own', 'wallet_held', 'hub_held'] as const;

/** A text, a switch, or texts by name; the connector knows which. */
const setting = z.union([form.text(2_000), z.boolean(), z.record(form.text(64), form.text(2_000))]);

const accountObject = z
  .object({
    ...form.objectFields('wac', 'wallet_account'),
    wallet: z.enum(WALLETS),
    name: z.string(),
    custody: z.enum(CUSTODY).openapi({ description: 'Who holds the money after payment.' }),
    wallet_merchant: z.string().openapi({ description: 'Our number at the wallet.' }),
    settings: z.record(z.string(), z.unknown()),
    state: z.enum(['active', 'suspended']),
  })
  .openapi('WalletAccount');

const checkObject = z
  .object({
    object: z.literal('wallet_account_check'),
    wallet_account: form.id('wac'),
    ok: z.boolean(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), message: z.string() })),
  })
  .openapi('WalletAccountCheck');

function render(app: App, account: AccountRecord) {
  return {
    id: account.id,
    object: 'wallet_account' as const,
    created_at: account.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    wallet: account.wallet,
    name: account.name,
    custody: account.custody,
    wallet_merchant: account.wallet_merchant,
    settings: account.settings,
    state: account.state,
  };
}

export function walletAccountRoutes(app: App): readonly Route[] {
  return [create(app), list(app), read(app), change(app), check(app)];
}

function create(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/wallet_accounts',
      roles: ['operator'],
      tag: TAG,
      summary: 'Add an account at a wallet',
      description: 'Credentials are encrypted and never shown again.',
      body: z
        .strictObject({
          wallet: z.enum(WALLETS),
          name: form.text(100),
          custody: z.enum(CUSTODY),
          settings: z.record(form.text(64), setting),
          credentials: z.record(form.text(64), form.text(16_000)),
        })
        .openapi('CreateWalletAccount'),
      idempotency: 'optional',
      status: 201,
      answer: accountObject,
      refusals: ['reference_taken'],
    },
    async ({ body, key }) =>
      writeOnce(app, key, async (tx) => ({
        status: 201,
        body: render(app, await createWalletAccount(app, tx, body)),
      })),
  );
}

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/wallet_accounts',
      roles: ['operator'],
      tag: TAG,
      summary: 'List wallet accounts, newest first',
      query: z.strictObject({ ...pageFields, wallet: z.enum(WALLETS).optional() }),
      status: 200,
      answer: listSchema(accountObject),
    },
    async ({ query }) => {
      const page = pageOf('wac', query);
      const rows = await selectAccounts(app.db, page, query.wallet ?? null);
      return { status: 200, body: listOf(rows, page, (row) => render(app, row)) };
    },
  );
}

function read(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/wallet_accounts/{wallet_account}',
      roles: ['operator'],
      tag: TAG,
      summary: 'Read a wallet account',
      params: { wallet_account: 'wac' },
      status: 200,
      answer: accountObject,
    },
    async ({ params }) => {
      const account = await selectAccount(app.db, params.wallet_account);
      if (!account) throw new Refusal('not_found');
      return { status: 200, body: render(app, account) };
    },
  );
}

function change(app: App): Route {
  return route(
    {
      method: 'PATCH',
      path: '/v1/wallet_accounts/{wallet_account}',
      roles: ['operator'],
      tag: TAG,
      summary: 'Change settings, add or replace keys, suspend',
      description:
        'What is not named stays; null removes it. Payments go on meanwhile, and every process ' +
        'has the new keys within five seconds. A suspended account takes no new payments; what ' +
        'was begun there is finished.',
      params: { wallet_account: 'wac' },
      body: z
        .strictObject({
          name: form.text(100).optional(),
          state: z.enum(['active', 'suspended']).optional(),
          settings: z.record(form.text(64), setting.nullable()).optional(),
          credentials: z.record(form.text(64), form.text(16_000).nullable()).optional(),
        })
        .openapi('ChangeWalletAccount'),
      idempotency: 'optional',
      status: 200,
      answer: accountObject,
    },
    async ({ params, body, key }) => {
      const id = params.wallet_account;
      const answer = await writeOnce(app, key, async (tx) => ({
        status: 200,
        body: render(app, await changeWalletAccount(app, tx, { id, change: body })),
      }));
      app.wallets.forget(id);
      return answer;
    },
  );
}

function check(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/wallet_accounts/{wallet_account}/check',
      roles: ['operator'],
      tag: TAG,
      summary: 'Check the credentials of a wallet account at the wallet',
      description:
        'Says which secret is wrong. Changes nothing, here or at the wallet. With ' +
        '`notification=true` a wallet that can (WeChat Pay) is also asked for a test ' +
        'notification; one that does not come to this very process within four seconds ' +
        'proves nothing, and the check says so.',
      params: { wallet_account: 'wac' },
      query: z.strictObject({ notification: z.enum(['true', 'false']).optional() }),
      status: 200,
      answer: checkObject,
    },
    async ({ params, query }) => {
      const hears = query.notification === 'true';
      const { ok, checks } = await checkWalletAccount(app, params.wallet_account, { hears });
      const object = 'wallet_account_check' as const;
      const body = { object, wallet_account: params.wallet_account, ok, checks };
      return { status: 200, body };
    },
  );
}
