import { beforeEach, describe, expect, test } from 'vitest';
import type { Event } from '../../src/client/events.ts';
import type { Payment, Refund } from '../../src/client/objects.ts';
import {
  hear,
  type OrderBook,
  refundableAmount,
  refundedAmount,
  refundReference,
  type ShopOrder,
  stateOf,
} from './orders.ts';

let order: ShopOrder;
let book: OrderBook;

beforeEach(() => {
  order = {
    reference: 'TB000000000001',
    shop: 'taobao',
    product: 'mug',
    title: 'Mug',
    amount: 6_800,
    created_at: '2026-11-21T06:00:00Z',
    payment: 'pay_1',
    payment_state: 'requires_wallet',
    wallet: null,
    sequence: 0,
    refunds: [],
  };
  const kept = new Map([[order.reference, order]]);
  book = {
    get: (reference) => kept.get(reference),
    put: (reference, changed) => void kept.set(reference, changed),
    values: () => kept.values(),
  };
});

function paymentEvent(state: Payment['state'], sequence: number, over: Partial<Payment> = {}) {
  const object = {
    id: 'pay_1',
    object: 'payment',
    state,
    wallet: state === 'succeeded' ? 'wechat_pay' : null,
    order: { reference: order.reference, url: null, items: [] },
    ...over,
  };
  return event('payment.succeeded', sequence, object);
}

function refundEvent(state: Refund['state'], sequence: number, over: Partial<Refund> = {}) {
  const object = {
    id: 'rfd_1',
    object: 'refund',
    payment: 'pay_1',
    origin: 'requested',
    reference: `${order.reference}-R1`,
    amount: 1_000,
    state,
    ...over,
  };
  return event('refund.succeeded', sequence, object);
}

/** Only the members a shop looks at. */
function event(type: string, sequence: number, object: object): Event {
  return JSON.parse(JSON.stringify({ object: 'event', type, sequence, data: { object } })) as Event;
}

describe('a shop that hears of its payments', () => {
  test('knows an order is paid, and with which wallet', () => {
    hear(book, 'taobao', paymentEvent('succeeded', 3));
    expect([stateOf(order), order.wallet]).toEqual(['paid', 'wechat_pay']);
  });

  test('does not go back when older news comes later, or the same twice', () => {
    hear(book, 'taobao', paymentEvent('succeeded', 3));
    hear(book, 'taobao', paymentEvent('pending', 2));
    hear(book, 'taobao', paymentEvent('requires_wallet', 3));
    expect(stateOf(order)).toBe('paid');
  });

  test.each([
    ['another shop’s order', 'jd', {}],
    ['another payment', 'taobao', { id: 'pay_2' }],
    ['an order it does not have', 'taobao', { order: { reference: 'X', url: null, items: [] } }],
  ] as const)('takes no news of %s', (_name, shop, over) => {
    hear(book, shop, paymentEvent('succeeded', 3, over));
    expect(stateOf(order)).toBe('unpaid');
  });

  test('counts refunds once each, and offers no more than what is left', () => {
    hear(book, 'taobao', paymentEvent('succeeded', 3));
    expect(refundReference(order)).toBe('TB000000000001-R1');
    hear(book, 'taobao', refundEvent('succeeded', 2));
    hear(book, 'taobao', refundEvent('succeeded', 2));
    hear(book, 'taobao', refundEvent('pending', 1));
    expect([refundedAmount(order), refundableAmount(order)]).toEqual([1_000, 5_800]);
    expect(stateOf(order)).toBe('partially_refunded');
    const second = { id: 'rfd_2', reference: refundReference(order), amount: 5_800 };
    hear(book, 'taobao', refundEvent('pending', 1, second));
    expect(refundableAmount(order)).toBe(0);
    hear(book, 'taobao', refundEvent('succeeded', 2, second));
    expect(stateOf(order)).toBe('refunded');
  });

  test('may ask again for what a refused refund held', () => {
    hear(book, 'taobao', paymentEvent('succeeded', 3));
    hear(book, 'taobao', refundEvent('refused', 2));
    expect([stateOf(order), refundableAmount(order)]).toEqual(['paid', 6_800]);
  });

  test('does not count money that the hub sent back by itself', () => {
    hear(book, 'taobao', paymentEvent('succeeded', 3));
    hear(book, 'taobao', refundEvent('succeeded', 2, { origin: 'double_payment' }));
    expect(stateOf(order)).toBe('paid');
  });
});
