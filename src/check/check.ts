import type pg from 'pg';
import { migrationFolder, readMigrations } from '../db/migrate.ts';
import type { Queryable, Statement } from '../db/pool.ts';
import { withClient } from '../db/postgres-admin.ts';
import type { Law } from './law.ts';
import { type LawFindings, tryLaw } from './run.ts';

/**
 * All laws on a live database, in one read-only snapshot: every law sees the same moment, nothing
 * is locked, and the hub goes on working.
 */
export interface Checked extends LawFindings {
  readonly law: Law;
  readonly elapsed_ms: number;
}

export interface CheckReport {
  /** The database's time of the snapshot. */
  readonly as_of: Date;
  /** Rows of every table, at that moment. */
  readonly rows: Readonly<Record<string, number>>;
  readonly laws: readonly Checked[];
  readonly elapsed_ms: number;
}

/** Told while the check goes on. */
export interface CheckListener {
  opened(as_of: Date, rows: CheckReport['rows']): void;
  begins(law: Law, nth: number): void;
  ended(checked: Checked, nth: number): void;
}

/** For the snapshot's connection only: time is no matter, and memory makes one pass of a join. */
const SETTINGS = `
  set local statement_timeout = 0;
  set local idle_in_transaction_session_timeout = 0;
  set local work_mem = '64MB';
  set local enable_nestloop = off;
  set local jit = off;
  set local row_security = off`;

/** @throws when the database cannot be read or has not this release's schema. */
export async function checkDatabase(
  url: string,
  laws: readonly Law[],
  listener?: CheckListener,
): Promise<CheckReport> {
  const started = performance.now();
  return withClient(url, async (client) => {
    await client.query('begin isolation level repeatable read, read only');
    await client.query(SETTINGS);
    await requireSchema(client);
    const as_of = await timeOf(client);
    const rows = await countRows(client);
    listener?.opened(as_of, rows);
    const db = queryable(client);
    const checked: Checked[] = [];
    for (const [index, law] of laws.entries()) {
      listener?.begins(law, index + 1);
      const begun = performance.now();
      const findings = await tryLaw(db, law);
      const done = { law, ...findings, elapsed_ms: Math.round(performance.now() - begun) };
      checked.push(done);
      listener?.ended(done, index + 1);
    }
    await client.query('commit');
    const elapsed_ms = Math.round(performance.now() - started);
    return { as_of, rows, laws: checked, elapsed_ms };
  });
}

/** Laws are tried once: preparing them would gain nothing. */
function queryable(client: pg.Client): Queryable {
  return {
    query: async <Row>({ text, values }: Statement) =>
      (await client.query(text, [...values])).rows as Row[],
  };
}

async function requireSchema(client: pg.Client): Promise<void> {
  const there = await client.query<{ there: boolean }>(
    "select to_regclass('schema_migrations') is not null as there",
  );
  const applied = there.rows[0]?.there
    ? (await client.query<{ name: string }>('select name from schema_migrations order by number'))
        .rows
    : [];
  const expected = readMigrations(migrationFolder());
  const same =
    applied.length === expected.length &&
    expected.every(({ name }, index) => applied[index]?.name === name);
  if (same) return;
  throw new Error(
    `the database has ${applied.length} migrations and this release ${expected.length}: run ` +
      '"hutong migrate", or check with the release that runs on it',
  );
}

async function timeOf(client: pg.Client): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>('select now()');
  if (!rows[0]) throw new Error('the database does not tell its time');
  return rows[0].now;
}

async function countRows(client: pg.Client): Promise<Record<string, number>> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by relname`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const { rows } = await client.query<{ n: number }>(`select count(*)::float8 as n from ${name}`);
    counts[name] = rows[0]?.n ?? 0;
  }
  return counts;
}
