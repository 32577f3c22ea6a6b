import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { type Db, sql } from './pool.ts';

/**
 * Business time of one installation: database time plus the stored offset of a sandbox, the same
 * for every process that reads this database. The offset is cached and refreshed by a short poll.
 */
export interface BusinessClock extends Clock {
  /** Milliseconds that business time is ahead of real time. */
  readonly offset_ms: number;
  /** Moves business time forward; sandbox only, the schema refuses it in production. */
  advance(by_ms: number): Promise<void>;
  stop(): void;
}

const REFRESH_MS = 500;
/** A database on the same machine agrees with us; only a real difference is followed. */
const IGNORED_SKEW_MS = 100;

export async function openBusinessClock(db: Db, log?: Logger): Promise<BusinessClock> {
  let offset = 0;
  let skew = 0;

  async function refresh(): Promise<void> {
    const before = Date.now();
    const [row] = await db.query<{ at: Date; offset_ms: bigint | null }>(sql`
      select clock_timestamp() as at, (select clock_offset_ms from installation) as offset_ms`);
    const here = (before + Date.now()) / 2;
    const difference = row ? row.at.getTime() - here : 0;
    skew = Math.abs(difference) > IGNORED_SKEW_MS ? difference : 0;
    offset = Number(row?.offset_ms ?? 0n);
  }

  await refresh();
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    refresh()
      .catch((error: unknown) => log?.debug({ err: error }, 'the clock could not be refreshed'))
      .finally(() => {
        running = false;
      });
  }, REFRESH_MS);
  timer.unref();

  return {
    now: () => new Date(Date.now() + skew + offset),
    real: () => new Date(),
    get offset_ms() {
      return offset;
    },
    async advance(by_ms) {
      if (by_ms < 0) throw new RangeError('business time never runs backwards');
      await db.query(sql`update installation set clock_offset_ms = clock_offset_ms + ${by_ms}`);
      await refresh();
    },
    stop: () => clearInterval(timer),
  };
}
