import { z } from '@hono/zod-openapi';
import * as form from '../http/schemas.ts';
import { WALLETS } from '../wallets/wallet.ts';

/** The forms of payments on the wire. */
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
