import pg from 'pg';

/**
 * Roles and databases of a server of ours. Each role owns its own database and nobody else may
 * connect to it, so the sandboxes cannot read the hub's books nor the hub theirs.
 */
export interface NewRole {
  readonly name: string;
  readonly password?: string;
  /** Lets it clone and drop databases of its own; tests need that, the hub does not. */
  readonly may_create_databases?: boolean;
}

export interface NewDatabase {
  readonly name: string;
  readonly owner?: string;
  readonly template?: string;
}

const DUPLICATE = new Set(['42710', '42P04', '23505']);

/** Runs `work` on one connection of its own, closed at the end. */
export async function withClient<T>(
  url: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A cut connection also fails the running query; without a listener it would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Creates a login role unless it exists. `url` must belong to a role that may do so. */
export async function createRole(url: string, role: NewRole): Promise<void> {
  const name = pg.escapeIdentifier(role.name);
  const password =
    role.password === undefined ? '' : ` password ${pg.escapeLiteral(role.password)}`;
  const databases = role.may_create_databases ? ' createdb' : '';
  await withClient(url, (client) =>
    unlessThere(client, `create role ${name} login${databases}${password}`),
  );
}

/** Creates a database, closed to everybody but its owner, unless it exists. */
export async function createDatabase(url: string, database: NewDatabase): Promise<void> {
  const name = pg.escapeIdentifier(database.name);
  const owner = database.owner === undefined ? '' : ` owner ${pg.escapeIdentifier(database.owner)}`;
  const template =
    database.template === undefined ? '' : ` template ${pg.escapeIdentifier(database.template)}`;
  await withClient(url, async (client) => {
    await unlessThere(client, `create database ${name}${owner}${template}`);
    await client.query(`revoke all on database ${name} from public`);
  });
}

/** Drops a database and cuts whoever is connected to it. */
export async function dropDatabase(url: string, name: string): Promise<void> {
  await withClient(url, (client) =>
    client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`),
  );
}

async function unlessThere(client: pg.Client, text: string): Promise<void> {
  try {
    await client.query(text);
  } catch (error) {
    if (error instanceof pg.DatabaseError && DUPLICATE.has(error.code ?? '')) return;
    throw error;
  }
}
