/** How often each application may make each call: a bucket that holds one second's worth. */
interface Bucket {
  tokens: number;
  at: number;
}

const MAX_BUCKETS = 10_000;

export interface RatedCall {
  readonly app_id: string;
  readonly operation: string;
  readonly per_second: number;
  /** Real time, milliseconds. */
  readonly now: number;
}

export class Rates {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes one; false when the application has called too often. */
  take({ app_id, operation, per_second, now }: RatedCall): boolean {
    const key = `${app_id} ${operation}`;
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.clear();
      bucket = { tokens: per_second, at: now };
      this.#buckets.set(key, bucket);
    }
    const grown = bucket.tokens + ((now - bucket.at) / 1000) * per_second;
    bucket.tokens = Math.min(per_second, grown);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
