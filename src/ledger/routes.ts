import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { brokenLaws, type Violation } from '../check/run.ts';
import { type Queryable, sql } from '../db/pool.ts';
import { type Route, route } from '../http/route.ts';
import type { Book } from '../ids.ts';
import { MONEY_LAWS } from '../laws/every.ts';
import { ACCOUNT_LAWS } from '../laws/ledger.ts';
import { WALLETS } from '../wallets/wallet.ts';
import { accountRoute } from './account-route.ts';
import { chainRoute } from './chain/routes.ts';

/** What operations see of the ledger: its sum, what each wallet owes, and the broken laws. */
const TRIED = ['accounts', 'money'] as const;
const signedAmount = z.int().openapi({ type: 'integer', format: 'int64', description: 'fen' });

const ledgerObject = z
  .object({
    object: z.literal('ledger'),
    currency: z.literal('CNY'),
    sum: signedAmount.openapi({ description: 'All debits less all credits: always 0.' }),
    wallets: z.array(
      z.object({
        wallet_account: z.string(),
        wallet: z.enum(WALLETS),
        wallet_merchant: z.string(),
        balance: signedAmount.openapi({ description: 'Paid less refunded, less payouts, fen.' }),
        reserved: signedAmount.openapi({ description: 'Refunds on their way, fen.' }),
      }),
    ),
    accounts: z
      .array(
        z.object({
          kind: z
            .string()
            .openapi({ description: 'What its name begins with: `merchant`, `hold`…' }),
          count: z.int(),
          debits: signedAmount.openapi({ description: 'Posted, fen.' }),
          credits: signedAmount.openapi({ description: 'Posted, fen.' }),
          reserved: signedAmount.openapi({ description: 'Pending debits, fen.' }),
        }),
      )
      .openapi({ description: 'All accounts of all books, by kind.' }),
    laws: z.enum(TRIED).openapi({ description: 'Which laws were tried.' }),
    violations: z.array(z.object({ law: z.string(), detail: z.string() })),
  })
  .openapi('Ledger');

interface Totals {
  readonly book: Book;
  readonly kind: string;
  /** Of a wallet's own account. */
  readonly wallet_account: string | null;
  readonly count: bigint;
  readonly debits: bigint;
  readonly credits: bigint;
  readonly debits_pending: bigint;
  readonly credits_pending: bigint;
  readonly below_floor: bigint;
}

/** One look at each account: no posting is read, however many there are. */
async function selectTotals(db: Queryable): Promise<Totals[]> {
  return db.query<Totals>(sql`
    select book, split_part(id, ':', 1) as kind,
      case when starts_with(id, 'wallet:') then substr(id, 8) end as wallet_account, count(*),
      sum(debits_posted)::bigint as debits, sum(credits_posted)::bigint as credits,
      sum(debits_pending)::bigint as debits_pending, sum(credits_pending)::bigint as credits_pending,
      count(*) filter (where floor > case normal
        when 'credit' then credits_posted - debits_posted - debits_pending
        else debits_posted - credits_posted - credits_pending end) as below_floor
    from ledger_accounts group by 1, 2, 3 order by 2, 1, 3`);
}

interface WalletRow {
  readonly wallet_account: string;
  readonly wallet: string;
  readonly wallet_merchant: string;
}

async function selectWallets(db: Queryable): Promise<WalletRow[]> {
  return db.query<WalletRow>(sql`
    select id as wallet_account, wallet, wallet_merchant from wallet_accounts order by id`);
}

function sumOf(rows: readonly Totals[], of: (row: Totals) => bigint): bigint {
  return rows.reduce((sum, row) => sum + of(row), 0n);
}

function walletLine(wallet: WalletRow, totals: readonly Totals[]) {
  const own = totals.filter(({ wallet_account }) => wallet_account === wallet.wallet_account);
  return {
    ...wallet,
    balance: sumOf(own, ({ debits, credits }) => debits - credits),
    reserved: sumOf(own, ({ credits_pending }) => credits_pending),
  };
}

function kindLine(kind: string, totals: readonly Totals[]) {
  const own = totals.filter((row) => row.kind === kind);
  return {
    kind,
    count: Number(sumOf(own, ({ count }) => count)),
    debits: sumOf(own, ({ debits }) => debits),
    credits: sumOf(own, ({ credits }) => credits),
    reserved: sumOf(own, ({ debits_pending }) => debits_pending),
  };
}

/** The totals tell when nothing is broken; rows are looked for only when something is. */
async function brokenAccounts(db: Queryable, totals: readonly Totals[]): Promise<Violation[]> {
  const books = [...new Set(totals.map(({ book }) => book))];
  const even = books.every((of) => {
    const own = totals.filter(({ book }) => book === of);
    const posted = sumOf(own, ({ debits, credits }) => debits - credits);
    const pending = sumOf(own, (row) => row.debits_pending - row.credits_pending);
    return posted === 0n && pending === 0n;
  });
  if (even && totals.every(({ below_floor }) => below_floor === 0n)) return [];
  return brokenLaws(db, ACCOUNT_LAWS);
}

const query = z.strictObject({
  laws: z
    .enum(TRIED)
    .optional()
    .openapi({
      description:
        '`accounts` when absent: sums and floors, from the balances. `money`: every law about money, ' +
        'which reads all payments and postings; for millions of them take `hutong check`.',
    }),
});

export function ledgerRoutes(app: App): Route[] {
  return [
    chainRoute(app),
    accountRoute(app),
    route(
      {
        method: 'GET',
        path: '/v1/ledger',
        roles: ['operator'],
        tag: 'Ledger',
        summary: 'The ledger’s sum, what each wallet owes, and any law that is broken',
        query,
        status: 200,
        answer: ledgerObject,
      },
      async ({ query: { laws = 'accounts' } }) => {
        const totals = await selectTotals(app.db);
        const [wallets, violations] = await Promise.all([
          selectWallets(app.db),
          laws === 'money' ? brokenLaws(app.db, MONEY_LAWS) : brokenAccounts(app.db, totals),
        ]);
        const body = {
          object: 'ledger',
          currency: 'CNY',
          sum: sumOf(totals, ({ debits, credits }) => debits - credits),
          wallets: wallets.map((wallet) => walletLine(wallet, totals)),
          accounts: [...new Set(totals.map(({ kind }) => kind))].map((kind) =>
            kindLine(kind, totals),
          ),
          laws,
          violations,
        };
        return { status: 200, body };
      },
    ),
  ];
}
