import { z } from '@hono/zod-openapi';
import * as form from '../http/schemas.ts';
import { PRESENTATIONS, WALLETS } from '../wallets/wallet.ts';

/** The forms of attempts on the wire. */
const wallet = z.enum(WALLETS);

export const attemptBody = z
  .strictObject({
    wallet,
    presentation: z.enum(PRESENTATIONS),
    payer: form.text(128).optional().openapi({
      description: 'The payer’s id at this wallet; required for in_app and mini_program.',
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
        kind: z.enum([...PRESENTATIONS, 'form']),
        qr: z.string().optional(),
        url: z.string().optional(),
        fields: z.record(z.string(), z.string()).optional(),
        params: z.record(z.string(), z.string()).optional(),
      })
      .nullable(),
    refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
    expires_at: form.timestampOut,
  })
  .openapi('Attempt');

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
