import type { Queryable } from '../../db/pool.ts';
import { type Book, newId } from '../../ids.ts';
import type { MoveResult } from '../ledger.ts';
import type { Entry } from './batch.ts';
import { keptMail, type MailResult, readAnswers, sendMail, withdrawMail } from './mail.ts';

/**
 * The letters of this process to whoever writes a book. An answer lies there until it was heard:
 * a connection may be cut while it is read, and then it is read again.
 */
const ANSWER_MS = 20_000;

export interface Waiting extends Entry {
  readonly resolve: (result: MoveResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Sent extends Waiting {
  readonly until: number;
}

export class Outbox {
  readonly #db: Queryable;
  readonly #book: Book;
  readonly #answer_ms: number;
  readonly #sent = new Map<string, Sent>();
  /** Answered here; they still lie there. */
  #known: readonly string[] = [];

  constructor(db: Queryable, book: Book, answer_ms = ANSWER_MS) {
    this.#db = db;
    this.#book = book;
    this.#answer_ms = answer_ms;
  }

  /** Somebody waits for an answer. */
  get waits(): boolean {
    return this.#sent.size > 0;
  }

  /** Nothing of it lies in the database any more. */
  get empty(): boolean {
    return this.#sent.size === 0 && this.#known.length === 0;
  }

  async send(batch: readonly Waiting[]): Promise<void> {
    const until = Date.now() + this.#answer_ms;
    const letters = batch.map((waiting) => ({ ...waiting, id: newId('mov', this.#book), until }));
    await sendMail(this.#db, this.#book, letters);
    for (const letter of letters) this.#sent.set(letter.id, letter);
  }

  /** Tells those who wait what was answered. After an error the next call does it again. */
  async read(): Promise<void> {
    if (this.empty) return;
    const about = { ids: [...this.#sent.keys()], known: this.#known };
    const answers = await readAnswers(this.#db, this.#book, about);
    this.#known = answers.map(({ id }) => id);
    for (const { id, result } of answers) this.#answer(id, result);
    const late = [...this.#sent].flatMap(([id, { until }]) => (until < Date.now() ? id : []));
    if (late.length > 0) await this.#giveUp(late);
  }

  async #giveUp(late: readonly string[]): Promise<void> {
    // Whoever is writing it now has locked it: then it is answered, and found in the next look.
    for (const id of await withdrawMail(this.#db, this.#book, late)) {
      this.#answer(id, { kind: 'failed', message: 'no process wrote the book in time' });
    }
    const waiting = late.filter((id) => this.#sent.has(id));
    if (waiting.length === 0) return;
    // Its answer was forgotten while this process slept, or its withdrawal was not heard of.
    const kept = await keptMail(this.#db, this.#book, waiting);
    for (const id of waiting) {
      if (!kept.has(id)) this.#answer(id, { kind: 'failed', message: 'the answer is gone' });
    }
  }

  #answer(id: string, result: MailResult): void {
    const sent = this.#sent.get(id);
    this.#sent.delete(id);
    if (result.kind === 'failed') sent?.reject(new Error(result.message));
    else sent?.resolve(result);
  }
}
