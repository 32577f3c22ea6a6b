import { isDatabaseAway, sqlState, violatedConstraint } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import type { Move, MoveResult } from '../ledger.ts';
import { type Entry, TenureEnded, writeBatch } from './batch.ts';
import { LEASE_MS, leaveHead, lockHead, type Tenure, takeHead } from './head.ts';
import { answerMail, readMail } from './mail.ts';
import { Outbox, type Waiting } from './outbox.ts';
import type { LedgerOptions } from './writer.ts';

/**
 * One book as this process sees it. With the book's lease it writes: it takes what arrived while
 * the previous batch was committing, letters of other processes too, and commits that at once;
 * there is no timer. Without it, it sends its moves to whoever has it, and takes the book itself
 * when that one is silent for as long as a lease.
 */
const MAX_BATCH = 512;
const MAX_WAITING = 20_000;
const MAX_COLLISIONS = 5;
/** How often letters are looked at when no signal comes. */
const LOOK_MS = 250;
const STOP_LIMIT_MS = 5_000;
const UNIQUE_VIOLATION = '23505';
/** Deadlock, serialization failure. */
const COLLISIONS: readonly string[] = ['40P01', '40001'];

export class BookWriter {
  readonly #book: Book;
  readonly #options: LedgerOptions;
  readonly #holder: string;
  /** Tells the other processes that there are letters or answers. */
  readonly #signal: () => void;
  readonly #known = new Set<string>();
  readonly #outbox: Outbox;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #tenure: Tenure | undefined;
  #wrote_at = 0;
  #looked_at = 0;
  #mail_is_due = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(book: Book, options: LedgerOptions, holder: string, signal: () => void) {
    this.#book = book;
    this.#options = options;
    this.#holder = holder;
    this.#signal = signal;
    this.#outbox = new Outbox(options.db, book, options.answer_ms);
  }

  submit(move: Move): Promise<MoveResult> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MAX_WAITING) {
        reject(new Error('the ledger has too many moves waiting'));
        return;
      }
      this.#waiting.push({ move, resolve, reject });
      this.#run();
    });
  }

  /** There may be letters for this book, or answers to its own. */
  look(): void {
    if (!this.#tenure && this.#outbox.empty) return;
    this.#mail_is_due = true;
    this.#run();
  }

  /** Lets what is under way end, for a while: the database may be gone for good. */
  async stop(): Promise<void> {
    const limit = Date.now() + STOP_LIMIT_MS;
    while ((this.#running || this.#outbox.waits) && Date.now() < limit) {
      await (this.#running ?? this.#pause());
    }
    clearTimeout(this.#timer);
    await this.#outbox.read().catch(() => undefined);
    if (this.#tenure) {
      await leaveHead(this.#options.db, this.#book, this.#tenure).catch(() => undefined);
      this.#signal();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, LOOK_MS / 10));
  }

  #run(): void {
    if (this.#running) return;
    this.#looked_at = Date.now();
    this.#running = this.#drain();
  }

  async #drain(): Promise<void> {
    for (;;) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      if (batch.length === 0 && !this.#mail_is_due) {
        // In the same turn as the look at the queue: a later submit starts a new drain.
        this.#running = undefined;
        this.#lookAgain();
        return;
      }
      await this.#step(batch).catch((error: unknown) => {
        for (const waiting of batch) waiting.reject(error);
      });
    }
  }

  /** While letters are out, or others may be writing to us. */
  #lookAgain(): void {
    const held = this.#tenure !== undefined && Date.now() - this.#wrote_at < LEASE_MS;
    if (this.#timer || (this.#outbox.empty && !held)) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.look();
    }, LOOK_MS);
    this.#timer.unref();
  }

  async #step(batch: readonly Waiting[]): Promise<void> {
    // No timer runs while there is always something to do, and a signal may be lost.
    const look = this.#mail_is_due || Date.now() - this.#looked_at >= LOOK_MS;
    if (look) this.#looked_at = Date.now();
    this.#mail_is_due = false;
    try {
      await this.#write(batch, look);
    } finally {
      // What cannot be read now is read by the next look.
      if (look || this.#outbox.waits) await this.#outbox.read().catch(() => undefined);
    }
  }

  async #write(batch: readonly Waiting[], look: boolean): Promise<void> {
    const { db } = this.#options;
    if (!this.#tenure) {
      this.#tenure = await takeHead(db, this.#book, this.#holder);
      // What was sent to the writer before us is ours to answer now.
      if (this.#tenure) this.#mail_is_due = true;
    }
    if (!this.#tenure) {
      if (batch.length > 0) {
        await this.#outbox.send(batch);
        this.#signal();
      }
    } else {
      const letters = look || this.#mail_is_due ? await readMail(db, this.#book) : [];
      this.#mail_is_due = letters.length > 0;
      const entries = [...batch, ...letters.map(({ id, move }) => ({ move, mail: id }))];
      if (entries.length > 0) await this.#settle(entries);
      this.#wrote_at = Date.now();
      if (letters.length > 0) this.#signal();
    }
  }

  /** Halves a batch that the database refuses, until the move it refuses stands alone. */
  async #settle(entries: readonly (Entry | Waiting)[]): Promise<void> {
    try {
      const results = await this.#commit(entries);
      entries.forEach((entry, index) => {
        const result = results[index];
        if ('resolve' in entry && result) entry.resolve(result);
      });
    } catch (error) {
      if (error instanceof TenureEnded) return this.#giveBack(entries);
      const [only] = entries;
      if (entries.length > 1 && !isDatabaseAway(error)) {
        const half = Math.ceil(entries.length / 2);
        await this.#settle(entries.slice(0, half));
        await this.#settle(entries.slice(half));
      } else if (entries.length === 1 && only) {
        await this.#refuse(only, error);
      } else {
        for (const entry of entries) if ('reject' in entry) entry.reject(error);
      }
    }
  }

  /** Another process writes the book now: these moves go to it. Letters lie there already. */
  #giveBack(entries: readonly (Entry | Waiting)[]): void {
    this.#tenure = undefined;
    this.#waiting.unshift(...entries.flatMap((entry) => ('resolve' in entry ? entry : [])));
  }

  async #refuse(entry: Entry | Waiting, error: unknown): Promise<void> {
    const taken = sqlState(error) === UNIQUE_VIOLATION;
    const result = { kind: 'taken', constraint: violatedConstraint(error) ?? 'unknown' } as const;
    if ('resolve' in entry) {
      if (taken) entry.resolve(result);
      else entry.reject(error);
    } else if (entry.mail !== undefined && !isDatabaseAway(error)) {
      const message = error instanceof Error ? error.message : String(error);
      const told = taken ? result : ({ kind: 'failed', message } as const);
      const answers = [{ id: entry.mail, result: told }];
      await this.#options.db.transaction(async (tx) => {
        // The next writer, which may have done it meanwhile, is the one to say so.
        const held = this.#tenure && (await lockHead(tx, this.#book, this.#tenure));
        if (held) await answerMail(tx, this.#book, answers);
      });
    }
  }

  async #commit(entries: readonly Entry[]): Promise<readonly MoveResult[]> {
    const tenure = this.#tenure;
    if (!tenure) throw new TenureEnded(`book ${this.#book} has another writer`);
    const { db, wake } = this.#options;
    for (let collisions = 0; ; collisions += 1) {
      try {
        const batch = { book: this.#book, tenure, entries };
        const results = await db.transaction((tx) =>
          writeBatch({ tx, ...batch }, this.#options, this.#known),
        );
        if (entries.some(({ move }) => move.jobs.length + move.events.length > 0)) wake();
        return results;
      } catch (error) {
        // Accounts made by a transaction that rolled back are not there.
        this.#known.clear();
        const collided = COLLISIONS.includes(sqlState(error) ?? '');
        if (!collided || collisions >= MAX_COLLISIONS) throw error;
      }
    }
  }
}
