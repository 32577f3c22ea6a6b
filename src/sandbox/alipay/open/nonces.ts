/** What was seen once; the oldest are forgotten first. */
const MAX_KEPT = 20_000;

export class Nonces {
  readonly #seen = new Set<string>();

  /** False when it was taken before. */
  take(nonce: string): boolean {
    if (this.#seen.has(nonce)) return false;
    this.#seen.add(nonce);
    if (this.#seen.size > MAX_KEPT) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    return true;
  }
}
