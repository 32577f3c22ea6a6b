import type { App } from '../../src/app.ts';
import type { Clock } from '../../src/clock.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { createDatabase, dropDatabase } from '../../src/db/postgres-admin.ts';
import { ulid } from '../../src/ids.ts';
import { createApp } from '../../src/wiring.ts';
import { type SandboxWallets, startSandboxWallets } from '../../src/world/wallets.ts';
import { type TestServer, urlOf } from '../support/test-server.ts';
import type { Bug } from './bugs.ts';
import { useStatements } from './engine/connections.ts';
import { virtualClock } from './engine/database-clock.ts';
import { LockWatch } from './engine/lock-watch.ts';
import { Network } from './engine/network.ts';
import { inProcess, outside, type SimulatedProcess } from './engine/process.ts';
import { Random } from './engine/random.ts';
import { realPid } from './engine/real.ts';
import { Scheduler } from './engine/scheduler.ts';
import { useNetwork } from './engine/servers.ts';
import { Statements } from './engine/statements.ts';
import { useSource } from './engine/virtual-time.ts';
import { Hub } from './hub.ts';
import { BEGINNING_MS } from './keys.ts';
import { type Parties, settleParties } from './parties.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly server: TestServer;
  /** Keys of wallets and of the hub, kept from seed to seed. */
  readonly data_dir: string;
  readonly bug?: Bug | undefined;
  readonly listener?: (line: string) => void;
}

/** Hub, wallets and shop of one seed, on a database of their own. */
export interface World {
  readonly seed: number;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly statements: Statements;
  readonly watch: LockWatch;
  readonly wallets: SandboxWallets;
  readonly hubs: readonly Hub[];
  /** Reads the database from outside, at any moment, without a gate. */
  readonly auditor: App;
  readonly clock: Clock;
  readonly hub_url: string;
  readonly parties: Parties;
  /** Processes that never die: the shop, and the wallets with their payers. */
  readonly shop: SimulatedProcess;
  readonly wallets_process: SimulatedProcess;
  /** Moves business time, everybody's. */
  advance(by_ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** Seeds have times of their own: ids that an earlier one made in this process lie behind. */
const SLOT_MS = 6 * 3_600_000;
const SLOTS = 1_000;
const HUB_PORT = 20_000;
/** So far a hub's clock is from the others' at most. */
const SKEW_MS = 2_000;
const DB_SETTINGS = {
  // The simulation's now() stands before the database's.
  search_path: 'public,pg_catalog',
  // Counted by a clock that is not the simulation's: a transaction stands still for as long as the
  // seed wants, which is longer on a slow machine.
  idle_in_transaction_session_timeout: '0',
};

export async function openWorld(options: WorldOptions): Promise<World> {
  const { seed, server } = options;
  const random = new Random(`hutong ${seed}`);
  const start_ms = BEGINNING_MS + (1 + (seed % SLOTS)) * SLOT_MS;
  const { listener } = options;
  const scheduler = new Scheduler({ random, start_ms, ...(listener ? { listener } : {}) });
  const name = `simulation_${realPid}_${seed}`;
  await createDatabase(server.url, { name, template: server.template });
  const url = urlOf(server.url, name);
  const watch = await LockWatch.open(url);
  await virtualClock(watch, start_ms);
  const statements = new Statements({ scheduler, random, watch });
  const network = new Network({ scheduler, random });
  const source = { scheduler, random: random.stream('set-up') };
  useSource(source);
  useStatements(statements);
  useNetwork(network);
  const wallets_process: SimulatedProcess = { name: 'wallets', alive: true };
  const hub_url = `http://127.0.0.1:${HUB_PORT}`;
  const config = configOf(options, random.stream('config'));
  let offset_ms = 0;
  const clock: Clock = { now: () => new Date(Date.now() + offset_ms), real: () => new Date() };
  const wallets = await running(scheduler, () =>
    inProcess(wallets_process, () => startSandboxWallets({ config, clock, seed })),
  );
  source.random = random.stream('run');
  beginIds(source.random, start_ms);
  const common = { config, database_url: url, public_url: hub_url, db_settings: DB_SETTINGS };
  const auditor = await outside(() => createApp({ ...common, name: 'auditor', clock }));
  const parties = await outside(() =>
    settleParties(auditor.app, wallets, random.stream('parties')),
  );
  const paces = random.stream('paces');
  const paces_ms = [paces.pick([1_500, 3_000]), paces.pick([6_000, 12_000])] as const;
  const { bug } = options;
  const inside = { scheduler, statements, network, bug, paces_ms };
  const skews = random.stream('skews');
  const hubs = hubNames(random.stream('hubs')).map((hub) => {
    const skew_ms = skews.pick([0, skews.below(2 * SKEW_MS) - SKEW_MS]);
    const askew = { ...clock, now: () => new Date(clock.now().getTime() + skew_ms) };
    return new Hub({ ...common, ...inside, name: hub, clock: askew });
  });
  network.share(HUB_PORT, () => hubs.map(({ port }) => port));
  return {
    seed,
    random,
    scheduler,
    network,
    statements,
    watch,
    wallets,
    hubs,
    auditor: auditor.app,
    clock,
    hub_url,
    parties,
    shop: { name: 'shop', alive: true },
    wallets_process,
    async advance(by_ms) {
      offset_ms += by_ms;
      await watch.query('update installation set clock_offset_ms = $1', [offset_ms]);
    },
    async stop() {
      for (const hub of hubs) await hub.crash();
      useNetwork(undefined);
      useStatements(undefined);
      useSource(undefined);
      await outside(() => auditor.stop());
      await watch.end();
      await dropDatabase(server.url, name);
    },
  };
}

function hubNames(random: Random): string[] {
  return random.chance(0.4) ? ['hub-a', 'hub-b'] : ['hub-a'];
}

function configOf({ data_dir }: WorldOptions, random: Random): Config {
  return loadConfig({
    HUTONG_DATA_DIR: data_dir,
    HUTONG_LOG_LEVEL: process.env['SIMULATION_LOG'] ?? 'silent',
    HUTONG_RATE_LIMIT: '1000000',
    HUTONG_RETRY_PACE: random.pick(['0.005', '0.02']),
    HUTONG_NOTIFY_PACE: '0.0002',
    HUTONG_JOB_POLL_MS: random.pick(['1000', '5000']),
    HUTONG_JOB_LEASE_MS: random.pick(['2000', '10000']),
    HUTONG_WALLET_TIMEOUT_MS: random.pick(['500', '1500', '3000']),
    HUTONG_DB_CONNECTIONS: random.pick(['3', '4', '8']),
  });
}

/** Lets code run that waits for the machine and for nothing simulated. */
async function running<T>(scheduler: Scheduler, begin: () => Promise<T>): Promise<T> {
  let over = false;
  const work = begin().finally(() => {
    over = true;
  });
  while (!over) await scheduler.settle();
  return work;
}

const POOL_BYTES = 4_096;

/**
 * Brings `src/ids.ts` into one and the same state, whatever an earlier seed has left in it: its
 * pool of random bytes is used up twice (the second time in equal steps), then a new time begins.
 */
function beginIds(random: Random, start_ms: number): void {
  let fills = 0;
  const bytes = random.bytes.bind(random);
  random.bytes = (count) => {
    if (count === POOL_BYTES) fills += 1;
    return bytes(count);
  };
  while (fills < 2) ulid(start_ms);
  random.bytes = bytes;
  ulid(start_ms + 1);
}
