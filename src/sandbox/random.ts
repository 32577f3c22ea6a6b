import { createHash, randomBytes } from 'node:crypto';
import type { SandboxStore } from './store.ts';

/**
 * Where a sandbox takes its numbers and tokens from. With a seed, the same calls in the same order
 * give the same numbers; keys and signatures stay truly random.
 */
export interface SandboxRandom {
  /** A whole number from 0 to `below` − 1. */
  integer(below: number): number;
  bytes(count: number): Buffer;
  /**
   * Numbers of their own, the same for the same name: for what happens beside the calls, so that
   * its moment changes nothing that is drawn elsewhere.
   */
  stream(name: string): SandboxRandom;
}

const INTEGER_BYTES = 6;
const DIGITS_AT_ONCE = 9;

export function sandboxRandom(seed?: number, name = ''): SandboxRandom {
  const bytes = seed === undefined ? randomBytes : seededBytes(`${seed} ${name}`);
  const random: SandboxRandom = {
    bytes,
    integer: (below) => bytes(INTEGER_BYTES).readUIntBE(0, INTEGER_BYTES) % below,
    stream: (part) => (seed === undefined ? random : sandboxRandom(seed, `${name}/${part}`)),
  };
  return random;
}

/**
 * The numbers of one start of a wallet's sandbox. What a seed gave before is in the kept books, so
 * each start over the same books goes on with others.
 */
export function openRandom(
  store: SandboxStore,
  { wallet, seed }: { wallet: string; seed: number | undefined },
): SandboxRandom {
  const starts = store.collection<{ count: number }>('starts');
  const count = (starts.get(wallet)?.count ?? 0) + 1;
  starts.put(wallet, { count });
  return sandboxRandom(seed, `${wallet} ${count}`);
}

/** Digests of the seed and a counter, one after another. */
function seededBytes(seed: string): (count: number) => Buffer {
  let left: Buffer = Buffer.alloc(0);
  let drawn = 0;
  return (count) => {
    const parts = [left];
    for (let have = left.length; have < count; have += 32) {
      parts.push(createHash('sha256').update(`${drawn} ${seed}`).digest());
      drawn += 1;
    }
    const all = parts.length === 1 ? left : Buffer.concat(parts);
    left = all.subarray(count);
    return all.subarray(0, count);
  };
}

export function randomDigits(random: SandboxRandom, count: number): string {
  let text = '';
  while (text.length < count) {
    const some = Math.min(DIGITS_AT_ONCE, count - text.length);
    text += random
      .integer(10 ** some)
      .toString()
      .padStart(some, '0');
  }
  return text;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export function randomLetters(random: SandboxRandom, count: number): string {
  let text = '';
  for (let i = 0; i < count; i += 1) text += BASE62.charAt(random.integer(62));
  return text;
}
