import { allInOrder, type Tx } from '../../db/pool.ts';
import { type Book, newId } from '../../ids.ts';
import { type AccountState, applyMove, type BatchState, namedAccounts } from '../apply.ts';
import { nextLink, type SealedPosting, sealedLine } from '../chain/seal.ts';
import type { Move, MoveResult, RowChange } from '../ledger.ts';
import { keepHead, lockHead, type Tenure } from './head.ts';
import { bodyDigest } from './identity.ts';
import { answerMail, lockMail } from './mail.ts';
import {
  changeStatement,
  ensureAccounts,
  insertKeys,
  insertMoves,
  insertSnapshots,
  type KeptMove,
  keepReservations,
  loadReservations,
  lockAccounts,
  lockVersions,
  selectMoves,
  writeBooks,
} from './queries.ts';
import type { LedgerOptions } from './writer.ts';

/**
 * One batch in one transaction and two rounds: everything is locked in one order (the book's head,
 * rows by table and id, accounts by id), judged in memory, and written set by set.
 */
export interface Entry {
  readonly move: Move;
  /** The letter that brought it, when it comes from another process. */
  readonly mail?: string;
}

/** Another epoch of the book has begun: this process is not its writer any more. */
export class TenureEnded extends Error {
  override readonly name = 'TenureEnded';
}

/** Accounts get a snapshot at least this often, in postings. */
const SNAPSHOT_EVERY = 1_024n;

interface Batch {
  readonly tx: Tx;
  readonly book: Book;
  readonly tenure: Tenure;
  readonly entries: readonly Entry[];
}

interface Locked extends BatchState {
  readonly position: bigint;
  readonly hash: Buffer;
  readonly sealed_at: Date;
  readonly kept: ReadonlyMap<string, KeptMove>;
  /** Letters that nobody has taken back. */
  readonly letters: ReadonlySet<string>;
  /** Entries of each account before the batch. */
  readonly entries: ReadonlyMap<string, bigint>;
}

interface Judged {
  readonly results: readonly MoveResult[];
  readonly committed: readonly Move[];
  readonly postings: readonly SealedPosting[];
  /** Answers to moves with an id that are told for the first time. */
  readonly told: readonly KeptMove[];
}

/** @throws TenureEnded, and whatever the database refuses; then nothing is written. */
export async function writeBatch(
  batch: Batch,
  options: Pick<LedgerOptions, 'publishEvents' | 'enqueueJobs'>,
  known: Set<string>,
): Promise<readonly MoveResult[]> {
  const state = await lock(batch, known);
  const judged = judge(state, batch.entries, batch.book);
  await write(batch, options, state, judged);
  return judged.results;
}

async function lock({ tx, book, tenure, entries }: Batch, known: Set<string>): Promise<Locked> {
  const moves = entries.map(({ move }) => move);
  const ends = moves.flatMap(({ postings }) =>
    postings.flatMap((p) => ('ends' in p ? p.ends : [])),
  );
  const specs = namedAccounts(moves);
  const fresh = [...specs.values()].filter(({ id }) => !known.has(`${book}/${id}`));
  const ids = [...specs.keys()].sort();
  // Sent at once and run in this order. Reservations are read after the rows that own them are
  // locked, so that nobody can end them meanwhile.
  const [head, letters, kept, versions, reservations, , accounts] = await allInOrder([
    lockHead(tx, book, tenure),
    lockMail(
      tx,
      book,
      entries.flatMap(({ mail }) => mail ?? []),
    ),
    selectMoves(
      tx,
      book,
      moves.flatMap(({ id }) => id ?? []),
    ),
    lockRows(tx, book, moves),
    loadReservations(tx, book, ends),
    ensureAccounts(tx, book, fresh),
    lockAccounts(tx, book, ids, ends),
  ]);
  if (!head) throw new TenureEnded(`book ${book} has another writer`);
  for (const id of accounts.keys()) known.add(`${book}/${id}`);
  const before = new Map([...accounts].map(([id, account]) => [id, account.entries]));
  return { ...head, letters, kept, versions, reservations, accounts, entries: before };
}

async function lockRows(tx: Tx, book: Book, moves: readonly Move[]): Promise<Map<string, number>> {
  const byTable = new Map<string, Set<string>>();
  for (const row of moves.flatMap((move) => move.rows)) {
    if (row.op !== 'update') continue;
    const ids = byTable.get(row.kind.table) ?? new Set();
    ids.add(row.id);
    byTable.set(row.kind.table, ids);
  }
  const tables = [...byTable.keys()].sort();
  const locked = await allInOrder(
    tables.map((table) => lockVersions(tx, book, table, [...(byTable.get(table) ?? [])].sort())),
  );
  const named = tables.flatMap((table, index) =>
    (locked[index] ?? []).map((row) => [`${table}/${row.id}`, row.version] as const),
  );
  return new Map(named);
}

function judge(state: Locked, entries: readonly Entry[], book: Book): Judged {
  const told = new Map<string, KeptMove>();
  const committed: Move[] = [];
  const postings: SealedPosting[] = [];
  let { position } = state;
  const results = entries.map(({ move, mail }): MoveResult => {
    if (mail !== undefined && !state.letters.has(mail)) return TAKEN_BACK;
    const digest = move.id === undefined ? '' : bodyDigest(move);
    const earlier =
      move.id === undefined ? undefined : (state.kept.get(move.id) ?? told.get(move.id));
    if (earlier) return earlier.digest === digest ? earlier.result : ID_REUSED;
    const verdict = applyMove(state, move);
    const result = verdict.kind === 'commits' ? commits(move, book) : verdict;
    // A stale move was not refused: its caller reads again and decides again.
    if (move.id !== undefined && result.kind !== 'stale') {
      told.set(move.id, { id: move.id, digest, result });
    }
    if (verdict.kind !== 'commits' || result.kind !== 'committed') return result;
    committed.push(move);
    for (const row of verdict.postings) {
      position += 1n;
      const { move_id } = result;
      postings.push({ ...row, position, move_id, created_at: state.sealed_at });
    }
    return result;
  });
  return { results, committed, postings, told: [...told.values()] };
}

/** Nobody hears it. */
const TAKEN_BACK: MoveResult = { kind: 'stale', table: 'ledger_mail', id: '' };
const ID_REUSED: MoveResult = { kind: 'refused', reason: 'id_reused', account: null };

function commits(move: Move, book: Book): MoveResult & { kind: 'committed' } {
  return { kind: 'committed', move_id: move.id ?? newId('mov', book) };
}

async function write(
  { tx, book, tenure, entries }: Batch,
  options: Pick<LedgerOptions, 'publishEvents' | 'enqueueJobs'>,
  state: Locked,
  { results, committed, postings, told }: Judged,
): Promise<void> {
  const answers = entries.flatMap(({ mail }, index) => {
    const result = results[index];
    return mail !== undefined && result ? [{ id: mail, result }] : [];
  });
  const events = committed.flatMap((move) => move.events);
  const jobs = committed.flatMap((move) => move.jobs);
  // Sent at once and run in this order; the first that fails rejects, and the others do nothing.
  await allInOrder([
    insertKeys(
      tx,
      book,
      committed.flatMap((move) => move.keys ?? []),
    ),
    ...grouped(committed.flatMap((move) => move.rows)).map((changes) =>
      tx.query(changeStatement(book, changes)),
    ),
    ...(postings.length > 0 ? writePostings({ tx, book, tenure }, state, postings) : []),
    insertMoves(tx, book, told),
    ...(events.length > 0 ? [options.publishEvents(tx, events)] : []),
    ...(jobs.length > 0 ? [options.enqueueJobs(tx, jobs)] : []),
    answerMail(tx, book, answers),
    ...(postings.length > 0 ? [] : [keepHead(tx, book)]),
    tx.commit(),
  ]);
}

function writePostings(
  { tx, book, tenure }: Omit<Batch, 'entries'>,
  state: Locked,
  postings: readonly SealedPosting[],
): Promise<void>[] {
  const { sealed_at, position } = state;
  const accounts = [...state.accounts.values()];
  const touched = accounts.filter(({ id, entries }) => entries !== state.entries.get(id));
  const due = touched.filter((account) => isDue(account, state.entries.get(account.id) ?? 0n));
  const seal = {
    first: position + 1n,
    last: position + BigInt(postings.length),
    hash: nextLink(state.hash, postings.map(sealedLine)),
    epoch: tenure.epoch,
    sealed_at,
  };
  const held = [...state.reservations.values(), ...postings];
  const expiring = new Set(held.flatMap(({ id, expires_at }) => (expires_at ? id : [])));
  return [
    writeBooks(tx, book, postings, touched, seal),
    insertSnapshots(tx, book, due, { position: seal.last, sealed_at }),
    keepReservations(tx, book, postings, expiring),
  ];
}

function isDue({ entries }: AccountState, before: bigint): boolean {
  return entries / SNAPSHOT_EVERY > before / SNAPSHOT_EVERY;
}

/** Updates before inserts, each group one statement. */
function grouped(rows: readonly RowChange[]): RowChange[][] {
  const groups = new Map<string, RowChange[]>();
  for (const row of rows) {
    const rank = row.op === 'update' ? 0 : row.op === 'insert' ? 1 : 2;
    const key = `${rank} ${row.kind.table} ${Object.keys(row.values).join(',')}`;
    const group = groups.get(key) ?? [];
    group.push(row);
    groups.set(key, group);
  }
  // Updates first: an update may free the unique index that an insert of the same move takes.
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
