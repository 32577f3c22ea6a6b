import type { App } from './app.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { type BusinessClock, openBusinessClock } from './db/business-clock.ts';
import { type Db, openDb } from './db/pool.ts';
import { createJobs } from './jobs/engine.ts';
import { createLedger, WRITER_POOL } from './ledger/writer/writer.ts';
import { createLog } from './log.ts';
import { Outbound } from './outbound.ts';
import { publicAddressesOnly } from './outbound-guard.ts';
import { createVault, readMasterKey } from './vault.ts';
import { allConnectors } from './wallets/connectors.ts';
import { createWallets } from './wallets/registry.ts';
import type { Wallet, WalletEnvironment } from './wallets/wallet.ts';
import { publishEvents } from './webhooks/publish.ts';

/** The one wiring function: builds an App from its configuration; tests override members. */
export interface AppOptions {
  readonly config: Config;
  readonly database_url: string;
  readonly name: string;
  readonly public_url: string;
  readonly clock?: Clock;
  readonly connectors?: (environment: WalletEnvironment) => readonly Wallet[];
  /** Extra settings of every database connection (tests of row-level security). */
  readonly db_settings?: Readonly<Record<string, string>>;
}

export interface BuiltApp {
  readonly app: App;
  /** Lets running work finish, then closes every socket and connection. */
  stop(): Promise<void>;
}

export async function createApp(options: AppOptions): Promise<BuiltApp> {
  const { config } = options;
  const log = createLog({ level: config.log_level, name: options.name });
  const db = openDb({
    url: options.database_url,
    max_connections: config.db_connections,
    log,
    ...(options.db_settings ? { settings: options.db_settings } : {}),
  });
  const clock = await openClock(db, options);
  const create = config.mode === 'sandbox';
  const vault = createVault(readMasterKey(config.master_key_file, { create }));
  const environment = { real: () => new Date(), timeout_ms: config.wallet_timeout_ms };
  const connectors = (options.connectors ?? allConnectors)(environment);
  const wallets = createWallets({ db, vault, connectors });
  const jobs = createJobs({
    db,
    log,
    lease_ms: config.job_lease_ms,
    poll_ms: config.job_poll_ms,
    retry_pace: config.retry_pace,
  });
  // The ledger's writer has connections of its own: nobody can starve it of the shared pool.
  const writerDb = openDb({
    ...WRITER_POOL,
    url: options.database_url,
    log,
    application_name: 'hutong writer',
    settings: { ...WRITER_POOL.settings, ...options.db_settings },
  });
  const ledger = createLedger({
    db: writerDb,
    log,
    publishEvents,
    enqueueJobs: (tx, list) => jobs.enqueue(tx, list),
    wake: () => jobs.wake(),
  });
  const outbound = new Outbound({
    allow: publicAddressesOnly({ allow_loopback: config.mode === 'sandbox' }),
  });
  const { public_url } = options;
  const app: App = { config, log, db, clock, vault, public_url, wallets, ledger, jobs, outbound };
  return {
    app,
    async stop() {
      await jobs.stop();
      await ledger.stop();
      wallets.stop();
      outbound.stop();
      if ('stop' in clock) clock.stop();
      await Promise.all([db.end(), writerDb.end()]);
    },
  };
}

async function openClock(db: Db, options: AppOptions): Promise<Clock | BusinessClock> {
  return options.clock ?? openBusinessClock(db);
}
