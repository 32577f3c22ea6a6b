import { shanghaiTime } from '../../clock.ts';
import {
  fenField,
  isWireObject,
  objectField,
  type WireObject,
} from '../../protocols/wechat-pay/messages.ts';
import {
  EVENTS,
  type EventType,
  RETRY_SCHEDULE_MS,
  sealNotification,
} from '../../protocols/wechat-pay/notification.ts';
import type { Occasion } from '../faults.ts';
import { Notifier, type PendingNotification, type Rendered } from '../notifier.ts';
import type { SandboxOptions } from '../sandbox.ts';
import { misstated } from './api/misstated.ts';
import type { Merchant } from './merchants/keys.ts';
import { probed, type WalletKeys } from './merchants/wallet-keys.ts';
import { newEventId } from './numbers.ts';

/**
 * Notifications to merchants: encrypted and signed afresh for every try, under an id that stays.
 * What they say is fixed when the fact happens. None leaves before the fact itself is durable.
 */
export interface Notice {
  /** Who is told, under whose keys: the one that signs calls, never a sub-merchant. */
  readonly mchid: string;
  readonly url: string;
  readonly event_type: EventType;
  readonly content: object;
}

export class Notices {
  readonly #notifier: Notifier;
  readonly #options: SandboxOptions;
  readonly #merchants: ReadonlyMap<string, Merchant>;
  readonly #keys: WalletKeys;

  constructor(options: SandboxOptions, merchants: ReadonlyMap<string, Merchant>, keys: WalletKeys) {
    this.#options = options;
    this.#merchants = merchants;
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

  send(notice: Notice): void {
    const now = this.#options.clock.now();
    const { url, ...subject } = notice;
    const occasion = occasionOf(notice.event_type, notice.content);
    const wrong = this.#options.faults.strikes('notification_wrong_amount', occasion);
    const content = wrong ? misstated(notice.content) : notice.content;
    const told = { ...subject, content, create_time: shanghaiTime(now) };
    // Some facts happen beside the calls: the number depends on what is told, not on its turn.
    const random = this.#options.random.stream(`notice ${JSON.stringify(told)}`);
    this.#notifier.notify(newEventId(random, now), url, told, occasion);
  }

  stop(): void {
    this.#notifier.stop();
  }

  async #render(notification: PendingNotification): Promise<Rendered> {
    await this.#options.store.committed();
    const { mchid, event_type, content, create_time } = notification.subject;
    const merchant = typeof mchid === 'string' ? this.#merchants.get(mchid) : undefined;
    if (!merchant || !isEventType(event_type) || !isWireObject(content)) {
      throw new Error(`notification ${notification.id} is for no merchant of this sandbox`);
    }
    const occasion = occasionOf(event_type, content);
    await this.#keys.perhapsRotate(merchant, occasion);
    const body = JSON.stringify(
      sealNotification({
        id: notification.id.replace(/#\d+$/, ''),
        create_time: String(create_time),
        event_type,
        content,
        api_v3_key: merchant.api_v3_key,
      }),
    );
    const signed = await this.#keys.signNotice(merchant, body);
    const probe = this.#options.faults.strikes('notification_probed', occasion);
    return {
      headers: { ...NOTICE_HEADERS, ...signed },
      body,
      ...(probe ? { probe: { headers: { ...NOTICE_HEADERS, ...probed(signed) }, body } } : {}),
    };
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

/** The event's name stands for the operation; the amount is what the event is about. */
function occasionOf(event_type: EventType, content: object): Occasion {
  const amount = isWireObject(content) ? amountOf(content) : undefined;
  return { operation: event_type, amount };
}

function amountOf(content: WireObject): bigint | undefined {
  const amount = objectField(content, 'amount');
  return (
    fenField(amount, 'refund') ??
    fenField(amount, 'total') ??
    fenField(content, 'transfer_amount') ??
    fenField(content, 'amount')
  );
}
