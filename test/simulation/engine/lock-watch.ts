import pg from 'pg';
import { outside } from './process.ts';
import { realSleep } from './real.ts';

/** The simulation's own connection: who waits for whom, and the end of dead processes' sessions. */
export class LockWatch {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(url: string): Promise<LockWatch> {
    const client = new pg.Client({ connectionString: url });
    await outside(() => client.connect());
    return new LockWatch(client);
  }

  query(text: string, values: unknown[] = []): Promise<pg.QueryResult<Record<string, unknown>>> {
    return outside(() => this.#client.query(text, values));
  }

  /**
   * True when none of the sessions can go on by itself: each waits for a session that is not among
   * them, or for one that does. A circle is left to the server, which breaks it after a second.
   */
  async allStuck(pids: readonly number[]): Promise<boolean> {
    const { rows } = await this.query(
      'select pid, pg_blocking_pids(pid) as by from unnest($1::int[]) as t (pid)',
      [pids],
    );
    const waiting = new Map(rows.map((row) => [Number(row['pid']), (row['by'] as number[]) ?? []]));
    const stuck = new Set<number>();
    for (let before = -1; before < stuck.size; ) {
      before = stuck.size;
      for (const [pid, by] of waiting) {
        if (by.some((other) => !waiting.has(other) || stuck.has(other))) stuck.add(pid);
      }
    }
    return stuck.size === waiting.size;
  }

  /** As the server does it for a client that was killed: rolled back, locks gone. */
  async terminate(pids: readonly number[]): Promise<void> {
    await this.query('select pg_terminate_backend(pid) from unnest($1::int[]) as t (pid)', [pids]);
    for (;;) {
      const { rows } = await this.query(
        'select count(*)::int as left from pg_stat_activity where pid = any($1::int[])',
        [pids],
      );
      if (rows[0]?.['left'] === 0) return;
      await realSleep(1);
    }
  }

  async end(): Promise<void> {
    await outside(() => this.#client.end());
  }
}
