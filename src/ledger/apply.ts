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
  floor: bigint | null;
  cap: bigint | null;
  /** Postings that touched it. */
  entries: bigint;
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
  readonly expires_at: Date | null;
  readonly ended: boolean;
}

export interface BatchState {
  /** Business time of the database, the same for the whole batch. */
  readonly now: Date;
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
  readonly expires_at: Date | null;
}

type Refused = Extract<MoveResult, { kind: 'refused' }>;

export type Verdict =
  | { readonly kind: 'commits'; readonly postings: readonly PostingRow[] }
  | Extract<MoveResult, { kind: 'stale' }>
  | Refused;

export function balanceOf(
  account: Pick<
    AccountState,
    'normal' | 'debits_pending' | 'debits_posted' | 'credits_pending' | 'credits_posted'
  >,
): Balance {
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

/** Judges one move of a batch; mutates `state` to what it is after a move that commits. */
export function applyMove(state: BatchState, move: Move): Verdict {
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
    const refused = 'kind' in row ? post(state, posting, row, before) : row.refused;
    if (refused !== undefined) {
      restore(state, before);
      return refused;
    }
    if ('kind' in row) postings.push(row);
  }
  for (const id of ended) markEnded(state, id);
  for (const row of move.rows) {
    if (row.op === 'update') state.versions.set(`${row.kind.table}/${row.id}`, row.version + 1);
  }
  return { kind: 'commits', postings };
}

/** The posting as a row, or why it cannot be one. */
function resolve(
  state: BatchState,
  posting: NewPosting,
  ended: Set<string>,
): PostingRow | { readonly refused: Refused } {
  if ('ends' in posting) {
    const held = state.reservations.get(posting.ends);
    assert(held, `posting ${posting.id} ends ${posting.ends}, which is not a reservation`);
    const reason = whyNotEnd(state, posting.kind, held, ended);
    if (reason) return { refused: { kind: 'refused', reason, account: held.debit_account } };
    ended.add(held.id);
    const { id: ends, ended: _ended, ...rest } = held;
    const { id, kind, business_at } = posting;
    return { ...rest, id, kind, ends, business_at, expires_at: null };
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
    expires_at: posting.kind === 'pending' ? (posting.expires_at ?? null) : null,
  };
}

/** At every moment a reservation that expires can either be posted or expired, never both. */
function whyNotEnd(
  state: BatchState,
  kind: 'post' | 'void' | 'expire',
  held: Reservation,
  ended: ReadonlySet<string>,
): 'ended' | 'expired' | 'not_expired' | undefined {
  if (held.ended || ended.has(held.id)) return 'ended';
  const expired = held.expires_at !== null && held.expires_at <= state.now;
  if (kind === 'post' && expired) return 'expired';
  if (kind === 'expire' && !expired) return 'not_expired';
  return undefined;
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

/** Applies one posting; answers the limit that an intent would break, if any. */
function post(
  state: BatchState,
  posting: NewPosting,
  row: PostingRow,
  before: Map<string, AccountState>,
): Refused | undefined {
  const debit = account(state, row.debit_account, before);
  const credit = account(state, row.credit_account, before);
  if (!('ends' in posting)) {
    limit(debit, posting.debit);
    limit(credit, posting.credit);
  }
  enter(debit, credit, row);
  // Ending a reservation never takes more than the reservation itself took.
  if ('ends' in posting || posting.fact === true) return undefined;
  for (const side of [debit, credit]) {
    const reason = broken(side, row);
    if (reason) return { kind: 'refused', reason, account: side.id };
  }
  return undefined;
}

function limit(state: AccountState, { floor, cap }: AccountSpec): void {
  if (floor !== undefined) state.floor = floor;
  if (cap !== undefined) state.cap = cap;
}

function enter(debit: AccountState, credit: AccountState, { kind, amount }: PostingRow): void {
  debit.entries += 1n;
  credit.entries += 1n;
  if (kind === 'posted' || kind === 'post') {
    debit.debits_posted += amount;
    credit.credits_posted += amount;
  }
  if (kind === 'posted') return;
  const reserved = kind === 'pending' ? amount : -amount;
  debit.debits_pending += reserved;
  credit.credits_pending += reserved;
}

/** The side that gives money up can break its floor, the side that gets it its cap. */
function broken(side: AccountState, row: PostingRow): 'floor' | 'cap' | undefined {
  const shrinks =
    side.normal === 'debit' ? side.id === row.credit_account : side.id === row.debit_account;
  const { posted, available, debits_pending, credits_pending } = balanceOf(side);
  if (shrinks) return side.floor !== null && available < side.floor ? 'floor' : undefined;
  const coming = side.normal === 'debit' ? debits_pending : credits_pending;
  return side.cap !== null && posted + coming > side.cap ? 'cap' : undefined;
}

/** The accounts that postings name themselves, by id; ends of reservations name none. */
export function namedAccounts(moves: readonly Move[]): Map<string, AccountSpec> {
  const specs = new Map<string, AccountSpec>();
  for (const move of moves) {
    for (const posting of move.postings) {
      if ('ends' in posting) continue;
      for (const spec of [posting.debit, posting.credit]) {
        specs.set(spec.id, { ...specs.get(spec.id), ...spec });
      }
    }
  }
  return specs;
}
