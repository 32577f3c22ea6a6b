import { type Queryable, type Statement, sql, statement } from '../../db/pool.ts';
import { columnJson } from '../../db/storable.ts';
import type { Book } from '../../ids.ts';
import type { AccountState, PostingRow, Reservation } from '../apply.ts';
import type { SealedPosting } from '../chain/seal.ts';
import type { AccountSpec, IntentKey, MoveResult, RowChange, RowKind } from '../ledger.ts';
import { LEASE_MS } from './head.ts';

/** Set-based statements of the writer: a batch costs the same number of round trips as one move. */

export async function loadReservations(
  db: Queryable,
  book: Book,
  ids: readonly string[],
): Promise<Map<string, Reservation>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<Reservation>(sql`
    select p.id, p.debit_account, p.credit_account, p.amount, p.currency, p.reason, p.subject_id,
      p.expires_at,
      exists (select from postings e where e.book = p.book and e.ends = p.id) as ended
    from postings p
    where p.book = ${book} and p.id = any(${ids}) and p.kind = 'pending'`);
  return new Map(rows.map((row) => [row.id, row]));
}

export async function ensureAccounts(
  db: Queryable,
  book: Book,
  specs: readonly AccountSpec[],
): Promise<void> {
  if (specs.length === 0) return;
  const rows = specs.map(({ id, normal, custody }) => ({ id, normal, custody }));
  await db.query(sql`
    insert into ledger_accounts (book, id, currency, normal, custody)
    select ${book}, r.id, 'CNY', r.normal, r.custody
    from jsonb_to_recordset(${columnJson(rows)}::jsonb) as r (id text, normal text, custody text)
    order by r.id
    on conflict do nothing`);
}

/** Also those of the reservations that are to be ended. */
export async function lockAccounts(
  db: Queryable,
  book: Book,
  ids: readonly string[],
  ends: readonly string[],
): Promise<Map<string, AccountState>> {
  if (ids.length + ends.length === 0) return new Map();
  const rows = await db.query<AccountState>(
    ends.length === 0
      ? sql`
    select id, normal, floor, cap, entries,
      debits_pending, debits_posted, credits_pending, credits_posted
    from ledger_accounts where book = ${book} and id = any(${ids})
    order by id for update`
      : sql`
    select id, normal, floor, cap, entries,
      debits_pending, debits_posted, credits_pending, credits_posted
    from ledger_accounts
    where book = ${book} and id = any(${ids} || array(
      select unnest(array[p.debit_account, p.credit_account]) from postings p
      where p.book = ${book} and p.id = any(${ends})))
    order by id for update`,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

export interface Seal {
  readonly first: bigint;
  readonly last: bigint;
  readonly hash: Buffer;
  readonly epoch: bigint;
  readonly sealed_at: Date;
}

/** Postings, what they made of their accounts, the link that seals them, and the head it ends. */
export async function writeBooks(
  db: Queryable,
  book: Book,
  rows: readonly SealedPosting[],
  accounts: readonly AccountState[],
  seal: Seal,
): Promise<void> {
  const posting = <K extends keyof SealedPosting>(name: K) => rows.map((row) => row[name]);
  const account = <K extends keyof AccountState>(name: K) => accounts.map((each) => each[name]);
  await db.query(sql`
    with posted as (
      insert into postings (book, position, id, move_id, debit_account, credit_account, amount,
        currency, kind, ends, reason, subject_id, business_at, expires_at, created_at)
      select ${book}, ${seal.first}::bigint + r.nth - 1, r.id, r.move_id, r.debit, r.credit,
        r.amount, 'CNY', r.kind, r.ends, r.reason, r.subject, r.business_at, r.expires_at,
        ${seal.sealed_at}
      from unnest(${posting('id')}::text[], ${posting('move_id')}::text[],
        ${posting('debit_account')}::text[], ${posting('credit_account')}::text[],
        ${posting('amount')}::bigint[], ${posting('kind')}::text[], ${posting('ends')}::text[],
        ${posting('reason')}::text[], ${posting('subject_id')}::text[],
        ${posting('business_at')}::timestamptz[], ${posting('expires_at')}::timestamptz[])
        with ordinality as r (id, move_id, debit, credit, amount, kind, ends, reason, subject,
          business_at, expires_at, nth)
    ), balanced as (
      update ledger_accounts t set floor = r.floor, cap = r.cap, entries = r.entries,
        debits_pending = r.debits_pending, debits_posted = r.debits_posted,
        credits_pending = r.credits_pending, credits_posted = r.credits_posted
      from unnest(${account('id')}::text[], ${account('floor')}::bigint[],
        ${account('cap')}::bigint[], ${account('entries')}::bigint[],
        ${account('debits_pending')}::bigint[], ${account('debits_posted')}::bigint[],
        ${account('credits_pending')}::bigint[], ${account('credits_posted')}::bigint[])
        as r (id, floor, cap, entries, debits_pending, debits_posted, credits_pending,
          credits_posted)
      where t.book = ${book} and t.id = r.id
    ), sealed as (
      insert into ledger_seals (book, first_position, last_position, hash, epoch, sealed_at)
      values (${book}, ${seal.first}, ${seal.last}, ${seal.hash}, ${seal.epoch},
        ${seal.sealed_at})
    )
    update ledger_heads set position = ${seal.last}, hash = ${seal.hash},
      sealed_at = ${seal.sealed_at},
      lease_until = clock_timestamp() + ${LEASE_MS} * interval '1 ms'
    where book = ${book}`);
}

export async function insertSnapshots(
  db: Queryable,
  book: Book,
  accounts: readonly AccountState[],
  { position, sealed_at }: { position: bigint; sealed_at: Date },
): Promise<void> {
  if (accounts.length === 0) return;
  await db.query(sql`
    insert into ledger_snapshots (book, account, position, entries, debits_pending, debits_posted,
      credits_pending, credits_posted, sealed_at)
    select ${book}, r.id, ${position}, r.entries, r.debits_pending, r.debits_posted,
      r.credits_pending, r.credits_posted, ${sealed_at}
    from jsonb_to_recordset(${columnJson(accounts)}::jsonb) as r (id text, entries bigint,
      debits_pending bigint, debits_posted bigint, credits_pending bigint, credits_posted bigint)`);
}

/** Remembers which reservations end by themselves, and forgets those that have ended. */
export async function keepReservations(
  db: Queryable,
  book: Book,
  rows: readonly PostingRow[],
  expiring: ReadonlySet<string>,
): Promise<void> {
  const opened = rows.filter((row) => row.expires_at !== null);
  const ended = rows.flatMap(({ ends }) => (ends !== null && expiring.has(ends) ? [ends] : []));
  if (opened.length > 0) {
    await db.query(sql`
      insert into ledger_reservations (book, id, expires_at)
      select ${book}, r.id, r.expires_at
      from jsonb_to_recordset(${columnJson(opened)}::jsonb) as r (id text, expires_at timestamptz)`);
  }
  if (ended.length > 0) {
    await db.query(sql`
      delete from ledger_reservations where book = ${book} and id = any(${ended})`);
  }
}

export interface KeptMove {
  readonly id: string;
  readonly digest: string;
  readonly result: MoveResult;
}

export async function selectMoves(
  db: Queryable,
  book: Book,
  ids: readonly string[],
): Promise<Map<string, KeptMove>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<KeptMove>(sql`
    select id, digest, result from ledger_moves where book = ${book} and id = any(${ids})`);
  return new Map(rows.map((row) => [row.id, row]));
}

export async function insertMoves(
  db: Queryable,
  book: Book,
  moves: readonly KeptMove[],
): Promise<void> {
  if (moves.length === 0) return;
  await db.query(sql`
    insert into ledger_moves (book, id, digest, result)
    select ${book}, r.id, r.digest, r.result
    from jsonb_to_recordset(${columnJson(moves)}::jsonb) as r (id text, digest text, result jsonb)`);
}

export async function insertKeys(
  db: Queryable,
  book: Book,
  keys: readonly IntentKey[],
): Promise<void> {
  if (keys.length === 0) return;
  await db.query(sql`
    insert into idempotency_keys (book, key_hash, body_digest, state, lease_until, object_id)
    select ${book}, r.key_hash, r.body_digest, 'in_flight', r.lease_until, r.object_id
    from jsonb_to_recordset(${columnJson(keys)}::jsonb)
      as r (key_hash text, body_digest text, lease_until timestamptz, object_id text)`);
}

/** Locks the rows that moves update, in (table, id) order, and answers their versions. */
export async function lockVersions(
  db: Queryable,
  book: Book,
  table: string,
  ids: readonly string[],
): Promise<{ id: string; version: number }[]> {
  const text = `select id, version from ${table}
    where book = $1 and id = any($2) order by id for update`;
  return db.query(statement(text, [book, ids]));
}

/** One statement for all changes of one kind that set the same columns. */
export function changeStatement(book: Book, changes: readonly RowChange[]): Statement {
  const [first] = changes;
  if (!first) throw new RangeError('changeStatement needs a change');
  const columns = Object.keys(first.values);
  const types = columns.map((column) => `${column} ${typeOf(first.kind, column)}`);
  const rows = columnJson(changes.map((change) => ({ id: change.id, ...change.values })));
  const record = `jsonb_to_recordset($2::jsonb) as r (id text, ${types.join(', ')})`;
  return statement(changeText(first, columns, record), [book, rows]);
}

function changeText(first: RowChange, columns: readonly string[], record: string): string {
  const { table, id_column = 'id' } = first.kind;
  if (first.op === 'insert') {
    const from = columns.map((column) => `r.${column}`).join(', ');
    return `insert into ${table} (book, ${id_column}, ${columns.join(', ')})
      select $1, r.id, ${from} from ${record}`;
  }
  const sets = columns.map((column) => `${column} = r.${column}`);
  if (first.op === 'update') sets.unshift('version = t.version + 1');
  return `update ${table} t set ${sets.join(', ')} from ${record}
    where t.book = $1 and t.${id_column} = r.id`;
}

function typeOf(kind: RowKind, column: string): string {
  const type = kind.columns[column];
  if (type === undefined) throw new RangeError(`${kind.table} has no column ${column}`);
  return type;
}
