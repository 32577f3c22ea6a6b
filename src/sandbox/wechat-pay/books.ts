import type { Person } from '../sandbox.ts';
import type { Collection, SandboxStore } from '../store.ts';
import { CombinedBook } from './combined/book.ts';
import { payerTotal, settlementRefund, settlementTotal } from './orders/amounts.ts';
import { PreparedIndex } from './orders/prepared.ts';
import {
  isCombined,
  type OrderRecord,
  type Payable,
  type RefundRecord,
  type UsedCoupon,
} from './orders/records.ts';

export type { OrderRecord, RefundRecord } from './orders/records.ts';

/**
 * The wallet's own books: orders, refunds, people's balances. Merchants' money is in `Funds`.
 * Records live in the store's collections; the indexes here are rebuilt from them at a start.
 */
interface Amount {
  amount: bigint;
}

export interface Paid {
  readonly person: string;
  readonly openid: string;
  readonly sub_openid: string | null;
  readonly transaction_id: string;
  readonly coupon: UsedCoupon | null;
  readonly now: number;
}

const START_BALANCE = 500_000n;
const POOR_BALANCE = 100n;

export class Books {
  readonly orders: Collection<OrderRecord>;
  readonly refunds: Collection<RefundRecord>;
  /** Orders and combined orders by prepay id and code. */
  readonly prepared = new PreparedIndex();
  readonly combined: CombinedBook;
  readonly #balances: Collection<Amount>;
  readonly #people: readonly Person[];
  readonly #byTransaction = new Map<string, OrderRecord>();
  readonly #refundsById = new Map<string, RefundRecord>();
  readonly #refundsOf = new Map<string, RefundRecord[]>();
  readonly #sequence: OrderRecord[] = [];
  /** By the reference that pages and tests use; see `referenceOf`. */
  readonly #position = new Map<string, number>();
  readonly #references = new Map<OrderRecord, string>();
  readonly #owed = new Map<string, bigint>();

  constructor(store: SandboxStore, people: readonly Person[]) {
    this.orders = store.collection<OrderRecord>('orders');
    this.refunds = store.collection<RefundRecord>('refunds');
    this.combined = new CombinedBook(store, this.prepared);
    this.#balances = store.collection<Amount>('balances');
    this.#people = people;
    const orders = [...this.orders.values()].sort((a, b) => a.sequence - b.sequence);
    for (const order of orders) {
      this.#append(order);
      if (order.paid_at !== null && order.state !== 'REVOKED') this.#owe(order.mchid, due(order));
    }
    const refunds = [...this.refunds.values()].sort((a, b) => a.created_at - b.created_at);
    for (const refund of refunds) this.#noteRefund(refund);
  }

  order(mchid: string, out_trade_no: string): OrderRecord | undefined {
    return this.orders.get(`${mchid}:${out_trade_no}`);
  }

  orderOfTransaction(transaction_id: string): OrderRecord | undefined {
    return this.#byTransaction.get(transaction_id);
  }

  get orderCount(): number {
    return this.#sequence.length;
  }

  addOrder(order: Omit<OrderRecord, 'sequence'>): OrderRecord {
    const record = { ...order, sequence: (this.#sequence.at(-1)?.sequence ?? 0) + 1 };
    this.#append(record);
    this.putOrder(record);
    return record;
  }

  putOrder(order: OrderRecord): void {
    this.orders.put(`${order.mchid}:${order.out_trade_no}`, order);
  }

  /** Fresh prepay id and code; the previous ones stay known as voided. */
  renew(payable: Payable, fresh: { prepay_id: string; token: string; now: number }): void {
    this.prepared.renew(payable, fresh);
    this.put(payable);
  }

  put(payable: Payable): void {
    if (isCombined(payable)) this.combined.put(payable);
    else this.putOrder(payable);
  }

  /** The orders that are paid together: itself, or the parts. */
  partsOf(payable: Payable): OrderRecord[] {
    if (!isCombined(payable)) return [payable];
    const parts = payable.parts.map(({ mchid, out_trade_no }) => this.order(mchid, out_trade_no));
    return parts.filter((part) => part !== undefined);
  }

  /** The one place where money moves from a person to a merchant. */
  pay(order: OrderRecord, paid: Paid): void {
    order.state = 'SUCCESS';
    order.person = paid.person;
    order.openid = paid.openid;
    order.sub_openid = paid.sub_openid;
    order.transaction_id = paid.transaction_id;
    order.paid_at = paid.now;
    order.coupon = paid.coupon;
    this.setBalance(paid.person, this.balance(paid.person) - payerTotal(order));
    this.#owe(order.mchid, settlementTotal(order));
    this.#byTransaction.set(paid.transaction_id, order);
    this.putOrder(order);
  }

  /** The money of a paid order goes all the way back. */
  revoke(order: OrderRecord, now: number): void {
    if (order.paid_at !== null && order.person !== null) {
      this.#owe(order.mchid, -settlementTotal(order));
      this.setBalance(order.person, this.balance(order.person) + payerTotal(order));
    }
    order.state = 'REVOKED';
    order.revoked_at = now;
    this.putOrder(order);
  }

  /** Accepts a refund: the merchant's side moves now, the payer's when it arrives. */
  addRefund(order: OrderRecord, refund: RefundRecord): void {
    this.#owe(order.mchid, -refund.settlement_refund);
    order.state = 'REFUND';
    order.refunded += refund.amount;
    order.refund_count += 1;
    this.putOrder(order);
    this.putRefund(refund);
    this.#noteRefund(refund);
  }

  /** Arrived: at the payer's balance, unless it went to a bank card. */
  finishRefund(refund: RefundRecord, now: number): void {
    const person = this.order(refund.mchid, refund.out_trade_no)?.person;
    refund.status = 'SUCCESS';
    refund.succeeded_at = now;
    if (person && refund.channel === 'ORIGINAL') {
      this.setBalance(person, this.balance(person) + refund.payer_refund);
    }
    this.putRefund(refund);
  }

  /** Given up: the order has that much to refund again, its number of refunds stays. */
  closeRefund(order: OrderRecord, refund: RefundRecord): void {
    this.#owe(order.mchid, refund.settlement_refund);
    order.refunded -= refund.amount;
    refund.status = 'CLOSED';
    this.putOrder(order);
    this.putRefund(refund);
  }

  refund(mchid: string, out_refund_no: string): RefundRecord | undefined {
    return this.refunds.get(`${mchid}:${out_refund_no}`);
  }

  refundOfId(refund_id: string): RefundRecord | undefined {
    return this.#refundsById.get(refund_id);
  }

  /** In the order in which they were accepted. */
  refundsOf(transaction_id: string): readonly RefundRecord[] {
    return this.#refundsOf.get(transaction_id) ?? [];
  }

  #noteRefund(refund: RefundRecord): void {
    this.#refundsById.set(refund.refund_id, refund);
    const others = this.#refundsOf.get(refund.transaction_id);
    if (others) others.push(refund);
    else this.#refundsOf.set(refund.transaction_id, [refund]);
  }

  putRefund(refund: RefundRecord): void {
    this.refunds.put(`${refund.mchid}:${refund.out_refund_no}`, refund);
  }

  /** The last of several people starts poor, so that running out of money can be seen. */
  balance(person: string): bigint {
    const kept = this.#balances.get(person);
    if (kept) return kept.amount;
    const poor = this.#people.length > 1 && this.#people.at(-1)?.id === person;
    return poor ? POOR_BALANCE : START_BALANCE;
  }

  setBalance(person: string, amount: bigint): void {
    this.#balances.put(person, { amount });
  }

  /** Paid less refunded, before fees, by the merchant that signed. */
  owed(mchid: string): bigint {
    return this.#owed.get(mchid) ?? 0n;
  }

  get merchantBalances(): ReadonlyMap<string, bigint> {
    return this.#owed;
  }

  /** Orders by age, oldest first, after the one with this reference. */
  page(options: { after?: string; limit: number }): OrderRecord[] {
    const position = options.after === undefined ? -1 : this.#position.get(options.after);
    if (position === undefined) return [];
    return this.#sequence.slice(position + 1, position + 1 + options.limit);
  }

  /** The last `limit` orders, newest first. */
  newest(limit: number): OrderRecord[] {
    return this.#sequence.slice(-limit).reverse();
  }

  /** The merchant's number; where another merchant used it before, with the merchant behind it. */
  referenceOf(order: OrderRecord): string {
    return this.#references.get(order) ?? order.out_trade_no;
  }

  #append(order: OrderRecord): void {
    const taken = this.#position.has(order.out_trade_no);
    const reference = taken ? `${order.out_trade_no}@${order.mchid}` : order.out_trade_no;
    if (taken) this.#references.set(order, reference);
    this.#position.set(reference, this.#sequence.length);
    this.#sequence.push(order);
    this.prepared.add(order);
    if (order.transaction_id !== null) this.#byTransaction.set(order.transaction_id, order);
  }

  #owe(mchid: string, change: bigint): void {
    this.#owed.set(mchid, this.owed(mchid) + change);
  }
}

/** What the merchant that signed is still owed of a paid order. */
function due(order: OrderRecord): bigint {
  return settlementTotal(order) - settlementRefund({ ...order, refunded: 0n }, order.refunded);
}
