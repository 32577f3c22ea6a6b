import { type Db, sqlState, type Tx, violatedConstraint } from '../db/pool.ts';
import type { NewEvent } from '../events.ts';
import { type Book, newId } from '../ids.ts';
import type { NewJob } from '../jobs/jobs.ts';
import { accountsOf, applyBatch, type BatchState, balanceOf, type Verdict } from './apply.ts';
import type { Ledger, Move, MoveResult, RowChange } from './ledger.ts';
import {
  changeStatement,
  ensureAccounts,
  findBalance,
  insertKeys,
  insertPostings,
  loadReservations,
  lockAccounts,
  lockVersions,
  updateAccounts,
} from './queries.ts';

/**
 * The writer behind `submit`. It has no timer: it takes what arrived while the previous batch was
 * committing and commits that in one transaction, rows locked in (table, id) order and accounts in
 * id order, so several writers never deadlock. A move whose version moved on is handed back; a
 * batch that the database refuses is run again move by move, so one never fails its neighbours.
 */
export interface LedgerOptions {
  readonly db: Db;
  publishEvents(tx: Tx, events: readonly NewEvent[]): Promise<void>;
  enqueueJobs(tx: Tx, jobs: readonly NewJob[]): Promise<void>;
  /** Called after a commit that made jobs. */
  wake(): void;
}

const MAX_BATCH = 512;
const MAX_WAITING = 20_000;
const UNIQUE_VIOLATION = '23505';
const DEADLOCK = '40P01';
const SERIALIZATION = '40001';
const MAX_DEADLOCKS = 5;

interface Waiting {
  readonly move: Move;
  resolve(result: MoveResult): void;
  reject(error: unknown): void;
}

export function createLedger(options: LedgerOptions): Ledger {
  const queues = new Map<Book, Waiting[]>();
  const running = new Map<Book, Promise<void>>();
  const known = new Set<string>();

  function submit(move: Move): Promise<MoveResult> {
    return new Promise((resolve, reject) => {
      const queue = queues.get(move.book) ?? [];
      if (queue.length >= MAX_WAITING) {
        reject(new Error('the ledger has too many moves waiting'));
        return;
      }
      queue.push({ move, resolve, reject });
      queues.set(move.book, queue);
      if (!running.has(move.book)) running.set(move.book, drain(move.book));
    });
  }

  async function drain(book: Book): Promise<void> {
    for (;;) {
      const batch = queues.get(book)?.splice(0, MAX_BATCH) ?? [];
      if (batch.length === 0) {
        // In the same turn as the look at the queue: a later submit starts a new drain.
        running.delete(book);
        return;
      }
      await settle(book, batch);
    }
  }

  async function settle(book: Book, batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await commit(
        book,
        batch.map((waiting) => waiting.move),
      );
      batch.forEach((waiting, index) => {
        const result = results[index];
        if (result) waiting.resolve(result);
        else waiting.reject(new Error('the ledger lost a move'));
      });
    } catch (error) {
      const [only] = batch;
      if (batch.length > 1) {
        for (const waiting of batch) await settle(book, [waiting]);
      } else if (only && sqlState(error) === UNIQUE_VIOLATION) {
        only.resolve({ kind: 'taken', constraint: violatedConstraint(error) ?? 'unknown' });
      } else {
        only?.reject(error);
      }
    }
  }

  async function commit(book: Book, moves: readonly Move[]): Promise<MoveResult[]> {
    for (let deadlocks = 0; ; deadlocks += 1) {
      try {
        const results = await options.db.transaction((tx) => writeBatch(tx, book, moves));
        if (moves.some((move) => move.jobs.length > 0 || move.events.length > 0)) options.wake();
        return results;
      } catch (error) {
        // Accounts made by a transaction that rolled back are not there.
        known.clear();
        const state = sqlState(error);
        if ((state !== DEADLOCK && state !== SERIALIZATION) || deadlocks >= MAX_DEADLOCKS)
          throw error;
      }
    }
  }

  async function writeBatch(tx: Tx, book: Book, moves: readonly Move[]): Promise<MoveResult[]> {
    const state = await lockState(tx, book, moves);
    const verdicts = applyBatch(state, moves);
    const results = verdicts.map(
      (verdict): MoveResult =>
        verdict.kind === 'commits' ? { kind: 'committed', move_id: newId('mov', book) } : verdict,
    );
    await writeAll(tx, book, moves, verdicts, results, state);
    return results;
  }

  async function lockState(tx: Tx, book: Book, moves: readonly Move[]): Promise<BatchState> {
    const ends = moves.flatMap((move) =>
      move.postings.flatMap((p) => ('ends' in p ? [p.ends] : [])),
    );
    const versions = await lockRows(tx, book, moves);
    // Read after the rows that own them are locked, so that nobody can end them meanwhile.
    const reservations = await loadReservations(tx, book, ends);
    const { ids, specs } = accountsOf(moves, reservations);
    const fresh = [...specs.values()].filter((spec) => !known.has(`${book}/${spec.id}`));
    if (fresh.length > 0) await ensureAccounts(tx, book, fresh);
    const accounts = await lockAccounts(tx, book, ids);
    for (const id of accounts.keys()) known.add(`${book}/${id}`);
    return { accounts, versions, reservations };
  }

  async function writeAll(
    tx: Tx,
    book: Book,
    moves: readonly Move[],
    verdicts: readonly Verdict[],
    results: readonly MoveResult[],
    state: BatchState,
  ): Promise<void> {
    const committed = moves.filter((_, index) => results[index]?.kind === 'committed');
    if (committed.length === 0) return;
    const keys = committed.flatMap((move) => move.keys ?? []);
    const groups = grouped(committed.flatMap((move) => move.rows));
    const postings = verdicts.flatMap((verdict, index) => {
      const result = results[index];
      if (verdict.kind !== 'commits' || result?.kind !== 'committed') return [];
      return verdict.postings.map((row) => ({ ...row, move_id: result.move_id }));
    });
    const accounts = postings.length > 0 ? [...state.accounts.values()] : [];
    const events = committed.flatMap((move) => move.events);
    const jobs = committed.flatMap((move) => move.jobs);
    // Sent at once and run in this order; the first that fails rejects, and the others do nothing.
    await Promise.all([
      insertKeys(tx, book, keys),
      ...groups.map((changes) => tx.query(changeStatement(book, changes))),
      insertPostings(tx, book, postings),
      updateAccounts(tx, book, accounts),
      ...(events.length > 0 ? [options.publishEvents(tx, events)] : []),
      ...(jobs.length > 0 ? [options.enqueueJobs(tx, jobs)] : []),
    ]);
  }

  return {
    submit,
    async balance(book, account) {
      const found = await findBalance(options.db, book, account);
      return found && balanceOf(found);
    },
    async stop() {
      await Promise.allSettled(running.values());
    },
  };
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
  const locked = await Promise.all(
    tables.map((table) => lockVersions(tx, book, table, [...(byTable.get(table) ?? [])].sort())),
  );
  const named = tables.flatMap((table, index) =>
    (locked[index] ?? []).map((row) => [`${table}/${row.id}`, row.version] as const),
  );
  return new Map(named);
}

/** Inserts before updates, each group one statement. */
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
