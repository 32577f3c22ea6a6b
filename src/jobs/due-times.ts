/**
 * Wakes this process when a job it put off comes due, so that short gaps do not wait for the poll.
 * Times are rounded up to a bucket to share timers; what lies beyond the horizon is the poll's.
 */
const BUCKET_MS = 20;
const HORIZON_MS = 60_000;

export class DueTimes {
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #due: () => void;

  constructor(due: () => void) {
    this.#due = due;
  }

  add(in_ms: number): void {
    if (in_ms > HORIZON_MS) return;
    const bucket = Math.ceil((Date.now() + Math.max(in_ms, 0)) / BUCKET_MS);
    if (this.#timers.has(bucket)) return;
    const timer = setTimeout(
      () => {
        this.#timers.delete(bucket);
        this.#due();
      },
      bucket * BUCKET_MS - Date.now() + 1,
    );
    timer.unref();
    this.#timers.set(bucket, timer);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
