import type { Db, Tx } from '../../db/pool.ts';
import type { NewEvent } from '../../events.ts';
import { type Book, ulid } from '../../ids.ts';
import type { NewJob } from '../../jobs/jobs.ts';
import { Link } from '../../jobs/link.ts';
import type { Logger } from '../../log.ts';
import { findBalance } from '../history.ts';
import type { Ledger } from '../ledger.ts';
import { BookWriter } from './book-writer.ts';
import { STILL_MS } from './head.ts';
import { notifyWriters } from './mail.ts';

/** The writer behind `submit`: see `book-writer.ts` for a book, `batch.ts` for a batch. */
export interface LedgerOptions {
  /** A pool of its own, as `WRITER_POOL` says. */
  readonly db: Db;
  readonly log: Logger;
  publishEvents(tx: Tx, events: readonly NewEvent[]): Promise<void>;
  enqueueJobs(tx: Tx, jobs: readonly NewJob[]): Promise<void>;
  /** Called after a commit that made jobs. */
  wake(): void;
  /** How long a letter to another process waits for its answer; 20 s when absent. */
  readonly answer_ms?: number;
}

/** The pool has at least three connections: batches, letters, LISTEN. */
export const WRITER_POOL = {
  max_connections: 4,
  pipeline: true,
  settings: {
    idle_in_transaction_session_timeout: String(STILL_MS),
    // The writer's statements join a handful of rows to tables by their primary keys. The planner
    // takes the handful for a hundred, and would read whole tables of up to some ten thousand rows
    // instead.
    enable_hashjoin: 'off',
    enable_mergejoin: 'off',
  },
} as const;

export function createLedger(options: LedgerOptions): Ledger {
  const { db, log } = options;
  // The process by its number, for whoever looks who writes a book.
  const holder = `${process.pid}/${ulid()}`;
  const books = new Map<Book, BookWriter>();
  let link: Link | undefined;

  function look(): void {
    for (const writer of books.values()) writer.look();
  }

  function signal(): void {
    if (!link) return;
    // A lost NOTIFY only means that others find the letter by their look.
    notifyWriters(link, holder).catch((error: unknown) => {
      log.debug({ err: error }, 'the other writers were not told');
    });
  }

  function writerOf(book: Book): BookWriter {
    link ??= new Link({ db, log, channel: 'hutong_ledger', self: holder, onSignal: look });
    const writer = books.get(book) ?? new BookWriter(book, options, holder, signal);
    books.set(book, writer);
    return writer;
  }

  return {
    submit: (move) => writerOf(move.book).submit(move),
    balance: (book, account, at) => findBalance(db, book, account, at),
    async stop() {
      await Promise.allSettled([...books.values()].map((writer) => writer.stop()));
      await link?.stop();
    },
  };
}
