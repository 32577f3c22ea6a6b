import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { Db, Queryable, Statement } from '../db/pool.ts';
import type { Logger } from '../log.ts';
import { jitter } from './backoff.ts';

/**
 * A connection of its own for LISTEN and NOTIFY, and for statements that may be lost: the jobs
 * engine claims, ends and prolongs jobs on it. `synchronous_commit=off` is safe here and only here:
 * a claim or a deletion lost with the server makes a job run again, which handlers must bear
 * anyway; and a NOTIFY that waited for the disk would make every other notifier wait with it. A
 * lost connection is made again for ever.
 */
const FIRST_GAP_MS = 50;
const MAX_GAP_MS = 2_000;

export interface LinkOptions {
  readonly db: Db;
  readonly log: Logger;
  readonly channel: 'hutong_jobs' | 'hutong_ledger';
  /** Another process said that something is due, or the connection came back. */
  onSignal(): void;
  /** Own NOTIFYs carry this and are ignored. */
  readonly self: string;
}

export class Link implements Queryable {
  readonly #options: LinkOptions;
  readonly #stopping = new AbortController();
  readonly #life: Promise<void>;
  #client: PoolClient | undefined;
  #cut: (() => void) | undefined;
  #connected: Promise<void>;
  #announce: () => void = () => {};
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#connected = this.#nextConnection();
    this.#life = this.#live();
  }

  /** Waits for the connection, and for the statements before this one. Rejects when it is cut. */
  query<Row>(statement: Statement): Promise<Row[]> {
    const result = this.#tail.then(async () => {
      await this.#connected;
      const client = this.#client;
      if (!client) throw new Error(`Connection terminated: ${this.#options.channel} has stopped`);
      const { name, text, values } = statement;
      const answer = await client.query({ name, text, values: [...values] });
      return answer.rows as Row[];
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async stop(): Promise<void> {
    await Promise.race([this.#tail, sleep(1_000, undefined, { ref: false })]);
    this.#stopping.abort();
    this.#cut?.();
    this.#announce();
    await this.#life;
  }

  #nextConnection(): Promise<void> {
    return new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  async #live(): Promise<void> {
    const { db, log } = this.#options;
    let gap = FIRST_GAP_MS;
    while (!this.#stopping.signal.aborted) {
      try {
        await db.connection((client) =>
          this.#use(client, () => {
            gap = FIRST_GAP_MS;
            this.#options.onSignal();
          }),
        );
      } catch (error) {
        log.warn(
          { err: error },
          `${this.#options.channel} has no database connection; trying again`,
        );
      }
      if (this.#stopping.signal.aborted) return;
      await sleep(jitter(gap), undefined, { signal: this.#stopping.signal }).catch(() => {});
      gap = Math.min(gap * 2, MAX_GAP_MS);
    }
  }

  async #use(client: PoolClient, connected: () => void): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#cut = resolve;
    });
    const cut = () => this.#cut?.();
    const heard = ({ payload }: { payload?: string | undefined }) => {
      if (payload !== this.#options.self) this.#options.onSignal();
    };
    client.on('error', cut).on('end', cut).on('notification', heard);
    try {
      await client.query(`set synchronous_commit = off`);
      await client.query(`listen ${this.#options.channel}`);
      this.#client = client;
      this.#announce();
      connected();
      await ended;
    } finally {
      // Whoever waits for a connection still waits when this one was cut before it was one.
      if (this.#client && !this.#stopping.signal.aborted) this.#connected = this.#nextConnection();
      this.#client = undefined;
      await client.query(`unlisten *; reset synchronous_commit`).catch(() => {});
      client.off('error', cut).off('end', cut).off('notification', heard);
    }
  }
}
