import type pg from 'pg';
import type { Migration } from '../db/migrate.ts';
import type { LedgerHead, Manifest } from './manifest.ts';
import type { TableSource } from './table-text.ts';

/** What a database holds that a backup keeps, read from its catalog. */
export const STEADY_TEXT = `
  set local timezone = 'UTC';
  set local datestyle = 'ISO, YMD';
  set local intervalstyle = 'postgres';
  set local bytea_output = 'hex';
  set local extra_float_digits = 1;
  set local client_encoding = 'UTF8';
  set local search_path = public;
  set local row_security = off;
  set local statement_timeout = 0;
  set local idle_in_transaction_session_timeout = 0`;

const RECORD = 'schema_migrations';

/** Tables and sequences of migrations; a sandbox's wallets may keep their own beside them. */
function madeBy(migrations: readonly Migration[]): Set<string> {
  const made = new Set([RECORD]);
  for (const { text } of migrations) {
    const words = /\b(create|drop) (?:table|sequence) (?:if (?:not )?exists )?([a-z_][a-z0-9_]*)/g;
    for (const [, verb, name = ''] of text.matchAll(words)) {
      if (verb === 'create') made.add(name);
      else made.delete(name);
    }
  }
  return made;
}

interface TableRow {
  readonly name: string;
  readonly columns: string[];
  readonly key: { name: string; text: boolean }[];
  readonly refers_to: string[];
}

const TABLES = `
  select c.relname::text as name,
    array(
      select a.attname::text from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      order by a.attnum
    ) as columns,
    coalesce((
      select json_agg(json_build_object('name', a.attname,
          'text', a.atttypid in ('text'::regtype, 'varchar'::regtype)) order by k.ordinality)
      from pg_index i
      cross join unnest(i.indkey) with ordinality as k (attnum, ordinality)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
      where i.indrelid = c.oid and i.indisprimary
    ), '[]'::json) as key,
    array(
      select f.relname::text from pg_constraint k join pg_class f on f.oid = k.confrelid
      where k.conrelid = c.oid and k.contype = 'f' and f.oid <> c.oid
    ) as refers_to
  from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  order by c.relname`;

export interface Inventory {
  /** In an order in which no row refers to one that is not there yet. */
  readonly tables: readonly TableSource[];
  /** Tables that no migration made: not part of a backup. */
  readonly strange: readonly string[];
}

export async function takeInventory(
  client: pg.Client,
  migrations: readonly Migration[],
): Promise<Inventory> {
  const { rows } = await client.query<TableRow>(TABLES);
  const made = madeBy(migrations);
  const strange = rows.filter(({ name }) => !made.has(name)).map(({ name }) => name);
  const tables = ordered(rows.filter(({ name }) => made.has(name)));
  return { strange, tables: tables.map(toSource) };
}

function toSource({ name, columns, key }: TableRow): TableSource {
  // Bytes are the order that every database has, whatever its collation.
  const order = key.map((column) => (column.text ? `${column.name} collate "C"` : column.name));
  return { name, columns, order };
}

function ordered(rows: readonly TableRow[]): TableRow[] {
  const done = new Map<string, TableRow>();
  let left = [...rows];
  while (left.length > 0) {
    const ready = left.filter((row) => row.refers_to.every((name) => done.has(name)));
    if (ready.length === 0) {
      const names = left.map(({ name }) => name).join(', ');
      throw new Error(`tables refer to each other in a ring: ${names}`);
    }
    for (const row of ready) done.set(row.name, row);
    left = left.filter((row) => !done.has(row.name));
  }
  return [...done.values()];
}

/** Those that migrations make, also with their tables. */
export async function readSequences(
  client: pg.Client,
  migrations: readonly Migration[],
): Promise<Manifest['sequences']> {
  const { rows } = await client.query<{ name: string }>(
    `select s.relname::text as name
     from pg_class s
     left join pg_depend d on d.objid = s.oid and d.deptype in ('i', 'a')
       and d.refclassid = 'pg_class'::regclass
     left join pg_class t on t.oid = d.refobjid
     where s.relnamespace = 'public'::regnamespace and s.relkind = 'S'
       and coalesce(t.relname, s.relname) = any($1)
     order by s.relname`,
    [[...madeBy(migrations)]],
  );
  const found: Manifest['sequences'] = [];
  for (const { name } of rows) {
    const { rows: states } = await client.query<{ last_value: string; is_called: boolean }>(
      `select last_value::text, is_called from ${name}`,
    );
    found.push(...states.map((state) => ({ name, ...state })));
  }
  return found;
}

/** Where every book's ledger ends. */
export async function readLedger(client: pg.Client): Promise<LedgerHead[]> {
  const { rows } = await client.query<LedgerHead>(
    `select p.book, p.postings, p.amount, coalesce(h.position, 0)::text as position,
       coalesce(encode(h.hash, 'hex'), '') as hash
     from (
       select book, count(*)::float8 as postings, sum(amount)::text as amount
       from postings group by book
     ) p
     left join ledger_heads h on h.book = p.book
     order by p.book`,
  );
  return rows;
}
