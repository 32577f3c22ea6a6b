import type { NewEvent } from '../events.ts';
import type { Book } from '../ids.ts';
import type { NewJob } from '../jobs/jobs.ts';
import type { CustodyKind } from '../wallets/wallet.ts';

/**
 * The ledger's one door. A move is the expected versions of the rows it changes, its row changes,
 * its postings and its events; it commits whole or not at all. Nobody holds a transaction or a
 * pooled connection while waiting for it.
 */
export interface Ledger {
  /**
   * Answers when the move is committed, or will never be. Rejects when nobody can say: the database
   * was away, or more than 20,000 moves wait. A move with an `id` may then be submitted again.
   */
  submit(move: Move): Promise<MoveResult>;
  /** Fen; `at` is a past moment of the database's clock. Undefined without such an account. */
  balance(book: Book, account: string, at?: Date): Promise<Balance | undefined>;
  /** Finishes what waits and gives the books to other writers. */
  stop(): Promise<void>;
}

export interface Move {
  readonly book: Book;
  /**
   * The caller's own name for it, unique in the book: the same id with the same body has the same
   * answer for ever, a refusal too. Body are the rows' names and what the postings say, without
   * the ids and times that are made anew for each try.
   */
  readonly id?: string;
  readonly rows: readonly RowChange[];
  readonly postings: readonly NewPosting[];
  readonly events: readonly NewEvent[];
  readonly jobs: readonly NewJob[];
  /** Idempotency keys that commit with this intent. */
  readonly keys?: readonly IntentKey[];
}

/** An idempotency key in flight: its replay shows the object's present state. */
export interface IntentKey {
  readonly key_hash: string;
  readonly body_digest: string;
  readonly object_id: string;
  readonly lease_until: Date;
}

export type RefusedReason =
  /** An intent of ours would have broken a limit of the account. */
  | 'floor'
  | 'cap'
  /** The reservation to be ended has ended or expired already, or does not expire yet. */
  | 'ended'
  | 'expired'
  | 'not_expired'
  /** The move's `id` belongs to a move with another body. */
  | 'id_reused';

export type MoveResult =
  | { readonly kind: 'committed'; readonly move_id: string }
  /** A row's version had moved on: read again and decide again. */
  | { readonly kind: 'stale'; readonly table: string; readonly id: string }
  | { readonly kind: 'refused'; readonly reason: RefusedReason; readonly account: string | null }
  /** A unique index said no: somebody else was first. */
  | { readonly kind: 'taken'; readonly constraint: string };

/** One table whose rows moves may change; each slice declares its own in its `queries.ts`. */
export interface RowKind {
  readonly table: string;
  /** The column that names a row within its book; `id` when absent. */
  readonly id_column?: string;
  /** Column name → PostgreSQL type, without book, id and version. */
  readonly columns: Readonly<Record<string, string>>;
}

export type RowChange =
  | {
      readonly op: 'insert';
      readonly kind: RowKind;
      readonly id: string;
      readonly values: RowValues;
    }
  | {
      readonly op: 'update';
      readonly kind: RowKind;
      readonly id: string;
      /** The version that was read; the update makes it one more. */
      readonly version: number;
      readonly values: RowValues;
    }
  /** An update of a table without versions; whoever is last wins. */
  | { readonly op: 'set'; readonly kind: RowKind; readonly id: string; readonly values: RowValues };

export type RowValues = Readonly<
  Record<string, string | number | bigint | boolean | Date | null | object>
>;

/** An account is made by the first posting that names it. */
export interface AccountSpec {
  readonly id: string;
  readonly normal: 'debit' | 'credit';
  readonly custody?: CustodyKind;
  /** Least balance on the normal side that an intent may leave; the latest one named holds. */
  readonly floor?: bigint;
  /** Greatest balance on the normal side, pending credits counted, that an intent may leave. */
  readonly cap?: bigint;
}

export type NewPosting =
  | {
      readonly kind: 'posted' | 'pending';
      readonly id: string;
      readonly debit: AccountSpec;
      readonly credit: AccountSpec;
      readonly amount: bigint;
      readonly currency: 'CNY';
      readonly reason: string;
      readonly subject_id?: string;
      readonly business_at: Date;
      /** True for a wallet's verified fact: floors and caps never refuse it. */
      readonly fact?: boolean;
      /** Business time at which a `pending` posting ends by itself. */
      readonly expires_at?: Date;
    }
  /**
   * Ends a reservation: `post` makes it final, `void` gives it back, `expire` gives it back because
   * its time has come. Before `expires_at` it can be posted and not expired, from then on it can
   * be expired and not posted.
   */
  | {
      readonly kind: 'post' | 'void' | 'expire';
      readonly id: string;
      readonly ends: string;
      readonly business_at: Date;
    };

/** Fen. `posted` and `available` are on the normal side; pending credits give no power. */
export interface Balance {
  readonly debits_pending: bigint;
  readonly debits_posted: bigint;
  readonly credits_pending: bigint;
  readonly credits_posted: bigint;
  readonly posted: bigint;
  readonly available: bigint;
}
