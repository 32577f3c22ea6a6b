import { z } from '@hono/zod-openapi';
import type { ZodType } from 'zod';
import { Refusal } from '../errors.ts';
import { isId, type Prefix } from '../ids.ts';

/**
 * Keyset pages by id, newest first: ids sort by time, so a page never repeats or skips an object
 * because others were made meanwhile. The cursor names the last object shown; clients pass it back
 * as it is.
 */
export interface Page {
  readonly limit: number;
  /** Show objects before this id; undefined for the first page. */
  readonly before: string | undefined;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
const MAX_CURSOR_LENGTH = 100;

/** Query parameters of every list; spread them into a strict object beside the list's filters. */
export const pageFields = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value <= MAX_LIMIT, { message: `must be 1 to ${MAX_LIMIT}` })
    .optional()
    .openapi({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
  cursor: z.string().max(MAX_CURSOR_LENGTH).optional(),
} as const;

/** @throws Refusal('invalid_parameter') for a cursor that no list of these objects gave. */
export function pageOf(
  prefix: Prefix,
  query: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Page {
  const limit = query.limit ?? DEFAULT_LIMIT;
  if (query.cursor === undefined) return { limit, before: undefined };
  const before = Buffer.from(query.cursor, 'base64url').toString('latin1');
  if (!isId(prefix, before) || cursorOf(before) !== query.cursor) {
    throw new Refusal('invalid_parameter', {
      param: 'cursor',
      message: 'cursor: pass the next_cursor of the previous page as it is',
    });
  }
  return { limit, before };
}

function cursorOf(id: string): string {
  return Buffer.from(id, 'latin1').toString('base64url');
}

export interface List<T> {
  readonly object: 'list';
  readonly data: readonly T[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/** A page from `limit + 1` rows: the one too many tells that there is more. */
export function listOf<Row extends { readonly id: string }, T>(
  rows: readonly Row[],
  page: Page,
  show: (row: Row) => T,
): List<T> {
  const shown = rows.slice(0, page.limit);
  const has_more = rows.length > page.limit;
  const last = shown.at(-1);
  return {
    object: 'list',
    data: shown.map(show),
    has_more,
    next_cursor: has_more && last ? cursorOf(last.id) : null,
  };
}

/** The schema of a list's answer. */
export function listSchema<T extends ZodType>(item: T) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
  });
}
