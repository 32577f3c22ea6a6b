import { assert } from '../errors.ts';
import type { AccountSpec, Balance, Move, MoveResult, NewPosting } from './ledger.ts';

/**
 * The ledger's rules as a pure function: given the locked accounts, row versions and open
 * reservations, says for each move of a batch whether it commits, and what the accounts become.
 * Moves are judged in order, each seeing what the earlier ones did.
 */
export interface AccountState {
  readonly id: string;
  readonly normal: 'debit' | 'credit';
  readonly floor: bigint | null;
  debits_pending: bigint;
  debits_posted: bigint;
  credits_pending: bigint;
  credits_posted: bigint;
}

/** A pending posting that a move wants to end. */
export interface Reservation {
  readonly id: string;
  readonly debit_account: string;
  readonly credit_account: string;
  readonly amount: bigint;
  readonly currency: 'CNY';
  readonly reason: string;
  readonly subject_id: string | null;
  readonly ended: boolean;
}

export interface BatchState {
  readonly accounts: ReadonlyMap<string, AccountState>;
  /** `table/id` → version, of every row that some move updates; absent without such a row. */
  readonly versions: Map<string, number>;
  readonly reservations: ReadonlyMap<string, Reservation>;
}

/** One row of `postings`, with its accounts resolved. */
export interface PostingRow {
  readonly id: string;
  readonly debit_account: string;
  readonly credit_account: string;
  readonly amount: bigint;
  readonly currency: 'CNY';
  readonly kind: NewPosting['kind'];
  readonly ends: string | null;
  readonly reason: string;
  readonly subject_id: string | null;
  readonly business_at: Date;
}

export type Verdict =
  | { readonly kind: 'commits'; readonly postings: readonly PostingRow[] }
  | Extract<MoveResult, { kind: 'stale' | 'refused' }>;

export function balanceOf(account: Omit<AccountState, 'id' | 'floor'>): Balance {
  const { debits_pending, debits_posted, credits_pending, credits_posted } = account;
  const posted =
    account.normal === 'debit' ? debits_posted - credits_posted : credits_posted - debits_posted;
  const leaving = account.normal === 'debit' ? credits_pending : debits_pending;
  return {
    debits_pending,
    debits_posted,
    credits_pending,
    credits_posted,
    posted,
    // Pending credits give no spending power.
    available: posted - leaving,
  };
}

/** Judges a batch; mutates `state` to what it is after the moves that commit. */
export function applyBatch(state: BatchState, moves: readonly Move[]): Verdict[] {
  return moves.map((move) => applyMove(state, move));
}

function applyMove(state: BatchState, move: Move): Verdict {
  for (const row of move.rows) {
    if (row.op !== 'update') continue;
    const key = `${row.kind.table}/${row.id}`;
    if (state.versions.get(key) !== row.version) {
      return { kind: 'stale', table: row.kind.table, id: row.id };
    }
  }
  const before = new Map<string, AccountState>();
  const postings: PostingRow[] = [];
  const ended = new Set<string>();
  for (const posting of move.postings) {
    const row = resolve(state, posting, ended);
    const broken = post(state, row, isIntent(posting), before);
    if (broken !== undefined) {
      restore(state, before);
      return { kind: 'refused', reason: 'floor', account: broken };
    }
    postings.push(row);
  }
  for (const id of ended) markEnded(state, id);
  for (const row of move.rows) {
    if (row.op === 'update') state.versions.set(`${row.kind.table}/${row.id}`, row.version + 1);
  }
  return { kind: 'commits', postings };
}

function isIntent(posting: NewPosting): boolean {
  // Ending a reservation never takes more than the reservation itself took.
  if ('ends' in posting) return false;
  return posting.fact !== true;
}

function resolve(state: BatchState, posting: NewPosting, ended: Set<string>): PostingRow {
  if ('ends' in posting) {
    const held = state.reservations.get(posting.ends);
    assert(held, `posting ${posting.id} ends ${posting.ends}, which is not a reservation`);
    assert(!held.ended && !ended.has(held.id), `reservation ${held.id} has ended already`);
    ended.add(held.id);
    return {
      id: posting.id,
      debit_account: held.debit_account,
      credit_account: held.credit_account,
      amount: held.amount,
      currency: held.currency,
      kind: posting.kind,
      ends: held.id,
      reason: held.reason,
      subject_id: held.subject_id,
      business_at: posting.business_at,
    };
  }
  assert(posting.amount > 0n, `posting ${posting.id} has no positive amount`);
  assert(posting.debit.id !== posting.credit.id, `posting ${posting.id} moves nothing`);
  return {
    id: posting.id,
    debit_account: posting.debit.id,
    credit_account: posting.credit.id,
    amount: posting.amount,
    currency: posting.currency,
    kind: posting.kind,
    ends: null,
    reason: posting.reason,
    subject_id: posting.subject_id ?? null,
    business_at: posting.business_at,
  };
}

function markEnded(state: BatchState, id: string): void {
  const held = state.reservations.get(id);
  if (held) Object.assign(held, { ended: true });
}

function account(state: BatchState, id: string, before: Map<string, AccountState>): AccountState {
  const found = state.accounts.get(id);
  assert(found, `account ${id} was not locked`);
  if (!before.has(id)) before.set(id, { ...found });
  return found;
}

function restore(state: BatchState, before: ReadonlyMap<string, AccountState>): void {
  for (const [id, old] of before) Object.assign(state.accounts.get(id) ?? {}, old);
}

/** Applies one posting; answers the account whose floor an intent would break, if any. */
function post(
  state: BatchState,
  row: PostingRow,
  intent: boolean,
  before: Map<string, AccountState>,
): string | undefined {
  const debit = account(state, row.debit_account, before);
  const credit = account(state, row.credit_account, before);
  switch (row.kind) {
    case 'posted':
      debit.debits_posted += row.amount;
      credit.credits_posted += row.amount;
      break;
    case 'pending':
      debit.debits_pending += row.amount;
      credit.credits_pending += row.amount;
      break;
    case 'post':
      debit.debits_pending -= row.amount;
      credit.credits_pending -= row.amount;
      debit.debits_posted += row.amount;
      credit.credits_posted += row.amount;
      break;
    case 'void':
      debit.debits_pending -= row.amount;
      credit.credits_pending -= row.amount;
      break;
    default:
      row.kind satisfies never;
  }
  if (!intent) return undefined;
  return [debit, credit].find(
    (side) => side.floor !== null && balanceOf(side).available < side.floor && shrinks(side, row),
  )?.id;
}

/** Only the side that gives money up can break its floor by this posting. */
function shrinks(side: AccountState, row: PostingRow): boolean {
  return side.normal === 'debit' ? side.id === row.credit_account : side.id === row.debit_account;
}

/** Every account a batch may touch, with its definition, sorted by id: the order of locking. */
export function accountsOf(
  moves: readonly Move[],
  reservations: ReadonlyMap<string, Reservation>,
): { ids: string[]; specs: Map<string, AccountSpec> } {
  const specs = new Map<string, AccountSpec>();
  const ids = new Set<string>();
  for (const posting of moves.flatMap((move) => move.postings)) {
    if ('ends' in posting) {
      const held = reservations.get(posting.ends);
      if (held) {
        ids.add(held.debit_account);
        ids.add(held.credit_account);
      }
    } else {
      for (const spec of [posting.debit, posting.credit]) {
        specs.set(spec.id, spec);
        ids.add(spec.id);
      }
    }
  }
  return { ids: [...ids].sort(), specs };
}
