import type { Queryable } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import { deleteDone, type HeldKey, type Putback, putBack } from './queries.ts';

/**
 * What became of finished jobs, on its way to the database: whatever finished while the previous
 * batch was written goes in one statement. A batch that cannot be written is kept and tried again;
 * if the lease ends first, the job runs once more and this result is fenced off by its token.
 */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'back'; readonly put: Omit<Putback, keyof HeldKey> };

export interface Finished extends HeldKey {
  readonly book: Book;
  readonly outcome: Outcome;
}

interface ResultsOptions {
  readonly db: Queryable;
  /** Called after a batch is in the database. */
  written(batch: readonly Finished[]): void;
  /** Called when a batch could not be written; resolves when to try again. */
  failed(error: unknown): Promise<void>;
}

const MAX_BATCH = 500;

export class Results {
  readonly #options: ResultsOptions;
  #waiting: Finished[] = [];
  #writing: Promise<void> | undefined;
  #stopped = false;

  constructor(options: ResultsOptions) {
    this.#options = options;
  }

  get empty(): boolean {
    return this.#waiting.length === 0 && this.#writing === undefined;
  }

  add(finished: Finished): void {
    this.#waiting.push(finished);
    this.#writing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() =>
      this.#drain(),
    );
  }

  stop(): void {
    this.#stopped = true;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        await this.#write(batch);
        this.#options.written(batch);
      } catch (error) {
        this.#waiting.unshift(...batch);
        if (this.#stopped) break;
        await this.#options.failed(error);
      }
    }
    // In the same turn as the look at what waits: a later result starts a new drain.
    this.#writing = undefined;
  }

  async #write(batch: readonly Finished[]): Promise<void> {
    for (const book of new Set(batch.map((finished) => finished.book))) {
      const held: HeldKey[] = [];
      const jobs: Putback[] = [];
      for (const { id, token, outcome, book: own } of batch) {
        if (own !== book) continue;
        if (outcome.kind === 'done') held.push({ id, token });
        else jobs.push({ id, token, ...outcome.put });
      }
      if (held.length > 0) await deleteDone(this.#options.db, { book, held });
      if (jobs.length > 0) await putBack(this.#options.db, { book, jobs });
    }
  }
}
