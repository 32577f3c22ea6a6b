import { createHash } from 'node:crypto';

const KEPT_LINES = 400;

/** Everything that happened, as a digest, and the last of it as text. */
export class Trace {
  readonly #hash = createHash('sha256');
  readonly #listener: ((line: string) => void) | undefined;
  #lines: string[] = [];
  #count = 0;

  constructor(listener?: (line: string) => void) {
    this.#listener = listener;
  }

  add(line: string): void {
    this.#hash.update(line).update('\n');
    this.#count += 1;
    this.#lines.push(line);
    if (this.#lines.length > 2 * KEPT_LINES) this.#lines = this.#lines.slice(-KEPT_LINES);
    this.#listener?.(line);
  }

  get count(): number {
    return this.#count;
  }

  /** Of everything so far; two runs of one seed have the same. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  last(): readonly string[] {
    return this.#lines.slice(-KEPT_LINES);
  }
}
