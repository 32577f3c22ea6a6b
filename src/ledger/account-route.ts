import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { type Caller, maySee } from '../http/caller.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { MAX_BOOK } from '../ids.ts';
import { findReceivers } from '../receivers/find.ts';
import { type AccountThen, findAccount } from './history.ts';

/** One account of the ledger, now or as it was. */
const MAX_BOOK_DIGITS = 4;

const accountObject = z
  .object({
    object: z.literal('ledger_account'),
    account: z.string().openapi({ example: 'platform:plt_0001KAHDX3ZJ6Q7V0M8T5R2W4Y9B' }),
    book: z.int(),
    currency: z.literal('CNY'),
    at: form.timestampOut.openapi({ description: 'The moment that the amounts are said for.' }),
    normal: z.enum(['debit', 'credit']).openapi({
      description: 'The side that adds to it: `credit` where the hub’s books owe its holder.',
    }),
    posted: form.signedAmount.openapi({ description: 'Final, on the normal side. Fen, signed.' }),
    reserved: form.amountOut.openapi({ description: 'On its way out, fen.' }),
    available: form.signedAmount.openapi({ description: '`posted` less `reserved`. Fen, signed.' }),
    incoming: form.amountOut.openapi({
      description: 'On its way in, fen; no part of `posted` before it has come.',
    }),
    floor: form.signedAmount.nullable().openapi({
      description: 'What the hub leaves available at least, today, whatever `at` is.',
    }),
    cap: form.signedAmount.nullable().openapi({
      description: 'What the hub lets it reach at most, with what is on its way in; also today.',
    }),
  })
  .openapi('LedgerAccount');

const query = z.strictObject({
  at: form.timestamp.optional().openapi({
    description: 'A moment of the past, by the time postings were written; now when absent.',
  }),
  book: z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .max(MAX_BOOK_DIGITS)
    .transform(Number)
    .refine((book) => book <= MAX_BOOK, `must be 0 to ${MAX_BOOK}`)
    .optional()
    .openapi({ type: 'string', description: 'The caller’s own when absent; 0 for operators.' }),
});

/** A platform has its own account and those of its receivers; any other is an operator's. */
async function mayRead(app: App, caller: Caller, account: string): Promise<boolean> {
  if (caller.role === 'operator') return true;
  const [kind, id, ...more] = account.split(':');
  if (id === undefined || more.length > 0) return false;
  if (kind === 'platform') return maySee(caller, { platform_id: id });
  if (kind !== 'receiver') return false;
  const receiver = (await findReceivers(app, [id])).get(id);
  return receiver !== undefined && maySee(caller, receiver);
}

function render(account: string, book: number, found: AccountThen) {
  const { normal, currency, floor, cap, at, balance } = found;
  const { posted, available, debits_pending, credits_pending } = balance;
  return {
    object: 'ledger_account' as const,
    account,
    book,
    currency,
    at: at.toISOString(),
    normal,
    posted,
    reserved: posted - available,
    available,
    incoming: normal === 'debit' ? debits_pending : credits_pending,
    floor,
    cap,
  };
}

export function accountRoute(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/ledger/accounts/{account}',
      roles: ['operator', 'marketplace'],
      tag: 'Ledger',
      summary: 'What is in one account, now or at a moment of the past',
      description:
        'Operators read any account. A marketplace reads `platform:` with its own id and ' +
        '`receiver:` with the id of one of its receivers; both begin with the first share they get.',
      params: { account: 'text' },
      query,
      status: 200,
      answer: accountObject,
    },
    async ({ caller, params: { account }, query: { at, book = caller.book } }) => {
      if (!(await mayRead(app, caller, account))) throw new Refusal('not_found');
      const found = await findAccount(app.db, book, account, at);
      if (!found) throw new Refusal('not_found');
      if (found.ahead) {
        const message = 'at: must not be in the future; leave it out to ask for now';
        throw new Refusal('invalid_parameter', { param: 'at', message });
      }
      return { status: 200, body: render(account, book, found) };
    },
  );
}
