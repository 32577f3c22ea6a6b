import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { type BusinessDate, dayAfter, isBusinessDate } from '../clock.ts';
import { assert, Refusal } from '../errors.ts';
import { pageFields } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import * as form from '../http/schemas.ts';
import { WALLETS } from '../wallets/wallet.ts';
import { sellerBalance } from './balance.ts';
import { merchantAt } from './merchant-at.ts';
import { custody, onWire } from './render.ts';
import { dayField } from './routes.ts';
import { lastFullDay } from './settle.ts';
import {
  cursorOf,
  openStatement,
  parseCursor,
  readPage,
  type ShownLine,
  type StatementAt,
  wrongCursor,
} from './statement.ts';
import { statementCsv } from './statement-csv.ts';
import { STATEMENT_KINDS } from './statement-queries.ts';

/** What a seller has, and how it came to that. */
const TAG = 'Settlement';
const ROLES = ['operator', 'marketplace', 'merchant'] as const;

export function merchantMoneyRoutes(app: App): Route[] {
  return [balance(app), statement(app)];
}

const sums = { posted: form.signedAmount, reserved: form.amountOut, available: form.signedAmount };

const balanceObject = z
  .object({
    object: z.literal('balance'),
    merchant: form.id('mer'),
    currency: form.currency,
    ...sums,
    accounts: z.array(
      z.object({
        wallet: z.enum(WALLETS),
        wallet_account: form.id('wac'),
        custody,
        ...sums,
        settled: form.signedAmount.openapi({ description: 'settled and not paid out, fen' }),
      }),
    ),
  })
  .openapi('Balance');

function balance(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/merchants/{merchant}/balance',
      roles: ROLES,
      tag: TAG,
      summary: 'What a merchant has, by wallet account',
      description:
        '`posted` is what the books owe the merchant, `reserved` what is on its way out of it. ' +
        'Where the custody is `merchant_own` the wallet pays the merchant by itself and the figures ' +
        'are its turnover here, not a debt of the hub.',
      params: { merchant: 'mer' },
      status: 200,
      answer: balanceObject,
    },
    async ({ caller, params }) => {
      const at = await merchantAt(app, caller, params.merchant);
      const { accounts, posted, reserved, available } = await sellerBalance(app, at);
      const shown = accounts.map(({ wallet_account_id, ...rest }) => ({
        ...rest,
        wallet_account: wallet_account_id,
      }));
      const body = { object: 'balance', merchant: params.merchant, currency: 'CNY' };
      return { status: 200, body: { ...body, posted, reserved, available, accounts: shown } };
    },
  );
}

const MAX_DAYS = 366;
const DEFAULT_LINES = 100;
const MAX_CURSOR = 400;

const statementQuery = z.strictObject({
  from: dayField.optional(),
  to: dayField.optional().openapi({ description: 'the last day, included' }),
  format: z.enum(['json', 'csv']).default('json'),
  limit: pageFields.limit,
  cursor: z.string().max(MAX_CURSOR).optional(),
});

const statementObject = z
  .object({
    object: z.literal('statement'),
    merchant: form.id('mer'),
    from: z.string(),
    to: z.string(),
    currency: form.currency,
    opening_balance: form.signedAmount.openapi({ description: 'when `from` began, fen' }),
    closing_balance: form.signedAmount.openapi({ description: 'after `to`, fen' }),
    data: z.array(
      z.object({
        id: z.string().openapi({ description: 'The posting.' }),
        at: form.timestampOut,
        kind: z.enum(STATEMENT_KINDS),
        amount: form.signedAmount,
        balance: form.signedAmount,
        payment: z.string().nullable(),
        payout: z.string().nullable(),
        order_reference: z.string().nullable(),
        wallet: z.enum(WALLETS).nullable(),
      }),
    ),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
  })
  .openapi('Statement');

function statement(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/merchants/{merchant}/statements',
      roles: ROLES,
      tag: TAG,
      summary: 'A statement of a merchant’s money over business days, oldest line first',
      description:
        'The opening balance and every line make the closing balance, over all pages. With ' +
        `\`format=csv\` it is one file in yuan, for spreadsheets. At most ${MAX_DAYS} days; without ` +
        'them it is the month until yesterday.',
      params: { merchant: 'mer' },
      query: statementQuery,
      status: 200,
      answer: statementObject,
    },
    async ({ caller, params, query }) => {
      const to = query.to ?? lastFullDay(app);
      const from = query.from ?? firstOfMonth(to);
      if (to < from || to >= dayAfter(from, MAX_DAYS)) {
        const message = `to: must be from \`from\` on, for at most ${MAX_DAYS} days`;
        throw new Refusal('invalid_parameter', { param: 'to', message });
      }
      const at = { ...(await merchantAt(app, caller, params.merchant)), from, to };
      return query.format === 'csv' ? csv(app, at) : json(app, at, query);
    },
  );
}

function firstOfMonth(day: BusinessDate): BusinessDate {
  const first = `${day.slice(0, 7)}-01`;
  assert(isBusinessDate(first), `${day} is no day`);
  return first;
}

async function csv(app: App, at: StatementAt) {
  const name = `statement-${at.merchant_id}-${at.from}-${at.to}.csv`;
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Disposition': `attachment; filename="${name}"`,
    },
    stream: await statementCsv(app, at),
  };
}

async function json(
  app: App,
  at: StatementAt,
  { limit = DEFAULT_LINES, cursor }: { limit?: number | undefined; cursor?: string | undefined },
) {
  const place = cursor === undefined ? await openStatement(app, at) : parseCursor(cursor);
  const { lines, next, adds_up } = await readPage(app, at, place, limit);
  if (!adds_up && cursor !== undefined) throw wrongCursor();
  assert(adds_up, `the statement of ${at.merchant_id} from ${at.from} does not add up`);
  return {
    status: 200,
    body: {
      object: 'statement',
      merchant: at.merchant_id,
      from: at.from,
      to: at.to,
      currency: 'CNY',
      opening_balance: onWire(place.opening),
      closing_balance: onWire(place.closing),
      data: lines.map(renderLine),
      has_more: next !== undefined,
      next_cursor: next === undefined ? null : cursorOf(next),
    },
  };
}

function renderLine(line: ShownLine) {
  const { payment_id, payout_id, at, amount, balance: after, ...rest } = line;
  return {
    ...rest,
    at: at.toISOString(),
    amount: onWire(amount),
    balance: onWire(after),
    payment: payment_id,
    payout: payout_id,
  };
}
