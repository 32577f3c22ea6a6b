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

async function write(db: Db, wallet: string, records: readonly JournalRecord[]): Promise<void> {
  const kinds = records.map((record) => record.kind);
  const keys = records.map((record) => record.key);
  const bodies = records.map((record) => record.body);
  await db.query(sql`
    with changed as (
      select * from unnest(${kinds}::text[], ${keys}::text[], ${bodies}::text[])
        as t (kind, key, body)
    ), gone as (
      delete from sandbox_records r using changed c
      where r.wallet = ${wallet} and r.kind = c.kind and r.key = c.key and c.body is null
    )
    insert into sandbox_records (wallet, kind, key, body)
    select ${wallet}, kind, key, body from changed where body is not null
    on conflict (wallet, kind, key) do update set body = excluded.body`);
}
