import { sleep } from './postgres-process.ts';
import { type PostgresOptions, type PostgresServer, startPostgres } from './postgres-server.ts';

/** An embedded PostgreSQL that is started again whenever it dies. */
export interface KeptPostgres {
  /** Stays the same across restarts. */
  connectionString(database: string, user?: string): string;
  /** Of the present server. */
  pid(): number;
  restarts(): number;
  stop(): Promise<void>;
  /** Resolves, with the last reason, when it died too often and was given up. */
  failed(): Promise<Error>;
}

const MOST_RESTARTS = 10;
const WITHIN_MS = 60_000;
const PAUSE_MS = 500;

/** Starts PostgreSQL and keeps it running: at most 10 restarts in a minute, then it gives up. */
export async function keepPostgres(options: PostgresOptions): Promise<KeptPostgres> {
  let server = await startPostgres(options);
  let stopping = false;
  let restarts = 0;
  let settled: Promise<void> = Promise.resolve();
  const recent: number[] = [];
  let giveUp: (reason: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => {
    giveUp = resolve;
  });

  async function restart(): Promise<void> {
    let reason: unknown = new Error('PostgreSQL keeps dying');
    while (!stopping) {
      const now = Date.now();
      while ((recent[0] ?? now) < now - WITHIN_MS) recent.shift();
      if (recent.push(now) > MOST_RESTARTS) {
        giveUp(reason instanceof Error ? reason : new Error(String(reason)));
        return;
      }
      try {
        server = await startPostgres(options);
        restarts += 1;
        watch(server);
        return;
      } catch (error) {
        reason = error;
        options.log?.warn({ err: error }, 'PostgreSQL does not start; trying again');
        await sleep(PAUSE_MS);
      }
    }
  }

  function watch(watched: PostgresServer): void {
    void watched.killed().then(({ code, signal }) => {
      options.log?.warn({ pid: watched.pid, code, signal }, 'PostgreSQL died; starting it again');
      settled = restart();
    });
  }

  watch(server);
  return {
    connectionString: (database, user) => server.connectionString(database, user),
    pid: () => server.pid,
    restarts: () => restarts,
    stop: async () => {
      stopping = true;
      await settled;
      await server.stop();
    },
    failed: () => failed,
  };
}
