import type { Config } from '../config.ts';
import { createDatabase, createRole } from '../db/postgres-admin.ts';
import { attachPostgres, hasCluster } from '../db/postgres-attach.ts';

/**
 * The hub's database of this installation, for commands beside a hub that may be running: at
 * DATABASE_URL, or in the embedded PostgreSQL of the data folder.
 */
export interface HubDatabase {
  readonly url: string;
  /** Of a role that may make databases, if any is known to. */
  readonly admin_url: string;
  /** Another database of the same server, as the same role. */
  urlOf(database: string): string;
  readonly role: string | undefined;
  release(): Promise<void>;
}

export interface OwnedDatabase {
  readonly role: string;
  readonly database: string;
}

export const HUB: OwnedDatabase = { role: 'hutong_hub', database: 'hutong' };

export function postgresFolder(config: Pick<Config, 'data_dir'>): string {
  return `${config.data_dir}/postgres`;
}

/** A database and its owner, unless they are there. */
export async function makeDatabase(admin_url: string, owned: OwnedDatabase): Promise<void> {
  await createRole(admin_url, { name: owned.role });
  await createDatabase(admin_url, { name: owned.database, owner: owned.role });
}

/**
 * @param options.create makes an embedded database that is not there yet.
 * @throws an Error that says where a database was looked for.
 */
export async function openHubDatabase(
  config: Pick<Config, 'data_dir' | 'database_url'>,
  { create }: { readonly create: boolean },
): Promise<HubDatabase> {
  const { database_url } = config;
  if (database_url !== undefined) {
    return {
      url: database_url,
      admin_url: database_url,
      urlOf: (database) => replaceDatabase(database_url, database),
      role: undefined,
      release: () => Promise.resolve(),
    };
  }
  const folder = postgresFolder(config);
  if (!create && !hasCluster(folder)) {
    throw new Error(
      `there is no database in ${folder}: set DATABASE_URL, or HUTONG_DATA_DIR to the folder ` +
        'of a sandbox that was started',
    );
  }
  const postgres = await attachPostgres(folder);
  const admin_url = postgres.connectionString('postgres');
  try {
    if (create) await makeDatabase(admin_url, HUB);
  } catch (error) {
    await postgres.release();
    throw error;
  }
  return {
    url: postgres.connectionString(HUB.database, HUB.role),
    admin_url,
    urlOf: (database) => postgres.connectionString(database, HUB.role),
    role: HUB.role,
    release: () => postgres.release(),
  };
}

function replaceDatabase(url: string, database: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${encodeURIComponent(database)}`;
  return parsed.toString();
}
