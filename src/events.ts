import type { Book } from './ids.ts';

/** Public events, delivered as webhooks; also the names of the timeline's internal steps. */
export const EVENT_TYPES = [
  'payment.succeeded',
  'payment.closed',
  'payment.money_returned',
  'refund.created',
  'refund.pending',
  'refund.succeeded',
  'refund.refused',
  'refund.needs_action',
  'hold.created',
  'hold.partially_released',
  'hold.released',
  'hold.returned',
  'hold.shipped',
  'hold.disputed',
  'hold.dispute_resolved',
  'hold.limit_near',
  'split.finished',
  'split.refused',
  'settlement.settled',
  'payout.created',
  'payout.needs_payee',
  'payout.succeeded',
  'payout.refused',
  'payout.cancelled',
  'payout.returned',
  'break.opened',
  'break.resolved',
  'bill.closed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Steps that only the timeline shows. */
export type StepType =
  | 'payment.created'
  | 'attempt.created'
  | 'attempt.presented'
  | 'attempt.unknown'
  | 'attempt.succeeded'
  | 'attempt.refused'
  | 'attempt.closed'
  | 'attempt.abandoned'
  | 'payment.close_requested'
  | 'fact.ignored'
  | 'fact.refused'
  | 'refund.waits'
  | 'payout.cancel_requested'
  | 'payout.cancel_refused'
  | 'split.created'
  | 'split.unknown';

export interface NewEvent {
  readonly book: Book;
  readonly id: string;
  readonly type: EventType | StepType;
  readonly platform_id: string;
  readonly object_id: string;
  /** Null for what is about no payment: settlements, payouts, bills. */
  readonly payment_id: string | null;
  /** Per object from 1 for public events; 0 for internal steps. */
  readonly sequence: number;
  readonly public: boolean;
  /** Public events: the object as the API renders it. Steps: what happened, masked. */
  readonly data: Readonly<Record<string, unknown>>;
}
