import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withClient } from './postgres-admin.ts';
import { CLUSTER_ID_FILE, type Cluster, prepareCluster } from './postgres-cluster.ts';
import { ClusterInUse } from './postgres-lock.ts';
import { sleep } from './postgres-process.ts';
import { socketUrl, startPostgres } from './postgres-server.ts';

/** An embedded PostgreSQL that some other process may be running. */
export interface AttachedPostgres {
  connectionString(database: string, user?: string): string;
  /** Ends the server only if it was started for this. */
  release(): Promise<void>;
}

const PATIENCE_MS = 20_000;
/** Whoever keeps a server that was killed starts it again at once. */
const KEEPER_MS = 2_000;
const AGAIN_MS = 100;
/** It is there, and still replaying its log. */
const STARTING = '57P03';

/** True when a start has made a cluster for this folder. */
export function hasCluster(data_dir: string): boolean {
  return existsSync(join(data_dir, 'cluster')) || existsSync(join(data_dir, CLUSTER_ID_FILE));
}

/**
 * Uses the server of this folder when one runs or is being started again, else starts it; makes
 * the cluster if need be.
 */
export async function attachPostgres(data_dir: string): Promise<AttachedPostgres> {
  if (!hasCluster(data_dir)) return start(data_dir);
  const cluster = prepareCluster(data_dir, { durable: true });
  const begun = performance.now();
  // A living keeper starts it again: a command that did so instead would take it away from it.
  let kept = false;
  for (;;) {
    const state = await look(cluster);
    const waited_ms = performance.now() - begun;
    if (state === 'running') {
      return {
        connectionString: (database, user) => socketUrl(cluster.socket_dir, database, user),
        release: () => Promise.resolve(),
      };
    }
    if (!kept && (state === 'stopped' || (state === 'killed' && waited_ms > KEEPER_MS))) {
      try {
        return await start(data_dir);
      } catch (error) {
        if (!(error instanceof ClusterInUse)) throw error;
        kept = true;
      }
    }
    if (waited_ms > PATIENCE_MS) throw new Error(`PostgreSQL in ${data_dir} does not get ready`);
    await sleep(AGAIN_MS);
  }
}

async function start(data_dir: string): Promise<AttachedPostgres> {
  const server = await startPostgres({ data_dir });
  return {
    connectionString: (database, user) => server.connectionString(database, user),
    release: () => server.stop(),
  };
}

/** A server that was stopped takes its `postmaster.pid` along; one that was killed leaves it. */
async function look(cluster: Cluster): Promise<'running' | 'starting' | 'killed' | 'stopped'> {
  try {
    const url = socketUrl(cluster.socket_dir, 'postgres');
    await withClient(url, (client) => client.query('select 1'));
    return 'running';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === STARTING) return 'starting';
    return existsSync(join(cluster.folder, 'postmaster.pid')) ? 'killed' : 'stopped';
  }
}
