import { z } from '@hono/zod-openapi';
import type { App } from '../../app.ts';
import { listSchema } from '../../http/pagination.ts';
import { type Route, route } from '../../http/route.ts';
import { MAX_BOOK } from '../../ids.ts';
import { selectClaims, selectLinks } from './links.ts';

/** The chain of a book's postings, for whoever wants to prove that none was changed. */
const MAX_POSITION_DIGITS = 15;
const whole = (digits: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').max(digits).default('0').transform(Number);

const linkSchema = z
  .object({
    object: z.literal('ledger_link'),
    first_position: z.int(),
    last_position: z.int(),
    hash: z.string().openapi({
      description:
        'Hex of SHA-256 over the previous link’s 32 bytes (zeros before the first) and `lines`.',
    }),
    sealed_at: z.iso.datetime(),
    lines: z.array(z.string()).openapi({
      description:
        'The postings exactly as they are hashed, line feed included: JSON arrays of position, id, ' +
        'move, kind, reservation ended, debit account, credit account, amount in fen, currency, ' +
        'reason, subject, business time, expiry, time of commit.',
    }),
  })
  .openapi('LedgerLink');

const pageSchema = listSchema(linkSchema).extend({
  head_position: z.int().openapi({ description: 'Where the last link of the book ends.' }),
  outside: z.int().openapi({ description: 'Postings of the book that are in no link.' }),
  outside_known: z.int().openapi({
    description: 'How many were there before the chain; `outside` is no other number.',
  }),
});

export function chainRoute(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/ledger/chain',
      roles: ['operator'],
      tag: 'Ledger',
      summary: 'The sealed postings of a book, link by link',
      description:
        'Oldest first, some 2,000 postings a page; `next_cursor` is the `after` of the next page. ' +
        '`hutong ledger verify` reads it to the end and recomputes every link.',
      query: z.strictObject({
        book: whole(4).refine((book) => book <= MAX_BOOK, `must be 0 to ${MAX_BOOK}`),
        after: whole(MAX_POSITION_DIGITS).openapi({
          description: 'The `last_position` of the link read last.',
        }),
      }),
      status: 200,
      answer: pageSchema,
    },
    async ({ query: { book, after } }) => {
      // Links that are added meanwhile are past the head, not missing before it.
      const claims = await selectClaims(app.db, book);
      const { links, more } = await selectLinks(app.db, book, after);
      const data = links.map((link) => ({ object: 'ledger_link' as const, ...link }));
      const next_cursor = more ? String(links.at(-1)?.last_position) : null;
      return {
        status: 200,
        body: { object: 'list', data, has_more: more, next_cursor, ...claims },
      };
    },
  );
}
