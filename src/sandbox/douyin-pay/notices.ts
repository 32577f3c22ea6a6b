import { shanghaiTime } from '../../clock.ts';
import {
  type EventType,
  isEventType,
  RETRY_SCHEDULE_MS,
  sealNotification,
} from '../../protocols/douyin-pay/messages.ts';
import { HEADERS, signAnswer } from '../../protocols/douyin-pay/signature.ts';
import { isWireObject } from '../../protocols/wechat-pay/messages.ts';
import { Notifier, type PendingNotification, type Rendered } from '../notifier.ts';
import { randomDigits } from '../random.ts';
import type { SandboxOptions } from '../sandbox.ts';
import type { Keys } from './keys.ts';
import { misstated, spoiled } from './wrong.ts';

/**
 * Notifications to the merchant: encrypted and signed afresh for every try, under an id that stays.
 */
export interface Notice {
  readonly url: string;
  readonly event_type: EventType;
  readonly content: object;
  /** What it is about, for the fault dial. */
  readonly amount: bigint;
}

export class Notices {
  readonly #notifier: Notifier;
  readonly #options: SandboxOptions;
  readonly #keys: Keys;

  constructor(options: SandboxOptions, keys: Keys) {
    this.#options = options;
    this.#keys = keys;
    this.#notifier = new Notifier({
      store: options.store,
      faults: options.faults,
      schedule_ms: RETRY_SCHEDULE_MS,
      pace: options.notify_pace,
      render: (notification) => this.#render(notification),
      accepts: ({ status }) => status === 200 || status === 204,
    });
  }

  get pending(): number {
    return this.#notifier.pending;
  }

  send({ url, event_type, content, amount }: Notice): void {
    const { clock, faults, random } = this.#options;
    const now = clock.now();
    const occasion = { operation: event_type, amount };
    const wrong = faults.strikes('notification_wrong_amount', occasion);
    const told = wrong ? misstated(content) : content;
    const subject = { event_type, content: told, create_time: shanghaiTime(now) };
    // Some facts happen beside the calls: the number depends on what is told, not on its turn.
    const serial = randomDigits(random.stream(`notice ${JSON.stringify(subject)}`), 9);
    const id = `EV-${shanghaiTime(now).slice(0, 19).replace(/\D/g, '')}${serial}`;
    this.#notifier.notify(id, url, subject, occasion);
  }

  stop(): void {
    this.#notifier.stop();
  }

  /** Never leaves before the fact is durable: a merchant must not know more than the books do. */
  async #render(notification: PendingNotification): Promise<Rendered> {
    const { clock, faults, store } = this.#options;
    await store.committed();
    const { event_type, content, create_time } = notification.subject;
    if (!isEventType(event_type) || !isWireObject(content)) {
      throw new Error(`notification ${notification.id} is of no kind of this sandbox`);
    }
    const occasion = { operation: event_type, amount: notification.amount };
    if (faults.strikes('key_rotated', occasion)) await this.#keys.rotate(clock.real());
    const sealed = sealNotification({
      id: notification.id.replace(/#\d+$/, ''),
      create_time: String(create_time),
      event_type,
      content,
      mchid: this.#keys.mchid,
      encrypt_key: this.#keys.encrypt_key,
    });
    const body = JSON.stringify(sealed);
    const signed = await signAnswer(signerOf(this.#keys), {
      body: Buffer.from(body),
      now: clock.real(),
    });
    const headers = { Accept: '*/*', 'Content-Type': 'application/json', ...signed };
    const probe = faults.strikes('notification_probed', occasion);
    const signature = spoiled(signed[HEADERS.signature] ?? '');
    return {
      headers,
      body,
      ...(probe
        ? { probe: { headers: { ...headers, [HEADERS.signature]: signature }, body } }
        : {}),
    };
  }
}

/** The wallet signs with its newest certificate. */
export function signerOf(keys: Keys): { serial: string; key: Keys['verify_key'] } {
  const newest = keys.platform.at(-1);
  if (!newest) throw new Error('the sandbox has no platform certificate');
  return { serial: newest.serial, key: newest.key };
}
