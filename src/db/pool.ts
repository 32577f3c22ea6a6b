import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import pg from 'pg';
import type { Logger } from '../log.ts';

/**
 * PostgreSQL access: named prepared statements from tagged templates, `bigint` for int8, one pool.
 * Rows are snake_case as SQL has them; each slice's `queries.ts` maps them to its domain types.
 */
const INT8 = 20;
const INT8_ARRAY = 1016;

pg.types.setTypeParser(INT8, BigInt);
pg.types.setTypeParser(INT8_ARRAY as never, (text: string) =>
  text === '{}' ? [] : text.slice(1, -1).split(',').map(BigInt),
);

export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(text).digest('base64url').slice(0, 20);
  names.set(text, name);
  return name;
}

/** Text of our own that several statements share, such as the columns of a table. */
class Fragment {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** `fragment\`id, version, state\``: taken into `sql` as it stands; it holds no values. */
export function fragment({ raw }: TemplateStringsArray): Fragment {
  return new Fragment(raw[0] ?? '');
}

/** `sql\`select … where id = ${id}\``: placeholders become $1, $2…; never string concatenation. */
export function sql(strings: TemplateStringsArray, ...given: readonly unknown[]): Statement {
  const values: unknown[] = [];
  let text = strings[0] ?? '';
  given.forEach((value, nth) => {
    if (value instanceof Fragment) text += value.text;
    else text += `$${values.push(value)}`;
    text += strings[nth + 1] ?? '';
  });
  return { name: nameOf(text), text, values };
}

/** A statement from text that our own code assembled from constants, with numbered placeholders. */
export function statement(text: string, values: readonly unknown[]): Statement {
  return { name: nameOf(text), text, values };
}

export interface Queryable {
  query<Row>(statement: Statement): Promise<Row[]>;
}

export interface Tx extends Queryable {
  readonly inTransaction: true;
  /** Sends the commit right behind the statements sent so far; nothing may be asked after it. */
  commit(): Promise<void>;
}

export interface Db extends Queryable {
  /** Runs `work` in one transaction; rolls back when it throws. Never call a wallet inside. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Runs `work` on one connection of its own for as long as it likes (LISTEN, advisory locks). When
   * `work` throws the connection ends with it: nobody inherits what it had set or locked.
   */
  connection<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  readonly pool: pg.Pool;
  end(): Promise<void>;
}

export interface DbOptions {
  readonly url: string;
  readonly max_connections: number;
  readonly log?: Logger;
  /** Extra `-c name=value` settings for every connection (tests of row-level security). */
  readonly settings?: Readonly<Record<string, string>>;
  readonly application_name?: string;
  /** For transactions that ask several things at once: sent together, run in the order asked. */
  readonly pipeline?: boolean;
}

function send<Row>(client: pg.Pool | pg.PoolClient, { name, text, values }: Statement) {
  return client.query({ name, text, values: [...values] }).then((result) => result.rows as Row[]);
}

export function openDb(options: DbOptions): Db {
  const settings = Object.entries(options.settings ?? {}).map(
    ([name, value]) => `-c ${name}=${value}`,
  );
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max_connections,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    application_name: options.application_name ?? 'hutong',
    statement_timeout: 30_000,
    keepAlive: true,
    ...(options.pipeline ? { pipeline: true } : {}),
    ...(settings.length > 0 ? { options: settings.join(' ') } : {}),
  });
  let ended = false;
  // Without a listener an idle connection cut by the server would end the process.
  pool.on('error', (error) => {
    if (ended) return;
    // The driver's error carries the whole client: say what happened, and nothing else.
    options.log?.warn({ code: sqlState(error), reason: error.message }, 'database connection lost');
  });
  // The same for one that is checked out but between two statements; the next statement rejects.
  pool.on('connect', (client) => client.on('error', () => {}));
  return {
    pool,
    query: <Row>(statement: Statement) => send<Row>(pool, statement),
    transaction: (work) => inTransaction(pool, work, options.pipeline ?? false),
    connection: async (work) => {
      const client = await pool.connect();
      let failed = true;
      try {
        const result = await work(client);
        failed = false;
        return result;
      } finally {
        client.release(failed);
      }
    },
    end: () => {
      ended = true;
      return pool.end();
    },
  };
}

async function inTransaction<T>(
  pool: pg.Pool,
  work: (tx: Tx) => Promise<T>,
  pipeline: boolean,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    let end: Promise<void> | undefined;
    const tx: Tx = {
      inTransaction: true,
      query: <Row>(statement: Statement) => {
        gather(client);
        return send<Row>(client, statement);
      },
      commit: () => {
        gather(client);
        end ??= commit(client);
        return end;
      },
    };
    gather(client);
    const begun = client.query('begin');
    // Statements run in the order they are sent: in a pipeline nothing waits for the beginning.
    const [, result] = await Promise.all([begun, pipeline ? work(tx) : begun.then(() => work(tx))]);
    await tx.commit();
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * Lets what is sent in one turn leave in one write: a system call a statement is a good part of
 * what a statement costs here.
 */
function gather(client: pg.PoolClient): void {
  // The driver's own member; without it every statement leaves by itself.
  const { connection } = client as pg.PoolClient & { connection?: { stream?: Socket } };
  const stream = connection?.stream;
  if (!stream || stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

async function commit(client: pg.PoolClient): Promise<void> {
  const end = await client.query('commit');
  // An aborted transaction answers COMMIT with ROLLBACK and no error.
  if (end.command !== 'COMMIT') throw new Error('transaction was rolled back at commit');
}

/**
 * `Promise.all` for statements that are sent at once: of several that fail it is the first one sent
 * that says why. The others of its transaction fail for its sake, and answers that arrive together
 * reject in any order.
 */
export async function allInOrder<T extends readonly unknown[] | []>(
  sent: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const ended = await Promise.allSettled(sent);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return Promise.all(sent);
}

/** SQLSTATE of a database error, or undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** The name of the violated constraint or index, where the database says it. */
export function violatedConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.constraint : undefined;
}

const GONE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  '57P01',
  '57P02',
  '57P03',
  '08006',
  '08003',
  '08001',
]);

/** True when the database is away or cut off, not when it refused: what it did nobody knows. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    GONE.has(code) ||
    /^(?:connect|read|write|getaddrinfo) E|Connection terminated|timeout exceeded when trying to connect|not queryable/.test(
      error.message,
    )
  );
}
