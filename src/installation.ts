import type { App } from './app.ts';
import type { Config } from './config.ts';
import { type Queryable, sql } from './db/pool.ts';
import { checkWalletAccount } from './wallet-accounts/check.ts';

const UNDEFINED_TABLE = '42P01';

/**
 * An installation is sandbox or production for good: its database says which, from the first start
 * on. @throws an Error naming the setting when this start wants the other.
 */
export async function claimMode(db: Queryable, mode: Config['mode']): Promise<void> {
  await db
    .query(sql`insert into installation (mode) values (${mode}) on conflict do nothing`)
    .catch((cause: unknown) => {
      const bare = cause instanceof Error && 'code' in cause && cause.code === UNDEFINED_TABLE;
      throw bare
        ? new Error('the database has no schema yet: run "hutong migrate"', { cause })
        : cause;
    });
  const [row] = await db.query<{ mode: string }>(sql`select mode from installation`);
  if (row?.mode === mode) return;
  throw new Error(
    `this database belongs to a ${row?.mode ?? 'nameless'} installation, for good: ` +
      `set HUTONG_MODE=${row?.mode ?? 'sandbox'}, or DATABASE_URL to a database of its own`,
  );
}

/**
 * Production starts only when it can be trusted with money. @throws an Error that lists everything
 * that is missing, each with the setting to change.
 */
export async function refuseUnready(app: App): Promise<void> {
  if (app.config.mode !== 'production') return;
  const faults = [...settingFaults(app.config), ...(await accountFaults(app))];
  if (faults.length === 0) return;
  throw new Error(`production cannot start:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
}

function settingFaults(config: Config): string[] {
  const faults: string[] = [];
  if (config.database_url === undefined) {
    faults.push('DATABASE_URL: set it; the embedded PostgreSQL is for sandboxes');
  }
  if (!config.public_url?.startsWith('https://')) {
    faults.push('HUTONG_PUBLIC_URL: set it to the https address that shoppers and wallets reach');
  }
  if (config.notify_pace !== 1 || config.retry_pace !== 1) {
    faults.push('HUTONG_RETRY_PACE, HUTONG_NOTIFY_PACE: leave them unset; they are for tests');
  }
  return faults;
}

/** Every active wallet account, proven by asking its wallet. */
async function accountFaults(app: App): Promise<string[]> {
  const accounts = await app.db.query<{ id: string; name: string }>(sql`
    select id, name from wallet_accounts where state = 'active' order by id`);
  const faults: string[] = [];
  for (const { id, name } of accounts) {
    const { checks } = await checkWalletAccount(app, id);
    for (const check of checks) {
      if (!check.ok) faults.push(`wallet account ${id} (${name}): ${check.message}`);
    }
  }
  return faults;
}
