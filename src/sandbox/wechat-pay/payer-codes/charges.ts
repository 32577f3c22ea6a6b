import { businessDate } from '../../../clock.ts';
import type { OrderRecord } from '../orders/records.ts';

/**
 * Charges by payer code: those that wait for a person's password, and how many a person has paid
 * without one on a day.
 */
export class Charges {
  readonly #waiting = new Map<string, Set<OrderRecord>>();
  readonly #free = new Map<string, number>();

  constructor(orders: Iterable<OrderRecord>) {
    for (const order of orders) {
      if (order.kind !== 'codepay') continue;
      if (order.state === 'USERPAYING') this.wait(order);
      else if (order.paid_at !== null && !order.password_asked) this.countFree(order);
    }
  }

  wait(order: OrderRecord): void {
    const person = order.person ?? '';
    const set = this.#waiting.get(person) ?? new Set();
    this.#waiting.set(person, set.add(order));
  }

  over(order: OrderRecord): void {
    this.#waiting.get(order.person ?? '')?.delete(order);
  }

  /** Oldest first. */
  waiting(person: string): readonly OrderRecord[] {
    return [...(this.#waiting.get(person) ?? [])];
  }

  countFree(order: OrderRecord): void {
    const key = dayKey(order.person ?? '', order.created_at);
    this.#free.set(key, (this.#free.get(key) ?? 0) + 1);
  }

  freeOn(person: string, now: number): number {
    return this.#free.get(dayKey(person, now)) ?? 0;
  }
}

function dayKey(person: string, at: number): string {
  return `${person} ${businessDate(new Date(at))}`;
}
