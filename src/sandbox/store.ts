/**
 * A wallet sandbox keeps its books in memory and journals each change to its own database: one
 * group commit carries everything that changed while the previous commit ran. `committed()`
 * resolves when all changes made so far are durable; a request handler awaits it before it
 * answers, so an answered call survives kill -9. While the database is down, `committed()`
 * rejects after `patience_ms` (the wallet then answers a 5xx after the effect, as real ones do),
 * the change stays in memory and the journal is retried.
 */
export interface JournalRecord {
  readonly kind: string;
  readonly key: string;
  /** JSON text of the record; null deletes it. */
  readonly body: string | null;
}

/** Where a store's journal lives: PostgreSQL (`postgres-journal.ts`), or nowhere. */
export interface Journal {
  load(): Promise<JournalRecord[]>;
  write(records: readonly JournalRecord[]): Promise<void>;
}

export const memoryJournal: Journal = { load: async () => [], write: async () => {} };

interface Waiter {
  readonly revision: number;
  resolve(): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

const RETRY_MS = 200;

function replacer(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? { $bigint: value.toString() } : value;
}

function reviver(_key: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && '$bigint' in value) {
    return BigInt(String(value.$bigint));
  }
  return value;
}

export class SandboxStore {
  readonly #journal: Journal;
  readonly #patienceMs: number;
  readonly #collections = new Map<string, Map<string, unknown>>();
  readonly #dirty = new Map<string, { kind: string; key: string; revision: number }>();
  #waiters: Waiter[] = [];
  #revision = 0;
  #durable = 0;
  #writing = false;
  #stopped = false;

  private constructor(journal: Journal, patienceMs: number) {
    this.#journal = journal;
    this.#patienceMs = patienceMs;
  }

  static async open(
    journal: Journal,
    options: { patience_ms?: number } = {},
  ): Promise<SandboxStore> {
    const store = new SandboxStore(journal, options.patience_ms ?? 3000);
    for (const record of await journal.load()) {
      if (record.body === null) continue;
      store.#collection(record.kind).set(record.key, JSON.parse(record.body, reviver));
    }
    return store;
  }

  #collection(kind: string): Map<string, unknown> {
    let found = this.#collections.get(kind);
    if (!found) {
      found = new Map();
      this.#collections.set(kind, found);
    }
    return found;
  }

  /** A typed view of one kind of record, in insertion order. Values are JSON plus bigint. */
  collection<T extends object>(kind: string): Collection<T> {
    const records = this.#collection(kind);
    return {
      get: (key) => records.get(key) as T | undefined,
      put: (key, value) => {
        records.set(key, value);
        this.#touch(kind, key);
      },
      delete: (key) => {
        if (records.delete(key)) this.#touch(kind, key);
      },
      values: () => records.values() as IterableIterator<T>,
      entries: () => records.entries() as IterableIterator<[string, T]>,
      get size() {
        return records.size;
      },
    };
  }

  /** Resolves when everything put so far is durable. */
  committed(): Promise<void> {
    const revision = this.#revision;
    if (revision <= this.#durable) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((waiter) => waiter.timer !== timer);
        reject(new Error('the sandbox cannot write its journal'));
      }, this.#patienceMs);
      timer.unref();
      this.#waiters.push({ revision, resolve, reject, timer });
    });
  }

  /** Writes what is left and stops; later changes stay in memory. */
  async stop(): Promise<void> {
    await this.committed().catch(() => {});
    this.#stopped = true;
  }

  #touch(kind: string, key: string): void {
    this.#revision += 1;
    this.#dirty.set(`${kind}\n${key}`, { kind, key, revision: this.#revision });
    if (!this.#writing) {
      this.#writing = true;
      // Give the running handler its turn, so that one flush takes all it changes.
      setImmediate(() => void this.#flush());
    }
  }

  async #flush(): Promise<void> {
    while (this.#dirty.size > 0 && !this.#stopped) {
      const revision = this.#revision;
      const batch = [...this.#dirty.values()];
      this.#dirty.clear();
      const records = batch.map(({ kind, key }) => {
        const value = this.#collection(kind).get(key);
        return { kind, key, body: value === undefined ? null : JSON.stringify(value, replacer) };
      });
      try {
        await this.#journal.write(records);
        this.#durable = revision;
        this.#release();
      } catch {
        for (const entry of batch) {
          const id = `${entry.kind}\n${entry.key}`;
          if (!this.#dirty.has(id)) this.#dirty.set(id, entry);
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
    this.#writing = false;
  }

  #release(): void {
    const ready = this.#waiters.filter((waiter) => waiter.revision <= this.#durable);
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.#durable);
    for (const waiter of ready) {
      clearTimeout(waiter.timer);
      waiter.resolve();
    }
  }
}

export interface Collection<T extends object> {
  get(key: string): T | undefined;
  /** Stores and marks for the journal; call it again after changing a record in place. */
  put(key: string, value: T): void;
  delete(key: string): void;
  values(): IterableIterator<T>;
  entries(): IterableIterator<[string, T]>;
  readonly size: number;
}
