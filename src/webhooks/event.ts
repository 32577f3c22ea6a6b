import type { EventType } from '../events.ts';
import type { Book } from '../ids.ts';

/** A public event as the database has it. */
export interface StoredEvent {
  readonly book: Book;
  readonly id: string;
  readonly type: EventType;
  readonly platform_id: string;
  readonly sequence: number;
  /** Null until the sealer has given it. */
  readonly position: bigint | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly created_at: Date;
}

/**
 * An event as the API shows it and webhooks carry it. `sequence` orders the events of one object;
 * `position` orders a platform's book without gaps and is null in a webhook that left before the
 * event was sealed.
 */
export function renderEvent(event: StoredEvent, options: { livemode: boolean }) {
  return {
    id: event.id,
    object: 'event' as const,
    type: event.type,
    created_at: event.created_at.toISOString(),
    livemode: options.livemode,
    platform: event.platform_id,
    sequence: event.sequence,
    position: event.position === null ? null : Number(event.position),
    data: event.data,
  };
}
