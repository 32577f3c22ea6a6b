import { type Db, openDb } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { createLog } from '../log.ts';
import type { AccountSpec, Ledger, Move, MoveResult, NewPosting, RowKind } from './ledger.ts';
import { createLedger, WRITER_POOL } from './writer/writer.ts';

/** For tests: ledgers as processes have them, a table of rows, and moves made by hand. */
export const THINGS: RowKind = { table: 'things', columns: { body: 'text', amount: 'bigint' } };
export const AT = new Date('2026-11-21T00:00:00Z');

export interface OpenLedger extends Ledger {
  readonly db: Db;
  /** Gives the books to other writers; reading goes on. */
  leave(): Promise<void>;
}

export interface LedgerSetting {
  /** The pool's size; as many as a hub's writer has when absent. */
  readonly connections?: number;
  /** What becomes of its connections. */
  readonly worse?: (db: Db) => Db;
  readonly answer_ms?: number;
}

/** A ledger as a process of its own would have it. */
export function openLedger(url: string, setting: LedgerSetting = {}): OpenLedger {
  const { connections, worse = (db) => db, answer_ms } = setting;
  const size = connections === undefined ? {} : { max_connections: connections };
  const db = worse(openDb({ ...WRITER_POOL, url, ...size }));
  const nothing = () => Promise.resolve();
  const log = createLog({ level: 'fatal', name: 'test' });
  const ledger = createLedger({
    db,
    log,
    publishEvents: nothing,
    enqueueJobs: nothing,
    wake() {},
    ...(answer_ms === undefined ? {} : { answer_ms }),
  });
  return {
    ...ledger,
    db,
    leave: () => ledger.stop(),
    async stop() {
      await ledger.stop();
      await db.end();
    },
  };
}

export const floored = (id: string): AccountSpec => ({ id, normal: 'credit', floor: 0n });

type Movement = Extract<NewPosting, { amount: bigint }>;

export function transfer(
  debit: AccountSpec,
  credit: AccountSpec,
  amount: bigint,
  more: Partial<Movement> = {},
): Movement {
  return {
    kind: 'posted',
    id: newId('pst'),
    debit,
    credit,
    amount,
    currency: 'CNY',
    reason: 'test',
    business_at: AT,
    ...more,
  };
}

export function move(postings: readonly NewPosting[], more: Partial<Move> = {}): Move {
  return { book: 0, rows: [], postings, events: [], jobs: [], ...more };
}

/** Ends a reservation. */
export function end(kind: 'post' | 'void' | 'expire', { id: ends }: { id: string }): NewPosting {
  return { kind, id: newId('pst'), ends, business_at: AT };
}

export async function fund(ledger: Ledger, account: AccountSpec, amount: bigint): Promise<void> {
  const world: AccountSpec = { id: 'world', normal: 'debit' };
  await ledger.submit(move([transfer(world, account, amount, { fact: true })]));
}

/**
 * As callers do that look before and afterwards, on the connections that the writer has: were any
 * kept while a caller waits, many callers would leave none to go on with.
 */
export async function transferLooking(ledger: Ledger, posting: Movement): Promise<MoveResult> {
  await ledger.balance(0, posting.debit.id);
  const result = await ledger.submit(move([posting]));
  const after = await ledger.balance(0, posting.debit.id);
  const { floor } = posting.debit;
  if (after && floor !== undefined && after.available < floor) {
    throw new Error(`${after.available} available`);
  }
  return result;
}
