import { createHash } from 'node:crypto';

/** Numbers from a seed: the same calls in the same order give the same numbers on every machine. */
export class Random {
  readonly #state: Uint32Array;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    const digest = createHash('sha256').update(name).digest();
    this.#state = Uint32Array.from([0, 4, 8, 12], (at) => digest.readUInt32LE(at));
    for (let i = 0; i < 8; i += 1) this.#next();
  }

  /** Numbers of their own: drawing from them changes nothing that is drawn elsewhere. */
  stream(name: string): Random {
    return new Random(`${this.#name}/${name}`);
  }

  /** At least 0 and below 1. */
  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  /** A whole number from 0 to `limit` − 1. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** @throws RangeError for an empty list. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.alloc(count);
    for (let i = 0; i < count; i += 1) bytes[i] = this.#next() >>> 24;
    return bytes;
  }

  /** sfc32. */
  #next(): number {
    const s = this.#state;
    const [a = 0, b = 0, c = 0, d = 0] = s;
    const sum = (a + b + d) >>> 0;
    s[0] = b ^ (b >>> 9);
    s[1] = c + (c << 3);
    s[2] = ((c << 21) | (c >>> 11)) + sum;
    s[3] = d + 1;
    return sum;
  }
}
