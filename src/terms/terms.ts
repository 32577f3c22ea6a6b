import { z } from 'zod';
import { isId } from '../ids.ts';
import { SHARE_ROLES, type Share } from '../profit-sharing/shares.ts';

/**
 * What was agreed, when a payment was made, about money that is not the merchant's at once. A
 * payment without terms is; with them the wallet holds its money, which is decided at creation.
 */
export interface PaymentTerms {
  /** `escrow`: until the receipt is confirmed. `instant`: until it is shared, at once. */
  readonly capture: 'instant' | 'escrow';
  /** Days of business time until an escrow ends by itself; null for `instant`. */
  readonly release_after_days: number | null;
  /** Amounts of the whole payment; what they leave is the merchant's. */
  readonly shares: readonly Share[];
}

export const DEFAULT_RELEASE_DAYS = 10;
export const MAX_RELEASE_DAYS = 178;
export const MAX_SPLITS = 50;

const shareRow = z.object({
  receiver: z.custom<Share['receiver']>((value) => typeof value === 'string' && isId('rcv', value)),
  role: z.enum(SHARE_ROLES),
  amount: z.string().transform(BigInt),
  description: z.string(),
});

const termsRow = z.object({
  capture: z.enum(['instant', 'escrow']),
  release_after_days: z.number().nullable(),
  shares: z.array(shareRow),
});

/** From the row; amounts are texts there. */
export function termsOf(row: unknown): PaymentTerms | null {
  return row === null || row === undefined ? null : termsRow.parse(row);
}

export function termsRowOf(terms: PaymentTerms | null): string | null {
  if (terms === null) return null;
  return JSON.stringify(terms, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}
