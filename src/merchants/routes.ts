import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import type { Queryable } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import { type Caller, maySee, platformOf } from '../http/caller.ts';
import { writeOnce } from '../http/idempotency.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { termsBody } from '../payouts/render.ts';
import { changeTerms, termsOf } from '../payouts/terms.ts';
import { WALLETS } from '../wallets/wallet.ts';
import { createMerchant } from './create.ts';
import { enrolMerchant } from './enrol.ts';
import { findMerchant } from './find.ts';
import type { Merchant } from './merchant.ts';
import { selectEnrolments, selectMerchants, updateMerchant } from './queries.ts';
import { enrolmentObject, merchantObject, renderEnrolment, renderMerchant } from './render.ts';

const TAG = 'Merchants';
const name = form.text(100);
const MAX_OWED = 1_000_000_000;
const owedLimit = z.int().min(0).max(MAX_OWED).transform(BigInt).openapi({
  type: 'integer',
  format: 'int64',
  description: 'Fen that refunds may take beyond what is there; 0 unless set.',
});

export function merchantRoutes(app: App): readonly Route[] {
  return [create(app), list(app), read(app), change(app), enrol(app)];
}

/** The merchant, if this caller may see it. */
async function visibleMerchant(db: Queryable, caller: Caller, id: string): Promise<Merchant> {
  const merchant = await findMerchant(db, id);
  if (!merchant || !maySee(caller, { ...merchant, merchant_id: merchant.id })) {
    throw new Refusal('not_found');
  }
  return merchant;
}

async function withEnrolments(app: App, merchant: Merchant) {
  const ids = [merchant.id];
  const enrolments = await selectEnrolments(app.db, ids);
  return renderMerchant(app, merchant, enrolments, await termsOf(app.db, ids));
}

function create(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/merchants',
      roles: ['operator', 'marketplace'],
      tag: TAG,
      summary: 'Register a merchant',
      description: 'A marketplace registers its own; an operator names the platform.',
      body: z
        .strictObject({
          name,
          platform: form.id('plt').optional(),
          metadata: form.metadata.optional(),
        })
        .openapi('CreateMerchant'),
      idempotency: 'optional',
      status: 201,
      answer: merchantObject,
      refusals: ['not_found'],
    },
    async ({ caller, body, key }) => {
      const platform_id = body.platform ?? platformOf(caller).id;
      if (!maySee(caller, { platform_id })) {
        throw new Refusal('not_found', { param: 'platform' });
      }
      return writeOnce(app, key, async (tx) => {
        const { name, metadata } = body;
        const merchant = await createMerchant(tx, { platform_id, name, metadata });
        return { status: 201, body: renderMerchant(app, merchant, [], []) };
      });
    },
  );
}

function list(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/merchants',
      roles: ['operator', 'marketplace', 'merchant'],
      tag: TAG,
      summary: 'List merchants, newest first',
      query: z.strictObject({ ...pageFields, platform: form.id('plt').optional() }),
      status: 200,
      answer: listSchema(merchantObject),
    },
    async ({ caller, query }) => {
      const page = pageOf('mer', query);
      const own = caller.platform?.id;
      if (own !== undefined && query.platform !== undefined && query.platform !== own) {
        throw new Refusal('not_found', { param: 'platform' });
      }
      const rows = await selectMerchants(app.db, page, {
        platform_id: own ?? query.platform ?? null,
        merchant_id: caller.merchant_id ?? null,
      });
      const shown = rows.map(({ id }) => id);
      const enrolments = await selectEnrolments(app.db, shown);
      const terms = await termsOf(app.db, shown);
      const body = listOf(rows, page, (row) => {
        const its = enrolments.filter((entry) => entry.merchant_id === row.id);
        const own = terms.filter((entry) => entry.merchant_id === row.id);
        return renderMerchant(app, row, its, own);
      });
      return { status: 200, body };
    },
  );
}

function read(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/merchants/{merchant}',
      roles: ['operator', 'marketplace', 'merchant'],
      tag: TAG,
      summary: 'Read a merchant and the wallets it takes',
      params: { merchant: 'mer' },
      status: 200,
      answer: merchantObject,
    },
    async ({ caller, params }) => {
      const merchant = await visibleMerchant(app.db, caller, params.merchant);
      return { status: 200, body: await withEnrolments(app, merchant) };
    },
  );
}

const MAX_TERMS = 20;

function change(app: App): Route {
  return route(
    {
      method: 'PATCH',
      path: '/v1/merchants/{merchant}',
      roles: ['operator', 'marketplace'],
      tag: TAG,
      summary: 'Change name, metadata or payouts of a merchant',
      description:
        'Metadata that is sent replaces the whole map. Of `payouts`, the terms at the wallet ' +
        'accounts that are named change, and in them what is given.',
      params: { merchant: 'mer' },
      body: z
        .strictObject({
          name: name.optional(),
          owed_limit: owedLimit.optional(),
          metadata: form.metadata.optional(),
          payouts: z.array(termsBody).max(MAX_TERMS).optional(),
        })
        .openapi('ChangeMerchant'),
      status: 200,
      answer: merchantObject,
    },
    async ({ caller, params, body }) => {
      await visibleMerchant(app.db, caller, params.merchant);
      const merchant = await app.db.transaction(async (tx) => {
        // First, as it locks the merchant: of two changes of one account's terms none is lost.
        const changed = await updateMerchant(tx, params.merchant, body);
        for (const terms of body.payouts ?? []) await changeTerms(app, tx, params.merchant, terms);
        return changed;
      });
      if (!merchant) throw new Refusal('not_found');
      return { status: 200, body: await withEnrolments(app, merchant) };
    },
  );
}

function enrol(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/merchants/{merchant}/enrolments',
      roles: ['operator', 'marketplace'],
      tag: TAG,
      summary: 'Let a merchant take a wallet',
      description:
        '`wallet_account` may be left out while there is exactly one active account at the wallet.',
      params: { merchant: 'mer' },
      body: z
        .strictObject({
          wallet: z.enum(WALLETS),
          wallet_account: form.id('wac').optional(),
          sub_merchant: form.text(64).optional().openapi({
            description: 'The merchant’s own number at the wallet, under a platform’s account.',
          }),
        })
        .openapi('CreateEnrolment'),
      idempotency: 'optional',
      status: 201,
      answer: enrolmentObject,
      refusals: ['state_conflict'],
    },
    async ({ caller, params, body, key }) => {
      const merchant = await visibleMerchant(app.db, caller, params.merchant);
      const { wallet, wallet_account, sub_merchant } = body;
      const enrolment = {
        merchant_id: merchant.id,
        wallet,
        wallet_account_id: wallet_account,
        sub_merchant,
      };
      return writeOnce(app, key, async (tx) => ({
        status: 201,
        body: renderEnrolment(app, await enrolMerchant(tx, enrolment)),
      }));
    },
  );
}
