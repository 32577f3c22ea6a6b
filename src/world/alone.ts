import { type Db, openDb } from '../db/pool.ts';
import { createDatabase, createRole } from '../db/postgres-admin.ts';
import { type KeptPostgres, keepPostgres } from '../db/postgres-supervisor.ts';
import type { Logger } from '../log.ts';
import { tokenFor } from '../sandbox/guard.ts';
import { PEOPLE } from '../sandbox/phone/people.ts';
import { type Phone, startPhone } from '../sandbox/phone/phone.ts';
import { openPostgresJournal } from '../sandbox/postgres-journal.ts';
import { SANDBOX_WALLETS, type SandboxWallet } from '../sandbox/sandbox.ts';
import { memoryJournal, SandboxStore } from '../sandbox/store.ts';
import { type OwnClock, openOwnClock } from './own-clock.ts';
import { type SandboxWallets, startSandboxWallets } from './wallets.ts';

/** The wallets and the phone without any hub: for people who use none of the rest. */
export interface AloneOptions {
  readonly wallets: readonly SandboxWallet[];
  readonly host: string;
  /** Of the phone; each wallet has its place in the row behind it. 0 lets the system choose. */
  readonly port: number;
  readonly data_dir: string;
  /** Books in memory only: gone when it ends. */
  readonly memory: boolean;
  readonly notify_pace: number;
  readonly rate_limits: boolean;
  readonly seed?: number;
  readonly log: Logger;
}

export interface Alone {
  readonly wallets: SandboxWallets;
  readonly phone: Phone;
  readonly clock: OwnClock;
  /** Opens phone and developers' pages off loopback; undefined on loopback. */
  readonly token: string | undefined;
  readonly postgres: KeptPostgres | undefined;
  stop(): Promise<void>;
}

/** Apart from the one of `hutong start`, whose clock is the hub's. */
const OWN = { role: 'hutong_alone', database: 'hutong_alone' };

export async function startAlone(options: AloneOptions): Promise<Alone> {
  const books = options.memory ? undefined : await openBooks(options);
  try {
    return await startOn(books, options);
  } catch (error) {
    await books?.stop();
    throw error;
  }
}

interface Books {
  readonly db: Db;
  readonly postgres: KeptPostgres;
  stop(): Promise<void>;
}

async function openBooks({ data_dir, log }: AloneOptions): Promise<Books> {
  const postgres = await keepPostgres({ data_dir: `${data_dir}/postgres`, log });
  const admin = postgres.connectionString('postgres');
  await createRole(admin, { name: OWN.role });
  await createDatabase(admin, { name: OWN.database, owner: OWN.role });
  const url = postgres.connectionString(OWN.database, OWN.role);
  const db = openDb({ url, max_connections: 4, log, application_name: 'sandboxes' });
  return {
    db,
    postgres,
    stop: async () => {
      await db.end();
      await postgres.stop();
    },
  };
}

async function startOn(books: Books | undefined, options: AloneOptions): Promise<Alone> {
  const { host, port, data_dir, notify_pace, rate_limits, seed } = options;
  const journal = books ? await openPostgresJournal(books.db, 'clock') : memoryJournal;
  const clockStore = await SandboxStore.open(journal);
  const clock = openOwnClock(clockStore);
  const token = tokenFor(host);
  const wallets = await startSandboxWallets({
    config: { host, data_dir, notify_pace },
    ports: portsFrom(port),
    clock,
    only: options.wallets,
    rate_limits,
    ...(books ? { db: books.db } : {}),
    ...(seed === undefined ? {} : { seed }),
    ...(token === undefined ? {} : { token }),
  });
  const phone = await startPhone({
    host,
    port,
    sandboxes: wallets.all,
    faults: wallets.faults,
    people: PEOPLE,
    clock,
    ...(token === undefined ? {} : { token }),
  }).catch(async (error: unknown) => {
    await wallets.stop();
    throw error;
  });
  return {
    wallets,
    phone,
    clock,
    token,
    postgres: books?.postgres,
    async stop() {
      await phone.stop();
      await wallets.stop();
      await clockStore.stop();
      await books?.stop();
    },
  };
}

/** Each wallet keeps its place in the row, whichever of them run. */
function portsFrom(first: number): Record<SandboxWallet, number> {
  const place = (index: number) => (first === 0 ? 0 : first + 1 + index);
  const entries = SANDBOX_WALLETS.map((wallet, index) => [wallet, place(index)] as const);
  return Object.fromEntries(entries) as Record<SandboxWallet, number>;
}
