import { dirname } from 'node:path';
import { type Cluster, prepareCluster, SUPERUSER } from './postgres-cluster.ts';
import { lockCluster } from './postgres-lock.ts';
import { type Exit, type RunningPostgres, runPostgres, stopOrphan } from './postgres-process.ts';

/** What the launcher says; a pino logger fits. */
export interface PostgresLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface PostgresOptions {
  /** Kept across starts; made when missing. */
  readonly data_dir: string;
  /** `postgres -c name=value`, over our own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** False only for throw-away test databases: nothing is flushed to the disk. Default true. */
  readonly durable?: boolean;
  readonly log?: PostgresLog;
}

export type StopMode = 'smart' | 'fast' | 'immediate';

export interface PostgresServer {
  readonly socket_dir: string;
  /** Names the socket file only; no TCP port is open. */
  readonly port: number;
  /** The superuser, for creating roles and databases; the hub uses a role of its own. */
  readonly user: string;
  readonly pid: number;
  connectionString(database: string, user?: string): string;
  /** Ends the server; resolves when it is gone. `fast` cuts connections, `smart` waits for them. */
  stop(mode?: StopMode): Promise<void>;
  /**
   * Resolves when the server ended although nobody called `stop` (killed, crashed). The same
   * `startPostgres` call then starts it again with its data.
   */
  killed(): Promise<Exit>;
}

const PORT = 5432;
const SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
const STOP_LIMIT_MS = 30_000;

const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  shared_buffers: '32MB',
  max_wal_size: '256MB',
  min_wal_size: '32MB',
  // Parallel readers and JIT only cost memory at this size.
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  // Plans made while a table is empty are poor ones, and last until there are statistics.
  autovacuum_naptime: '5s',
  // The whole of it is in memory, or on a solid-state disk.
  random_page_cost: '1.1',
  io_method: 'sync',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Errors of statements reach the hub as errors; logging them here would leak row contents.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_line_prefix: '',
  cluster_name: 'hutong',
};

const NOT_DURABLE = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Its workers are the superuser's: an ordinary role could not drop a database under them.
  autovacuum: 'off',
};

/**
 * Starts the embedded PostgreSQL of `data_dir`, on a Unix socket that only its owner can reach.
 * Works as root (the server then runs as `nobody`) and as an ordinary user; takes over from an
 * orphan; ends with this process.
 * @throws an Error whose message says what to do.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const durable = options.durable ?? true;
  const cluster = prepareCluster(options.data_dir, { durable });
  const unlock = lockCluster(dirname(cluster.folder));
  try {
    const orphan = await stopOrphan(cluster);
    if (orphan !== undefined) {
      options.log?.warn({ pid: orphan }, 'stopped the PostgreSQL that an earlier run left behind');
    }
    const settings = {
      ...SETTINGS,
      ...(durable ? {} : NOT_DURABLE),
      ...options.settings,
      unix_socket_directories: cluster.socket_dir,
      port: String(PORT),
    };
    const running = await runPostgres(cluster, settings, (line) => sayLine(line, options.log));
    options.log?.info({ pid: running.pid, folder: cluster.folder }, 'PostgreSQL is ready');
    return serve(cluster, running, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function sayLine(line: string, log: PostgresLog | undefined): void {
  const serious = /^(FATAL|PANIC):/.test(line);
  if (serious) log?.warn({ postgres: line }, 'PostgreSQL reports');
  else log?.debug({ postgres: line }, 'PostgreSQL says');
}

function serve(cluster: Cluster, running: RunningPostgres, unlock: () => void): PostgresServer {
  let stopping = false;
  // Where the kernel has no death signal, a regular exit still takes the server along.
  const atExit = () => running.child.kill('SIGINT');
  process.once('exit', atExit);
  const ended = running.ended.then((exit) => {
    process.removeListener('exit', atExit);
    unlock();
    return exit;
  });
  const killed = new Promise<Exit>((resolve) => {
    void ended.then((exit) => {
      if (!stopping) resolve(exit);
    });
  });
  return {
    socket_dir: cluster.socket_dir,
    port: PORT,
    user: SUPERUSER,
    pid: running.pid,
    connectionString: (database, user) => socketUrl(cluster.socket_dir, database, user),
    stop: async (mode = 'fast') => {
      stopping = true;
      running.child.ref();
      running.child.kill(SIGNALS[mode]);
      // A server that does not stop recovers from its log; one that hangs helps nobody.
      const impatient = setTimeout(() => running.child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(impatient);
    },
    killed: () => killed,
  };
}

/** By default as the superuser. */
export function socketUrl(socket_dir: string, database: string, user = SUPERUSER): string {
  const host = encodeURIComponent(socket_dir);
  return `postgresql://${encodeURIComponent(user)}@localhost/${encodeURIComponent(database)}?host=${host}`;
}
