import { z } from '@hono/zod-openapi';
import * as form from '../http/schemas.ts';
import { PRESENTATIONS, WALLETS } from '../wallets/wallet.ts';

/** The forms of payments and attempts on the wire. */
const wallet = z.enum(WALLETS);
const MAX_ITEMS = 100;

export const orderItem = z.strictObject({
  name: form.text(200),
  quantity: z.int().min(1).max(1_000_000),
  unit_amount: form.amount,
});

export const createBody = z
  .strictObject({
    merchant: form.id('mer'),
    amount: form.amount,
    currency: form.currency,
    description: form.text(127),
    order: z.strictObject({
      reference: form.text(64),
      url: form.url.optional(),
      items: z.array(orderItem).max(MAX_ITEMS).optional(),
    }),
    return_url: form.url.optional(),
    expires_at: form.timestamp.optional(),
    metadata: form.metadata.optional(),
  })
  .openapi('CreatePayment');

export const paymentObject = z
  .object({
    ...form.objectFields('pay', 'payment'),
    state: z.enum(['requires_wallet', 'pending', 'succeeded', 'closed']),
    amount: form.amountOut,
    currency: form.currency,
    refunded_amount: form.amountOut,
    description: z.string(),
    platform: form.id('plt'),
    merchant: form.id('mer'),
    order: z.object({
      reference: z.string(),
      url: z.string().nullable(),
      items: z.array(
        z.object({ name: z.string(), quantity: z.int(), unit_amount: form.amountOut }),
      ),
    }),
    wallet: wallet.nullable().openapi({ description: 'The wallet that paid.' }),
    checkout_url: z.string().nullable(),
    return_url: z.string().nullable(),
    expires_at: form.timestampOut,
    paid_at: form.timestampOut.nullable(),
    closed_at: form.timestampOut.nullable(),
    close_reason: z.enum(['expired', 'cancelled']).nullable(),
    metadata: z.record(z.string(), z.string()),
  })
  .openapi('Payment');

export const attemptBody = z
  .strictObject({
    wallet,
    presentation: z.enum(PRESENTATIONS),
    payer: form.text(128).optional().openapi({
      description: 'The payer’s id at this wallet; required for in_app.',
    }),
    client: z
      .strictObject({ ip: z.union([z.ipv4(), z.ipv6()]).optional() })
      .optional()
      .openapi({ description: 'The payer’s device; wallets want its address for h5.' }),
  })
  .openapi('CreateAttempt');

export const attemptObject = z
  .object({
    ...form.objectFields('att', 'attempt'),
    payment: form.id('pay'),
    wallet,
    state: z.enum([
      'created',
      'presented',
      'unknown',
      'succeeded',
      'refused',
      'closed',
      'abandoned',
    ]),
    wallet_reference: z.string(),
    amount: form.amountOut,
    currency: form.currency,
    presentation: z
      .object({
        kind: z.enum(PRESENTATIONS),
        qr: z.string().optional(),
        url: z.string().optional(),
        params: z.record(z.string(), z.string()).optional(),
      })
      .nullable(),
    refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
    expires_at: form.timestampOut,
  })
  .openapi('Attempt');

export const timelineObject = z
  .object({
    object: z.literal('timeline'),
    payment: form.id('pay'),
    data: z.array(
      z.object({
        id: z.string(),
        at: form.timestampOut,
        kind: z.enum([
          'event',
          'step',
          'wallet_call',
          'notification',
          'posting',
          'webhook',
          'break',
        ]),
        what: z.string(),
        detail: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .openapi('Timeline');

export const walletsObject = z
  .object({
    object: z.literal('list'),
    data: z.array(
      z.object({
        wallet,
        eligible: z.boolean(),
        reason: z.string().nullable(),
        presentation: z.enum(PRESENTATIONS).nullable(),
      }),
    ),
  })
  .openapi('EligibleWallets');
