import { z } from '@hono/zod-openapi';
import { MAX_PARTS, MIN_PARTS } from '../combined/part.ts';
import * as form from '../http/schemas.ts';
import { SHARE_ROLES } from '../profit-sharing/shares.ts';
import { MAX_RELEASE_DAYS, MAX_SPLITS } from '../terms/terms.ts';
import { WALLETS } from '../wallets/wallet.ts';

/** The forms of payments on the wire. */
const wallet = z.enum(WALLETS);
const MAX_ITEMS = 100;

export const orderItem = z.strictObject({
  name: form.text(200),
  quantity: z.int().min(1).max(1_000_000),
  unit_amount: form.amount,
});

const splitIn = z
  .strictObject({
    receiver: form.id('rcv'),
    role: z.enum(SHARE_ROLES).openapi({ description: 'In what capacity it receives.' }),
    amount: form.amount.optional().openapi({ description: 'Fixed share in fen.' }),
    percent: z
      .string()
      .regex(/^(?:100(?:\.0{1,3})?|\d{1,2}(?:\.\d{1,3})?)$/, 'must be a percent such as 2.5')
      .optional()
      .openapi({ example: '2.5', description: 'Rounded down to the fen.' }),
    of: z.enum(['amount', 'rest']).optional().openapi({
      description: 'Base of the percent: the whole amount, or what earlier splits leave of it.',
    }),
    min: form.amount.optional(),
    max: form.amount.optional(),
    description: form.text(80).optional(),
  })
  .openapi('Split rule');

const partIn = z
  .strictObject({
    merchant: form.id('mer'),
    amount: form.amount,
    description: form.text(127),
    reference: form.text(64).openapi({ description: 'Your number of this seller’s order.' }),
  })
  .openapi('CreatePart');

export const createBody = z
  .strictObject({
    merchant: form.id('mer').optional().openapi({
      description: 'Whose order it is; left out where `parts` name several.',
    }),
    amount: form.amount,
    currency: form.currency,
    description: form.text(127),
    order: z.strictObject({
      reference: form.text(64),
      url: form.url.optional(),
      items: z.array(orderItem).max(MAX_ITEMS).optional(),
    }),
    parts: z.array(partIn).min(MIN_PARTS).max(MAX_PARTS).optional().openapi({
      description: 'Orders of several sellers, paid at once; they sum to `amount`.',
    }),
    capture: z.enum(['instant', 'escrow']).optional().openapi({
      description: '`escrow`: the wallet holds the money until the receipt is confirmed.',
    }),
    release_after_days: z.int().min(1).max(MAX_RELEASE_DAYS).optional().openapi({
      description: 'Days after payment, or shipment, when an escrow ends by itself. Default 10.',
    }),
    splits: z.array(splitIn).max(MAX_SPLITS).optional().openapi({
      description: 'Who gets shares; what they leave is the merchant’s.',
    }),
    split_remainder: z.enum(['merchant', 'first_receiver']).optional().openapi({
      description: 'Whose is what rounding down leaves over. Default `merchant`.',
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
    merchant: form.id('mer').openapi({ description: 'Of a combined order its first seller.' }),
    parts: z.array(
      z.object({
        id: form.id('prt'),
        merchant: form.id('mer'),
        amount: form.amountOut,
        refunded_amount: form.amountOut,
        description: z.string(),
        reference: z.string(),
      }),
    ),
    order: z.object({
      reference: z.string(),
      url: z.string().nullable(),
      items: z.array(
        z.object({ name: z.string(), quantity: z.int(), unit_amount: form.amountOut }),
      ),
    }),
    capture: z.enum(['instant', 'escrow']),
    release_after_days: z.int().nullable(),
    splits: z.array(
      z.object({
        receiver: form.id('rcv'),
        role: z.enum(SHARE_ROLES),
        amount: form.amountOut,
        description: z.string(),
      }),
    ),
    hold: form.id('hld').nullable().openapi({
      description: 'The held money, once a payment in escrow or with splits is paid.',
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

export const timelineEntries = z.array(
  z.object({
    id: z.string(),
    at: form.timestampOut,
    kind: z.enum(['event', 'step', 'wallet_call', 'notification', 'posting', 'webhook', 'break']),
    what: z.string(),
    detail: z.record(z.string(), z.unknown()),
  }),
);

export const timelineObject = z
  .object({ object: z.literal('timeline'), payment: form.id('pay'), data: timelineEntries })
  .openapi('Timeline');
