import { randomBytes } from 'node:crypto';
import { seededRandom } from './faults.ts';

/**
 * Where a sandbox takes its numbers and tokens from. With a seed, the same calls in the same order
 * give the same numbers; keys and signatures stay truly random.
 */
export interface SandboxRandom {
  /** A whole number from 0 to `below` − 1. */
  integer(below: number): number;
  bytes(count: number): Buffer;
}

export function sandboxRandom(seed?: number): SandboxRandom {
  if (seed === undefined) {
    return {
      bytes: randomBytes,
      integer: (below) => randomBytes(6).readUIntBE(0, 6) % below,
    };
  }
  const next = seededRandom(seed);
  const integer = (below: number) => Math.floor(next() * below);
  return {
    integer,
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => integer(256))),
  };
}

export function randomDigits(random: SandboxRandom, count: number): string {
  let text = '';
  for (let i = 0; i < count; i += 1) text += random.integer(10).toString();
  return text;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export function randomLetters(random: SandboxRandom, count: number): string {
  let text = '';
  for (let i = 0; i < count; i += 1) text += BASE62.charAt(random.integer(62));
  return text;
}
