import { z } from '@hono/zod-openapi';
import { isId, type Prefix } from '../ids.ts';
import { MAX_AMOUNT } from '../money.ts';

/**
 * Schemas that every slice's routes share. Objects are strict: a field we do not know is refused,
 * so a misspelt one is never silently ignored.
 */
function isStorable(value: string): boolean {
  return !value.includes('\u0000') && !/\p{Surrogate}/u.test(value);
}

/** Text that PostgreSQL can store: no NUL, no half of a surrogate pair. */
export function text(max: number, min = 1) {
  return z
    .string()
    .min(min)
    .max(max)
    .refine((value) => isStorable(value), {
      message: 'must not contain U+0000 or half of a surrogate pair',
    });
}

/** Minor units, 1 to `MAX_AMOUNT`, as a JSON integer; `bigint` inside. */
export const amount = z
  .int()
  .min(1)
  .max(Number.parseInt(MAX_AMOUNT.toString(), 10))
  .transform(BigInt)
  .openapi({ type: 'integer', format: 'int64', example: 6900, description: 'fen' });

/** The same on the way out, where zero is an amount too. */
export const amountOut = z
  .int()
  .min(0)
  .openapi({ type: 'integer', format: 'int64', example: 6900, description: 'fen' });

/** What balances and their changes are: below zero too. */
export const signedAmount = z
  .int()
  .openapi({ type: 'integer', format: 'int64', example: -120, description: 'fen, signed' });

/** CNY only; the refusal of any other has a code of its own, so only the form counts here. */
export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be three capital letters')
  .openapi({ example: 'CNY' });

const MAX_PAIRS = 50;
export const metadata = z
  .record(text(40), text(500, 0))
  .refine((pairs) => Object.keys(pairs).length <= MAX_PAIRS, {
    message: `must have at most ${MAX_PAIRS} pairs`,
  })
  .openapi({ example: { cart: 'A-17' } });

export function id<P extends Prefix>(prefix: P) {
  return z
    .string()
    .refine((value) => isId(prefix, value), {
      message: `must be an id that begins with ${prefix}_`,
    })
    .openapi({ example: `${prefix}_0001KAHDX3ZJ6Q7V0M8T5R2W4Y9B` });
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** https anywhere, or http on loopback; which hosts are allowed is the verb's business. */
export const url = text(2_000)
  .refine((value) => isWebUrl(value), {
    message: 'must be an https URL (or http on loopback) without user name or password',
  })
  .openapi({ format: 'uri' });

function isWebUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}

/** RFC 3339 with any offset → Date. */
export const timestamp = z.iso
  .datetime({ offset: true })
  .transform((value) => new Date(value))
  .openapi({ type: 'string', format: 'date-time' });

/** The same on the way out. */
export const timestampOut = z.string().openapi({ format: 'date-time' });

/** A DNS name (or loopback address) as platforms register it. */
export const host = z
  .string()
  .max(253)
  .regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
    message: 'must be a host name in lower case, without scheme or port',
  });

/** What every object has. */
export function objectFields<P extends Prefix, Name extends string>(prefix: P, name: Name) {
  return {
    id: id(prefix),
    object: z.literal(name),
    created_at: timestampOut,
    livemode: z.boolean(),
  };
}
