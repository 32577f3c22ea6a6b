import type { Config } from '../config.ts';
import { type BusinessClock, openBusinessClock } from '../db/business-clock.ts';
import { migrate } from '../db/migrate.ts';
import { type Db, openDb } from '../db/pool.ts';
import { type KeptPostgres, keepPostgres } from '../db/postgres-supervisor.ts';
import { claimMode } from '../installation.ts';
import type { Logger } from '../log.ts';
import { tokenFor } from '../sandbox/guard.ts';
import { PEOPLE } from '../sandbox/phone/people.ts';
import { type Phone, startPhone } from '../sandbox/phone/phone.ts';
import { SANDBOX_WALLETS } from '../sandbox/sandbox.ts';
import { HUB, makeDatabase, postgresFolder } from './hub-database.ts';
import { type SandboxWallets, type SandboxWalletsOptions, startSandboxWallets } from './wallets.ts';

/**
 * The world around the hub: PostgreSQL, the wallets' sandboxes and the phone. It knows the hub
 * only by its database's clock, and outlives it.
 */
export interface World {
  readonly database_url: string;
  readonly clock: BusinessClock;
  readonly wallets: SandboxWallets;
  readonly phone: Phone;
  /** The sandboxes' own database, also used by the demo shops. */
  readonly db: Db;
  readonly postgres: KeptPostgres | undefined;
  stop(): Promise<void>;
}

interface Databases {
  readonly hub: string;
  readonly sandboxes: string | undefined;
  readonly postgres: KeptPostgres | undefined;
}

const SANDBOXES = { role: 'hutong_sandbox', database: 'hutong_sandbox' };

/** Makes the databases, each with an owner of its own that is no superuser. */
async function openDatabases(config: Config, log: Logger): Promise<Databases> {
  if (config.database_url !== undefined) {
    return { hub: config.database_url, sandboxes: undefined, postgres: undefined };
  }
  const postgres = await keepPostgres({ data_dir: postgresFolder(config), log });
  const admin = postgres.connectionString('postgres');
  for (const owned of [HUB, SANDBOXES]) await makeDatabase(admin, owned);
  return {
    hub: postgres.connectionString(HUB.database, HUB.role),
    sandboxes: postgres.connectionString(SANDBOXES.database, SANDBOXES.role),
    postgres,
  };
}

/** Ports 0 let the system choose (tests); otherwise phone, then each wallet, in one row. */
function ports(config: Config): { phone: number } & SandboxWalletsOptions['ports'] {
  const first = config.sandbox_port;
  if (first === 0) return { phone: 0 };
  const row = SANDBOX_WALLETS.map((wallet, index) => [wallet, first + 1 + index]);
  return { phone: first, ...Object.fromEntries(row) };
}

export async function startWorld(config: Config, log: Logger): Promise<World> {
  const databases = await openDatabases(config, log);
  await migrate(databases.hub, { log });
  const hubDb = openDb({ url: databases.hub, max_connections: 2, log, application_name: 'world' });
  await claimMode(hubDb, 'sandbox');
  const clock = await openBusinessClock(hubDb, log);
  // With DATABASE_URL the sandboxes keep their journal beside the hub's tables.
  const url = databases.sandboxes ?? databases.hub;
  const db = openDb({ url, max_connections: 4, log, application_name: 'sandboxes' });
  const { phone: phonePort, ...walletPorts } = ports(config);
  const token = tokenFor(config.host);
  const opened = token === undefined ? {} : { token };
  const wallets = await startSandboxWallets({ config, ports: walletPorts, clock, db, ...opened });
  const phone = await startPhone({
    host: config.host,
    port: phonePort,
    sandboxes: wallets.all,
    faults: wallets.faults,
    people: PEOPLE,
    clock,
    ...opened,
  });
  return {
    database_url: databases.hub,
    clock,
    wallets,
    phone,
    db,
    postgres: databases.postgres,
    async stop() {
      await phone.stop();
      await wallets.stop();
      clock.stop();
      await Promise.all([db.end(), hubDb.end()]);
      await databases.postgres?.stop();
    },
  };
}
