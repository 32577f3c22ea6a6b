import { z } from '@hono/zod-openapi';
import * as form from '../http/schemas.ts';
import { SHARE_ROLES } from '../profit-sharing/shares.ts';
import { WALLETS } from '../wallets/wallet.ts';

/** The forms of held money on the wire. */
export const holdObject = z
  .object({
    ...form.objectFields('hld', 'hold'),
    payment: form.id('pay'),
    merchant: form.id('mer'),
    wallet: z.enum(WALLETS),
    capture: z.enum(['instant', 'escrow']),
    state: z.enum(['held', 'releasing', 'released', 'returned']),
    amount: form.amountOut,
    currency: form.currency,
    held_amount: form.amountOut.openapi({ description: 'Held, and not on its way anywhere.' }),
    released_amount: form.amountOut.openapi({ description: 'Went to the merchant.' }),
    shared_amount: form.amountOut.openapi({ description: 'Went to receivers of splits.' }),
    returned_amount: form.amountOut.openapi({ description: 'Went back to the payer.' }),
    reserved_amount: form.amountOut.openapi({ description: 'In a release or refund under way.' }),
    releasable_at: form.timestampOut.openapi({
      description: 'The wallet releases nothing before.',
    }),
    release_at: form.timestampOut.openapi({
      description: 'Released by itself then, unless disputed.',
    }),
    wallet_limit_at: form.timestampOut.openapi({
      description: 'The wallet gives it to the merchant then, whatever anybody says.',
    }),
    shipped_at: form.timestampOut.nullable(),
    shipment: z.object({ carrier: z.string(), number: z.string() }).nullable(),
    disputed_at: form.timestampOut.nullable(),
    dispute_reason: z.string().nullable(),
    closed_at: form.timestampOut.nullable(),
  })
  .openapi('Hold');

export const splitObject = z
  .object({
    ...form.objectFields('spl', 'split'),
    hold: form.id('hld'),
    payment: form.id('pay'),
    kind: z.enum(['split', 'release', 'return']),
    state: z.enum(['created', 'pending', 'unknown', 'finished', 'refused']),
    why: z.enum(['receipt', 'time', 'platform', 'dispute', 'sharing', 'refund']),
    amount: form.amountOut,
    currency: form.currency,
    merchant_amount: form.amountOut,
    parts: z.array(
      z.object({
        receiver: form.id('rcv'),
        role: z.enum(SHARE_ROLES).nullable(),
        amount: form.amountOut,
        description: z.string(),
        state: z.enum(['pending', 'succeeded', 'refused']),
        reason: z.string().nullable(),
      }),
    ),
    refund: form.id('rfd').nullable(),
    split_reference: z.string(),
    refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
    finished_at: form.timestampOut.nullable(),
  })
  .openapi('Split');
