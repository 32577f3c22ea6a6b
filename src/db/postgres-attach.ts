import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withClient } from './postgres-admin.ts';
import { CLUSTER_ID_FILE, prepareCluster } from './postgres-cluster.ts';
import { sleep } from './postgres-process.ts';
import { type PostgresServer, socketUrl, startPostgres } from './postgres-server.ts';

/** An embedded PostgreSQL that some other process may be running. */
export interface AttachedPostgres {
  connectionString(database: string, user?: string): string;
  /** Ends the server only if it was started for this. */
  release(): Promise<void>;
}

const TRIES = 50;
const AGAIN_MS = 200;
/** It is there, and still replaying its log. */
const STARTING = '57P03';

/** True when a start has made a cluster for this folder. */
export function hasCluster(data_dir: string): boolean {
  return existsSync(join(data_dir, 'cluster')) || existsSync(join(data_dir, CLUSTER_ID_FILE));
}

/** Uses the server of this folder when one runs, else starts it; makes the cluster if need be. */
export async function attachPostgres(data_dir: string): Promise<AttachedPostgres> {
  const running = hasCluster(data_dir) ? await findRunning(data_dir) : undefined;
  if (running) return { ...running, release: () => Promise.resolve() };
  const server = await startPostgres({ data_dir });
  return {
    connectionString: (database, user) => server.connectionString(database, user),
    release: () => server.stop(),
  };
}

async function findRunning(
  data_dir: string,
): Promise<Pick<PostgresServer, 'connectionString'> | undefined> {
  const { socket_dir } = prepareCluster(data_dir, { durable: true });
  const connectionString: PostgresServer['connectionString'] = (database, user) =>
    socketUrl(socket_dir, database, user);
  for (let nth = 0; nth < TRIES; nth += 1) {
    try {
      await withClient(connectionString('postgres'), (client) => client.query('select 1'));
      return { connectionString };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === STARTING)) return undefined;
    }
    await sleep(AGAIN_MS);
  }
  return undefined;
}
