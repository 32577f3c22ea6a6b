import { type Db, sql } from '../db/pool.ts';
import type { Journal, JournalRecord } from './store.ts';

/** A sandbox's journal as one table of the sandboxes' own database, one row a record. */
interface Row {
  kind: string;
  key: string;
  body: string;
}

/** `wallet` keeps the sandboxes of one database apart. */
export async function openPostgresJournal(db: Db, wallet: string): Promise<Journal> {
  await db.query(sql`
    create table if not exists sandbox_records (
      wallet text not null,
      kind text not null,
      key text not null,
      body text not null,
      serial bigint generated always as identity,
      primary key (wallet, kind, key)
    )`);
  return {
    load: () => load(db, wallet),
    write: (records) => write(db, wallet, records),
  };
}

async function load(db: Db, wallet: string): Promise<JournalRecord[]> {
  return db.query<Row>(sql`
    select kind, key, body from sandbox_records where wallet = ${wallet} order by serial`);
}

/** One statement; what goes is found by the primary key, however little is known of the table. */
async function write(db: Db, wallet: string, records: readonly JournalRecord[]): Promise<void> {
  const kinds = records.map((record) => record.kind);
  const keys = records.map((record) => record.key);
  const bodies = records.map((record) => record.body);
  const gone = records.filter(({ body }) => body === null);
  await db.query(sql`
    with gone as (
      delete from sandbox_records r
      where r.wallet = ${wallet} and r.kind = any(${gone.map(({ kind }) => kind)}::text[])
        and r.key = any(${gone.map(({ key }) => key)}::text[])
        and r.kind || ' ' || r.key = any(${gone.map(({ kind, key }) => `${kind} ${key}`)}::text[])
    )
    insert into sandbox_records (wallet, kind, key, body)
    select ${wallet}, kind, key, body
    from unnest(${kinds}::text[], ${keys}::text[], ${bodies}::text[]) as t (kind, key, body)
    where body is not null
    on conflict (wallet, kind, key) do update set body = excluded.body`);
}
