import type { BusinessDate } from '../../../clock.ts';
import { DayIndex } from '../../days.ts';
import type { Books, OrderRecord, RefundRecord } from '../books.ts';

/**
 * What belongs into the bill of which day: payments by the time they succeeded, refunds by the time
 * they were accepted. Rebuilt from the books at a start, kept up by `money.ts`.
 */
export interface RefundOfDay {
  readonly order: OrderRecord;
  readonly refund: RefundRecord;
}

export class BillDays {
  readonly #payments = new DayIndex<OrderRecord>();
  readonly #refunds = new DayIndex<RefundOfDay>();
  readonly #reversals = new DayIndex<OrderRecord>();

  constructor(books: Books) {
    for (const order of books.orders.values()) {
      if (order.paid_at === null) continue;
      this.addPayment(order);
      if (order.revoked_at !== null) this.addReversal(order, order.revoked_at);
    }
    for (const refund of books.refunds.values()) {
      const order = books.orderOfTransaction(refund.transaction_id);
      if (order) this.addRefund(order, refund);
    }
  }

  addPayment(order: OrderRecord): void {
    if (order.paid_at !== null) this.#payments.add(order.mchid, order.paid_at, order);
  }

  addRefund(order: OrderRecord, refund: RefundRecord): void {
    this.#refunds.add(order.mchid, refund.created_at, { order, refund });
  }

  /** Of a paid order: its money went back. */
  addReversal(order: OrderRecord, at: number): void {
    this.#reversals.add(order.mchid, at, order);
  }

  /** By the merchant that signed the orders. */
  payments(mchid: string, date: BusinessDate): readonly OrderRecord[] {
    return this.#payments.of(mchid, date);
  }

  refunds(mchid: string, date: BusinessDate): readonly RefundOfDay[] {
    return this.#refunds.of(mchid, date);
  }

  reversals(mchid: string, date: BusinessDate): readonly OrderRecord[] {
    return this.#reversals.of(mchid, date);
  }
}
