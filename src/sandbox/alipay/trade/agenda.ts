/**
 * What the wallet does by itself when its time comes: held money is released, a slow refund
 * arrives, an application is decided. Business time. Nothing here is stored: who owns a record puts
 * it on the agenda again at the start, and an act looks first whether it is still to be done.
 */
interface Entry {
  readonly at: number;
  readonly act: () => void;
}

export class Agenda {
  readonly #now: () => number;
  /** Latest first, so that the next one is at the end. */
  readonly #entries: Entry[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(at: number, act: () => void): void {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.at ?? 0) >= at) low = middle + 1;
      else high = middle;
    }
    // Entries of the same moment run in the order in which they came.
    while (low > 0 && this.#entries[low - 1]?.at === at) low -= 1;
    this.#entries.splice(low, 0, { at, act });
  }

  /** Runs all that is due, in order of time; what an act adds for now runs too. */
  advance(): void {
    const now = this.#now();
    for (;;) {
      const next = this.#entries.at(-1);
      if (!next || next.at > now) return;
      this.#entries.pop();
      next.act();
    }
  }
}
