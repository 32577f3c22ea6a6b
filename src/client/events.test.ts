import { expect, it } from 'vitest';
import { type EventType, EVENT_TYPES as TOLD_BY_THE_HUB } from '../events.ts';
import { EVENT_TYPES, type Event } from './events.ts';

/** Compiles only where the hub's types and the client's are the same set. */
const same: [EventType, Event['type']] extends [Event['type'], EventType] ? true : false = true;

it('the client knows every event that the hub tells, and no other', () => {
  expect(Object.values(EVENT_TYPES).flat().toSorted()).toEqual([...TOLD_BY_THE_HUB].toSorted());
  expect(same).toBe(true);
});

it('a type begins with what its object is', () => {
  for (const [about, types] of Object.entries(EVENT_TYPES)) {
    expect(types.filter((type) => type.split('.')[0] !== about)).toEqual([]);
  }
});

it('narrowing by the type narrows the object, and what comes beside it', () => {
  function told(event: Event): string {
    switch (event.type) {
      case 'payment.money_returned':
        return `${event.data.object.order.reference} ${event.data.returned.amount}`;
      case 'hold.released':
        return event.data.why;
      case 'payout.succeeded':
        return event.data.object.payout_reference;
      case 'settlement.settled':
        return event.data.object.date;
      case 'break.opened':
        return event.data.object.kind;
      case 'bill.closed':
        return event.data.object.state;
      default:
        return '';
    }
  }
  const returned = { refund: 'rfd_1', amount: 5, why: 'late_success' };
  const data = { object: { object: 'payment', order: { reference: 'A-1' } }, returned };
  const event: unknown = { object: 'event', type: 'payment.money_returned', data };
  expect(told(event as Event)).toBe('A-1 5');
});
