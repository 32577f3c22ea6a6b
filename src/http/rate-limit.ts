import { isIPv6 } from 'node:net';
import { Refusal } from '../errors.ts';

/**
 * Token buckets, one per caller, in this process's memory: `per_second` tokens a second and a burst
 * of twice that. At most `max_buckets` are kept; the oldest one goes first.
 */
export interface RateLimiter {
  /** Takes one token. @throws Refusal('rate_limited') with Retry-After when there is none. */
  take(subject: string): void;
}

interface Bucket {
  tokens: number;
  at_ms: number;
}

const MAX_BUCKETS = 50_000;

export function createRateLimiter(options: {
  readonly per_second: number;
  readonly max_buckets?: number;
  /** Real time in milliseconds. */
  readonly now?: () => number;
}): RateLimiter {
  const { per_second } = options;
  const burst = per_second * 2;
  const limit = options.max_buckets ?? MAX_BUCKETS;
  const now = options.now ?? Date.now;
  const buckets = new Map<string, Bucket>();

  function fresh(subject: string, at_ms: number): Bucket {
    if (buckets.size >= limit) {
      const [oldest] = buckets.keys();
      if (oldest !== undefined) buckets.delete(oldest);
    }
    const bucket = { tokens: burst, at_ms };
    buckets.set(subject, bucket);
    return bucket;
  }

  return {
    take(subject) {
      const at_ms = now();
      const bucket = buckets.get(subject) ?? fresh(subject, at_ms);
      const earned = (Math.max(0, at_ms - bucket.at_ms) / 1000) * per_second;
      bucket.tokens = Math.min(burst, bucket.tokens + earned);
      bucket.at_ms = at_ms;
      if (bucket.tokens < 1) {
        const wait_s = Math.max(1, Math.ceil((1 - bucket.tokens) / per_second));
        throw new Refusal('rate_limited', {
          message: `at most ${per_second} requests a second: wait ${wait_s} s`,
          retry_after_s: wait_s,
        });
      }
      bucket.tokens -= 1;
    },
  };
}

/** One household or server room: an IPv4 address, or the /64 of an IPv6 one. */
export function addressGroup(ip: string): string {
  if (!isIPv6(ip) || ip.startsWith('::ffff:')) return ip.replace(/^::ffff:/, '');
  const [address = ''] = ip.split('%');
  const [before = '', after] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const gap = after === undefined ? 0 : IPV6_GROUPS - head.length - tail.length;
  const groups = [...head, ...Array<string>(Math.max(0, gap)).fill('0'), ...tail];
  return `${groups.slice(0, IPV6_GROUPS / 2).join(':')}::/64`;
}

const IPV6_GROUPS = 8;
