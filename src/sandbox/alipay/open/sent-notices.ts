/**
 * Which notifications were sent of late, for the old way to ask whether one is genuine. An answer
 * is good for a minute after the sending. https://opendocs.alipay.com/open/204/105301
 */
const LIFE_MS = 60_000;
const MAX_KEPT = 10_000;

export class SentNotices {
  readonly #sent = new Map<string, { seller_id: string; at: number }>();

  add(notify_id: string, seller_id: string, real: Date): void {
    this.#sent.delete(notify_id);
    this.#sent.set(notify_id, { seller_id, at: real.getTime() });
    if (this.#sent.size <= MAX_KEPT) return;
    for (const oldest of this.#sent.keys()) {
      this.#sent.delete(oldest);
      break;
    }
  }

  isGenuine(notify_id: string, partner: string, real: Date): boolean {
    const found = this.#sent.get(notify_id);
    return found?.seller_id === partner && real.getTime() < found.at + LIFE_MS;
  }
}
