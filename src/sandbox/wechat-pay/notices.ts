import { shanghaiTime } from '../../clock.ts';
import { isWireObject } from '../../protocols/wechat-pay/messages.ts';
import {
  EVENTS,
  type EventType,
  RETRY_SCHEDULE_MS,
  sealNotification,
} from '../../protocols/wechat-pay/notification.ts';
import {
  answerMessage,
  newNonce,
  rsaSign,
  signatureHeaders,
  unixSeconds,
} from '../../protocols/wechat-pay/signature.ts';
import { Notifier, type PendingNotification } from '../notifier.ts';
import type { SandboxOptions } from '../sandbox.ts';
import type { Merchant } from './merchants/keys.ts';
import { newEventId } from './numbers.ts';

/**
 * Notifications to merchants: encrypted and signed afresh for every try, under an id that stays.
 * What they say is fixed when the fact happens. None leaves before the fact itself is durable.
 */
export interface Notice {
  readonly mchid: string;
  readonly url: string;
  readonly event_type: EventType;
  readonly content: object;
}

export class Notices {
  readonly #notifier: Notifier;
  readonly #options: SandboxOptions;
  readonly #merchants: ReadonlyMap<string, Merchant>;

  constructor(options: SandboxOptions, merchants: ReadonlyMap<string, Merchant>) {
    this.#options = options;
    this.#merchants = merchants;
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

  send(notice: Notice): void {
    const now = this.#options.clock.now();
    const { url, ...subject } = notice;
    this.#notifier.notify(newEventId(now), url, { ...subject, create_time: shanghaiTime(now) });
  }

  stop(): void {
    this.#notifier.stop();
  }

  async #render(
    notification: PendingNotification,
  ): Promise<{ headers: Record<string, string>; body: string }> {
    await this.#options.store.committed();
    const { mchid, event_type, content, create_time } = notification.subject;
    const merchant = typeof mchid === 'string' ? this.#merchants.get(mchid) : undefined;
    if (!merchant || !isEventType(event_type) || !isWireObject(content)) {
      throw new Error(`notification ${notification.id} is for no merchant of this sandbox`);
    }
    const body = JSON.stringify(
      sealNotification({
        id: notification.id.replace(/#\d+$/, ''),
        create_time: String(create_time),
        event_type,
        content,
        api_v3_key: merchant.api_v3_key,
      }),
    );
    const timestamp = unixSeconds(this.#options.clock.real());
    const nonce = newNonce();
    const message = answerMessage({ timestamp, nonce, body });
    const signature = await rsaSign(merchant.sign_key, message);
    const signed = signatureHeaders({
      timestamp,
      nonce,
      serial: merchant.public_key_id,
      signature,
    });
    return { headers: { ...NOTICE_HEADERS, ...signed }, body };
  }
}

const NOTICE_HEADERS = {
  Accept: '*/*',
  'Cache-Control': 'no-cache',
  'Content-Type': 'application/json',
  Pragma: 'no-cache',
  'User-Agent': 'Mozilla/4.0',
};

function isEventType(value: unknown): value is EventType {
  return typeof value === 'string' && Object.hasOwn(EVENTS, value);
}
