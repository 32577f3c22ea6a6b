import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import * as form from '../http/schemas.ts';
import { amountOnWire } from '../payments/render.ts';
import { renderTerms, termsObject } from '../payouts/render.ts';
import type { PayoutTerms } from '../payouts/terms.ts';
import { WALLETS } from '../wallets/wallet.ts';
import type { Enrolment, Merchant } from './merchant.ts';

/** Merchants and enrolments as the API shows them. */
export const enrolmentObject = z
  .object({
    ...form.objectFields('enr', 'enrolment'),
    merchant: form.id('mer'),
    wallet: z.enum(WALLETS),
    wallet_account: form.id('wac'),
    sub_merchant: z.string().nullable(),
    state: z.enum(['active', 'suspended']),
  })
  .openapi('Enrolment');

export const merchantObject = z
  .object({
    ...form.objectFields('mer', 'merchant'),
    platform: form.id('plt'),
    name: z.string(),
    enrolments: z.array(enrolmentObject),
    payouts: z.array(termsObject).openapi({
      description: 'How the merchant is paid out, where the wallet does not do it by itself.',
    }),
    owed_limit: form.amountOut.openapi({
      description: 'Fen that it may come to owe by refunds of money that was paid out already.',
    }),
    metadata: z.record(z.string(), z.string()),
  })
  .openapi('Merchant');

export function renderEnrolment(app: App, enrolment: Enrolment) {
  return {
    id: enrolment.id,
    object: 'enrolment' as const,
    created_at: enrolment.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    merchant: enrolment.merchant_id,
    wallet: enrolment.wallet,
    wallet_account: enrolment.wallet_account_id,
    sub_merchant: enrolment.sub_merchant,
    state: enrolment.state,
  };
}

export function renderMerchant(
  app: App,
  merchant: Merchant,
  enrolments: readonly Enrolment[],
  terms: readonly PayoutTerms[],
) {
  return {
    id: merchant.id,
    object: 'merchant' as const,
    created_at: merchant.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    platform: merchant.platform_id,
    name: merchant.name,
    enrolments: enrolments.map((entry) => renderEnrolment(app, entry)),
    payouts: terms.map(renderTerms),
    owed_limit: amountOnWire(merchant.owed_limit),
    metadata: merchant.metadata,
  };
}
