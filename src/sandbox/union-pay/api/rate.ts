/** Calls of one merchant a second, counted over real time. */
const MAX_WINDOWS = 1000;

export class RateLimit {
  readonly #windows = new Map<string, { second: number; count: number }>();

  /** False when this call is one too many. */
  allows(key: string, per_second: number, now: Date): boolean {
    const second = Math.floor(now.getTime() / 1000);
    const window = this.#windows.get(key);
    if (!window || window.second !== second) {
      if (this.#windows.size >= MAX_WINDOWS) this.#windows.clear();
      this.#windows.set(key, { second, count: 1 });
      return true;
    }
    window.count += 1;
    return window.count <= per_second;
  }
}
