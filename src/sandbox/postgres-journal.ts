import { type Db, type Queryable, sql } from '../db/pool.ts';
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
  const gone = records.filter(({ body }) => body === null);
  const kept = records.filter(({ body }) => body !== null);
  if (gone.length === 0) return put(db, wallet, kept);
  await db.transaction(async (tx) => {
    await remove(tx, wallet, gone);
    await put(tx, wallet, kept);
  });
}

async function put(db: Queryable, wallet: string, records: readonly JournalRecord[]) {
  if (records.length === 0) return;
  const kinds = records.map((record) => record.kind);
  const keys = records.map((record) => record.key);
  const bodies = records.map((record) => record.body);
  await db.query(sql`
    insert into sandbox_records (wallet, kind, key, body)
    select ${wallet}, kind, key, body
    from unnest(${kinds}::text[], ${keys}::text[], ${bodies}::text[]) as t (kind, key, body)
    on conflict (wallet, kind, key) do update set body = excluded.body`);
}

async function remove(db: Queryable, wallet: string, records: readonly JournalRecord[]) {
  for (const { kind, key } of records) {
    await db.query(sql`
      delete from sandbox_records where wallet = ${wallet} and kind = ${kind} and key = ${key}`);
  }
}
