import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { WechatPayRefusal } from './refusal.ts';

/** How often each merchant may make each call: a bucket that holds one second's worth. */
interface Bucket {
  tokens: number;
  at: number;
}

const MAX_BUCKETS = 10_000;

export class Rates {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes one; false when the merchant has called too often. `now` is real time, milliseconds. */
  take(call: { mchid: string; operation: string; per_second: number; now: number }): boolean {
    const { mchid, operation, per_second, now } = call;
    const key = `${mchid} ${operation}`;
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

export function tooOften(): WechatPayRefusal {
  const message = '请求过于频繁，请降低请求频率';
  return new WechatPayRefusal(429, 'FREQUENCY_LIMITED', INTERNAL_CODE.rate_limited, message);
}
