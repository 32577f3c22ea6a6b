import { type Queryable, type Statement, sql, statement } from '../db/pool.ts';
import { storableJson } from '../db/storable.ts';
import type { Book } from '../ids.ts';
import type { AccountState, PostingRow, Reservation } from './apply.ts';
import type { AccountSpec, IntentKey, RowChange, RowKind } from './ledger.ts';

/** Set-based statements of the writer: a batch costs the same number of round trips as one move. */
function json(rows: readonly unknown[]): string {
  const text = JSON.stringify(rows, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  // Traces carry what a wallet answered, whatever that is.
  return storableJson(text);
}

export async function loadReservations(
  db: Queryable,
  book: Book,
  ids: readonly string[],
): Promise<Map<string, Reservation>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<Reservation>(sql`
    select p.id, p.debit_account, p.credit_account, p.amount, p.currency, p.reason, p.subject_id,
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
  const rows = specs.map((spec) => ({ ...spec, floor: spec.floor ?? null }));
  await db.query(sql`
    insert into ledger_accounts (book, id, currency, normal, custody, floor)
    select ${book}, r.id, 'CNY', r.normal, r.custody, r.floor
    from jsonb_to_recordset(${json(rows)}::jsonb)
      as r (id text, normal text, custody text, floor bigint)
    order by r.id
    on conflict do nothing`);
}

export async function lockAccounts(
  db: Queryable,
  book: Book,
  ids: readonly string[],
): Promise<Map<string, AccountState>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<AccountState>(sql`
    select id, normal, floor, debits_pending, debits_posted, credits_pending, credits_posted
    from ledger_accounts where book = ${book} and id = any(${ids})
    order by id for update`);
  return new Map(rows.map((row) => [row.id, row]));
}

export async function updateAccounts(
  db: Queryable,
  book: Book,
  accounts: readonly AccountState[],
): Promise<void> {
  if (accounts.length === 0) return;
  await db.query(sql`
    update ledger_accounts t set
      debits_pending = r.debits_pending, debits_posted = r.debits_posted,
      credits_pending = r.credits_pending, credits_posted = r.credits_posted
    from jsonb_to_recordset(${json(accounts)}::jsonb) as r (id text, debits_pending bigint,
      debits_posted bigint, credits_pending bigint, credits_posted bigint)
    where t.book = ${book} and t.id = r.id`);
}

export async function insertPostings(
  db: Queryable,
  book: Book,
  rows: readonly (PostingRow & { move_id: string })[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.query(sql`
    insert into postings (book, id, move_id, debit_account, credit_account, amount, currency, kind,
      ends, reason, subject_id, business_at)
    select ${book}, r.id, r.move_id, r.debit_account, r.credit_account, r.amount, r.currency, r.kind,
      r.ends, r.reason, r.subject_id, r.business_at
    from jsonb_to_recordset(${json(rows)}::jsonb) as r (id text, move_id text, debit_account text,
      credit_account text, amount bigint, currency text, kind text, ends text, reason text,
      subject_id text, business_at timestamptz)`);
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
    from jsonb_to_recordset(${json(keys)}::jsonb)
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
  const rows = json(changes.map((change) => ({ id: change.id, ...change.values })));
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

export async function findBalance(
  db: Queryable,
  book: Book,
  account: string,
): Promise<AccountState | undefined> {
  const [row] = await db.query<AccountState>(sql`
    select id, normal, floor, debits_pending, debits_posted, credits_pending, credits_posted
    from ledger_accounts where book = ${book} and id = ${account}`);
  return row;
}
