import { type Clock, systemClock } from '../clock.ts';
import type { SandboxStore } from '../sandbox/store.ts';

/**
 * Business time of sandboxes that run without a hub: real time plus an offset that is kept with
 * their books, so that a restart takes nobody back in time.
 */
export interface OwnClock extends Clock {
  /** Milliseconds that business time is ahead of real time. */
  readonly offset_ms: number;
  advance(by_ms: number): Promise<void>;
}

const KEY = 'offset';

export function openOwnClock(store: SandboxStore): OwnClock {
  const kept = store.collection<{ offset_ms: number }>('clock');
  const offset = () => kept.get(KEY)?.offset_ms ?? 0;
  return {
    real: systemClock.real,
    now: () => new Date(systemClock.real().getTime() + offset()),
    get offset_ms() {
      return offset();
    },
    async advance(by_ms) {
      if (by_ms < 0) throw new RangeError('business time never runs backwards');
      kept.put(KEY, { offset_ms: offset() + by_ms });
      await store.committed();
    },
  };
}
