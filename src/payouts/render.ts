import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import * as form from '../http/schemas.ts';
import { amountOnWire } from '../payments/render.ts';
import { WALLETS } from '../wallets/wallet.ts';
import { PAYOUT_STATES, type Payout } from './payout.ts';
import type { PayoutTerms } from './terms.ts';

/** Payouts and their terms as the API shows them. */
export const payoutObject = z
  .object({
    ...form.objectFields('pyo', 'payout'),
    platform: form.id('plt'),
    merchant: form.id('mer'),
    wallet: z.enum(WALLETS),
    wallet_account: form.id('wac'),
    kind: z.enum(['transfer', 'withdrawal']),
    state: z.enum(PAYOUT_STATES),
    amount: form.amountOut,
    currency: form.currency,
    payee_hint: z.string().nullable().openapi({ description: 'The end of the payee’s number.' }),
    payout_reference: z.string().openapi({ description: 'Its number at the wallet.' }),
    wallet_payout_id: z.string().nullable(),
    confirmation: z.record(z.string(), z.string()).nullable().openapi({
      description: 'In `needs_payee`: what the payee’s app needs to ask them.',
    }),
    refusal: z.object({ code: z.string(), message: z.string() }).nullable().openapi({
      description: 'Why the wallet would not; in `created`, why it does not yet.',
    }),
    cancel_requested_at: form.timestampOut.nullable().openapi({
      description: 'You asked for it back; `state` says what became of it.',
    }),
    cancel_refusal: z.object({ code: z.string(), message: z.string() }).nullable().openapi({
      description: 'You asked for it back and the wallet refused for good: the payout goes on.',
    }),
    succeeded_at: form.timestampOut.nullable(),
  })
  .openapi('Payout');

export function renderPayout(app: Pick<App, 'config'>, payout: Payout) {
  return {
    id: payout.id,
    object: 'payout' as const,
    created_at: payout.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    platform: payout.platform_id,
    merchant: payout.merchant_id,
    wallet: payout.wallet,
    wallet_account: payout.wallet_account_id,
    kind: payout.kind,
    state: payout.state,
    amount: amountOnWire(payout.amount),
    currency: payout.currency,
    payee_hint: payout.payee_hint,
    payout_reference: payout.payout_reference,
    wallet_payout_id: payout.wallet_payout_id,
    confirmation: payout.state === 'needs_payee' ? payout.confirmation : null,
    refusal: payout.refusal,
    cancel_requested_at: payout.cancel_requested_at?.toISOString() ?? null,
    cancel_refusal: payout.cancel_refusal,
    succeeded_at: payout.succeeded_at?.toISOString() ?? null,
  };
}

const MAX_HOLD_DAYS = 90;
const STATES = ['automatic', 'manual', 'paused'] as const;

export const termsObject = z
  .object({
    wallet_account: form.id('wac'),
    state: z.enum(STATES),
    payee_hint: z.string().nullable(),
    minimum: form.amountOut,
    hold_days: z.int(),
  })
  .openapi('PayoutTerms');

/** What a change of a merchant may say of its payouts. */
export const termsBody = z
  .strictObject({
    wallet_account: form.id('wac'),
    payee: form.text(128).optional().openapi({
      description: 'The payee’s id at the wallet, for custody `hub_held`.',
    }),
    payee_name: form.text(100).optional(),
    state: z.enum(STATES).optional(),
    minimum: form.amount.optional(),
    hold_days: z.int().min(0).max(MAX_HOLD_DAYS).optional(),
  })
  .openapi('ChangePayoutTerms');

export function renderTerms(terms: PayoutTerms) {
  return {
    wallet_account: terms.wallet_account_id,
    state: terms.state,
    payee_hint: terms.payee_hint,
    minimum: amountOnWire(terms.minimum),
    hold_days: terms.hold_days,
  };
}
