import { Outbound, type OutboundAnswer } from '../outbound.ts';
import type { FaultDial, Occasion } from './faults.ts';
import type { Collection, SandboxStore } from './store.ts';

/**
 * Delivers a wallet's notifications on its real retry schedule, scaled by `pace`. At least once,
 * unordered, 5 s per try; the fault dial may lose, delay or duplicate them, or lose the answer. A
 * notification waiting for its next try is in the store and survives a restart of the sandbox.
 */
export interface PendingNotification {
  readonly id: string;
  readonly url: string;
  /** What to say; the wallet renders and signs it afresh for every try. */
  readonly subject: Readonly<Record<string, unknown>>;
  /** What it is about, for the fault dial. */
  readonly operation?: string;
  readonly amount?: bigint;
  /** Tries made so far. */
  tries: number;
  /** Real time of the next try, epoch milliseconds. */
  next_at: number;
}

interface Letter {
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface Rendered extends Letter {
  /** Sent before the genuine one, whatever the answer to it: its signature is wrong on purpose. */
  readonly probe?: Letter;
}

export interface NotifierOptions {
  readonly store: SandboxStore;
  readonly faults: FaultDial;
  /** Gaps between tries of the wallet's real schedule, milliseconds. */
  readonly schedule_ms: readonly number[];
  readonly pace: number;
  render(notification: PendingNotification): Promise<Rendered>;
  /** Did the receiver accept? */
  accepts(answer: { status: number; body: Buffer }): boolean;
}

const TRY_TIMEOUT_MS = 5000;
const MAX_IN_FLIGHT = 64;

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #pending: Collection<PendingNotification>;
  readonly #outbound = new Outbound({ max_sockets: MAX_IN_FLIGHT });
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #waiting: (() => void)[] = [];
  #inFlight = 0;
  #stopped = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#pending = options.store.collection<PendingNotification>('notifications');
    for (const notification of this.#pending.values()) this.#schedule(notification);
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Queues a notification; the first try is due at once unless the dial says otherwise. */
  notify(
    id: string,
    url: string,
    subject: Readonly<Record<string, unknown>>,
    occasion: Occasion = {},
  ): void {
    const { faults } = this.#options;
    if (faults.strikes('notification_lost', occasion)) return;
    const delay = faults.strikes('notification_delayed', occasion)?.delay_ms ?? 0;
    const copies = faults.strikes('notification_duplicated', occasion)?.copies ?? 0;
    const { operation, amount } = occasion;
    const about = {
      subject,
      ...(operation === undefined ? {} : { operation }),
      ...(amount === undefined ? {} : { amount }),
    };
    for (let copy = 0; copy <= copies; copy += 1) {
      const jitter = delay === 0 ? 0 : Math.round(delay * faults.random());
      const key = copy === 0 ? id : `${id}#${copy}`;
      const next_at = Date.now() + jitter;
      const notification = { id: key, url, ...about, tries: 0, next_at };
      this.#pending.put(key, notification);
      this.#schedule(notification);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#outbound.stop();
  }

  #schedule(notification: PendingNotification): void {
    if (this.#stopped) return;
    const wait = Math.max(0, notification.next_at - Date.now());
    const timer = setTimeout(() => void this.#try(notification), Math.min(wait, 2 ** 31 - 1));
    timer.unref();
    this.#timers.set(notification.id, timer);
  }

  async #try(notification: PendingNotification): Promise<void> {
    this.#timers.delete(notification.id);
    await this.#slot();
    const accepted = await this.#deliver(notification).catch(() => false);
    this.#inFlight -= 1;
    this.#waiting.shift()?.();
    if (this.#stopped) return;
    notification.tries += 1;
    const gap = this.#options.schedule_ms[notification.tries - 1];
    if (accepted || gap === undefined) {
      this.#pending.delete(notification.id);
      return;
    }
    notification.next_at = Date.now() + gap * this.#options.pace;
    this.#pending.put(notification.id, notification);
    this.#schedule(notification);
  }

  async #slot(): Promise<void> {
    while (this.#inFlight >= MAX_IN_FLIGHT) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#inFlight += 1;
  }

  async #deliver(notification: PendingNotification): Promise<boolean> {
    const { probe, ...letter } = await this.#options.render(notification);
    if (probe) await this.#post(notification.url, probe).catch(() => undefined);
    const answer = await this.#post(notification.url, letter);
    const { operation, amount } = notification;
    if (this.#options.faults.strikes('notification_answer_lost', { operation, amount }))
      return false;
    return this.#options.accepts(answer);
  }

  #post(url: string, { headers, body }: Letter): Promise<OutboundAnswer> {
    return this.#outbound.send({
      method: 'POST',
      url,
      headers,
      body,
      timeout_ms: TRY_TIMEOUT_MS,
      max_answer_bytes: 16_384,
    });
  }
}
