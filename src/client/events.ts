import type { Bill, Break } from './finance/bill-objects.ts';
import type { Payout, Settlement } from './finance/money-objects.ts';
import type { Hold, Split } from './market-objects.ts';
import type { Payment, Refund } from './objects.ts';

/** Every type of event there is, by what it is about; `data.object` is of that kind. */
export const EVENT_TYPES = {
  payment: ['payment.succeeded', 'payment.closed', 'payment.money_returned'],
  refund: [
    'refund.created',
    'refund.pending',
    'refund.succeeded',
    'refund.refused',
    'refund.needs_action',
  ],
  hold: [
    'hold.created',
    'hold.partially_released',
    'hold.released',
    'hold.returned',
    'hold.shipped',
    'hold.disputed',
    'hold.dispute_resolved',
    'hold.limit_near',
  ],
  split: ['split.finished', 'split.refused'],
  settlement: ['settlement.settled'],
  payout: [
    'payout.created',
    'payout.needs_payee',
    'payout.succeeded',
    'payout.refused',
    'payout.cancelled',
    'payout.returned',
  ],
  break: ['break.opened', 'break.resolved'],
  bill: ['bill.closed'],
} as const;

type TypeAbout<About extends keyof typeof EVENT_TYPES> = (typeof EVENT_TYPES)[About][number];

interface EventOf<Type extends string, Subject, More = unknown> {
  readonly id: string;
  readonly object: 'event';
  readonly type: Type;
  readonly created_at: string;
  readonly livemode: boolean;
  readonly platform: string;
  /** Orders the events of one object, from 1. A smaller one that comes later is old news. */
  readonly sequence: number;
  /** Orders all events, for `events.list({ after })`; null in a webhook that left before it. */
  readonly position: number | null;
  readonly data: { readonly object: Subject } & More;
}

/** Money of a payment that the hub sent back by itself. */
interface MoneyReturned {
  readonly returned: {
    readonly refund: string;
    readonly amount: number;
    readonly why: Refund['origin'];
  };
}

/** What let the money go: `refund`, `wallet_limit`, or the `why` of the split that did. */
interface Released {
  readonly why: Split['why'];
}

type Release = 'hold.partially_released' | 'hold.released' | 'hold.returned';

export type PaymentEvent =
  | EventOf<Exclude<TypeAbout<'payment'>, 'payment.money_returned'>, Payment>
  | EventOf<'payment.money_returned', Payment, MoneyReturned>;
export type RefundEvent = EventOf<TypeAbout<'refund'>, Refund>;
export type HoldEvent =
  | EventOf<Exclude<TypeAbout<'hold'>, Release>, Hold>
  | EventOf<Extract<TypeAbout<'hold'>, Release>, Hold, Released>;
export type SplitEvent = EventOf<TypeAbout<'split'>, Split>;
export type SettlementEvent = EventOf<TypeAbout<'settlement'>, Settlement>;
export type PayoutEvent = EventOf<TypeAbout<'payout'>, Payout>;
export type BreakEvent = EventOf<TypeAbout<'break'>, Break>;
export type BillEvent = EventOf<TypeAbout<'bill'>, Bill>;

/**
 * Narrow by `event.type`, or by `event.data.object.object`. A newer hub may send a type that is not
 * here: end a `switch` with a `default` that does nothing.
 */
export type Event =
  | PaymentEvent
  | RefundEvent
  | HoldEvent
  | SplitEvent
  | SettlementEvent
  | PayoutEvent
  | BreakEvent
  | BillEvent;
