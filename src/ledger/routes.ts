import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { brokenLaws } from '../check/run.ts';
import { type Queryable, sql } from '../db/pool.ts';
import { type Route, route } from '../http/route.ts';
import { MONEY_LAWS } from '../laws/every.ts';
import { WALLETS } from '../wallets/wallet.ts';
import { chainRoute } from './chain/routes.ts';

/** What operations see of the ledger: its sum, what each wallet owes, and the broken laws. */
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
        balance: signedAmount.openapi({ description: 'Paid less refunded, fen.' }),
        reserved: signedAmount.openapi({ description: 'Refunds on their way, fen.' }),
      }),
    ),
    violations: z.array(z.object({ law: z.string(), detail: z.string() })),
  })
  .openapi('Ledger');

interface WalletRow {
  wallet_account: string;
  wallet: string;
  wallet_merchant: string;
  balance: bigint;
  reserved: bigint;
}

/** Over all books; the accounts are few, one per book and wallet account. */
async function selectWallets(db: Queryable): Promise<WalletRow[]> {
  return db.query<WalletRow>(sql`
    select w.id as wallet_account, w.wallet, w.wallet_merchant,
      coalesce(sum(a.debits_posted - a.credits_posted), 0)::bigint as balance,
      coalesce(sum(a.credits_pending), 0)::bigint as reserved
    from wallet_accounts w
    left join ledger_accounts a on a.id = 'wallet:' || w.id
    group by w.id, w.wallet, w.wallet_merchant order by w.id`);
}

async function selectSum(db: Queryable): Promise<bigint> {
  const [row] = await db.query<{ sum: bigint }>(sql`
    select coalesce(sum(debits_posted - credits_posted), 0)::bigint as sum from ledger_accounts`);
  return row?.sum ?? 0n;
}

export function ledgerRoutes(app: App): Route[] {
  return [
    chainRoute(app),
    route(
      {
        method: 'GET',
        path: '/v1/ledger',
        roles: ['operator'],
        tag: 'Ledger',
        summary: 'The ledger’s sum, what each wallet owes, and any law that is broken',
        status: 200,
        answer: ledgerObject,
      },
      async () => {
        const [sum, wallets, violations] = await Promise.all([
          selectSum(app.db),
          selectWallets(app.db),
          brokenLaws(app.db, MONEY_LAWS),
        ]);
        const body = { object: 'ledger', currency: 'CNY', sum, wallets, violations };
        return { status: 200, body };
      },
    ),
  ];
}
