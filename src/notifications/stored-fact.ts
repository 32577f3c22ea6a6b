import { z } from 'zod';
import type { HeardNotification } from '../wallets/notification.ts';

/** The inbox row's content, parsed back to what the connector verified. */
const fen = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);
const date = z.iso.datetime().transform((text) => new Date(text));

const payment = z.object({
  wallet_reference: z.string(),
  state: z.enum(['paid', 'waiting', 'closed', 'refunded']),
  wallet_transaction_id: z.string().optional(),
  amount: fen.optional(),
  currency: z.string().optional(),
  payer_paid: fen.optional(),
  coupons: z.object({ wallet_funded: fen, merchant_funded: fen, other_funded: fen }).optional(),
  paid_at: date.optional(),
  wallet_merchant: z.string(),
  sub_merchant: z.string().optional(),
});

const refund = z.object({
  refund_reference: z.string(),
  wallet_reference: z.string(),
  state: z.enum(['pending', 'succeeded', 'refused', 'needs_action']),
  wallet_refund_id: z.string().optional(),
  amount: fen.optional(),
  refunded_at: date.optional(),
  wallet_merchant: z.string(),
});

const payout = z.object({
  payout_reference: z.string(),
  state: z.enum(['pending', 'needs_payee', 'succeeded', 'refused', 'cancelled', 'returned']),
  wallet_payout_id: z.string().optional(),
  amount: fen.optional(),
  confirmation: z.record(z.string(), z.string()).optional(),
  paid_at: date.optional(),
  reason: z.string().optional(),
});

const withdrawal = z.object({
  withdrawal_reference: z.string(),
  state: z.enum(['pending', 'succeeded', 'refused', 'returned']),
  wallet_withdrawal_id: z.string(),
  wallet_merchant: z.string(),
  sub_merchant: z.string().optional(),
  amount: fen.optional(),
  changed_at: date.optional(),
  reason: z.string().optional(),
});

const splitPart = z.object({
  account: z.string(),
  amount: fen,
  state: z.enum(['pending', 'succeeded', 'refused']),
  reason: z.string().optional(),
});

const split = z.object({
  split_reference: z.string(),
  wallet_split_id: z.string().optional(),
  wallet_transaction_id: z.string().optional(),
  state: z.enum(['pending', 'finished', 'refused']),
  parts: z.array(splitPart),
  released: fen.optional(),
});

const content = z.discriminatedUnion('about', [
  z.object({ about: z.literal('payment'), fact: payment }),
  z.object({ about: z.literal('refund'), fact: refund }),
  z.object({
    about: z.literal('combined'),
    wallet_reference: z.string(),
    facts: z.array(payment),
  }),
  z.object({ about: z.literal('payout'), fact: payout }),
  z.object({ about: z.literal('withdrawal'), fact: withdrawal }),
  z.object({ about: z.literal('split'), fact: split, paid_by: z.string().optional() }),
]);

/** Throws when the row is not what this code wrote: a broken invariant. */
export function parseStoredFact(stored: unknown): HeardNotification {
  // An absent field stays absent in JSON, which zod's types cannot say.
  return content.parse(stored) as HeardNotification;
}
