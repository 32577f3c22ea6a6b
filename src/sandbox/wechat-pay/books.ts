import type { RefundStatus } from '../../protocols/wechat-pay/messages.ts';
import type { Person } from '../sandbox.ts';
import type { Collection, SandboxStore } from '../store.ts';
import type { OrderKind } from './api/schemas.ts';

/**
 * The wallet's own books: orders, refunds, people's balances. Merchants' money is in `Funds`.
 * Records live in the store's collections; the indexes here are rebuilt from them at a start.
 * Times in records are business time, epoch milliseconds; amounts are fen.
 *
 * Order: NOTPAY → SUCCESS (paid) → REFUND (first refund accepted); NOTPAY → CLOSED (close, expiry).
 * Refund: PROCESSING → SUCCESS.
 */
export interface OrderRecord {
  readonly sequence: number;
  readonly kind: OrderKind;
  /** The merchant that signed: a direct one, or the partner or platform of `sub_mchid`. */
  readonly mchid: string;
  readonly appid: string;
  /** The seller that gets the money; null for a direct merchant. */
  readonly sub_mchid: string | null;
  readonly sub_appid: string | null;
  readonly out_trade_no: string;
  readonly description: string;
  readonly attach: string | null;
  readonly notify_url: string;
  readonly total: bigint;
  /** Digest of the parameters of the first request. */
  readonly fingerprint: string;
  readonly created_at: number;
  readonly expires_at: number;
  /** The only openid that may pay; JSAPI orders are made for one payer. */
  readonly payer_openid: string | null;
  /** The money is held for profit sharing until it is split or released. */
  readonly profit_sharing: boolean;
  prepay_id: string;
  /** What follows `pr=` in a Native code. */
  token: string;
  /** When prepay id and code were last renewed; their lives count from here. */
  prepared_at: number;
  /** The code voided by the last renewal, to tell its holder so. */
  voided_token: string | null;
  voided_prepay_id: string | null;
  state: 'NOTPAY' | 'SUCCESS' | 'REFUND' | 'CLOSED';
  person: string | null;
  openid: string | null;
  transaction_id: string | null;
  paid_at: number | null;
  /** What the wallet charged the seller; 0 until paid. Refunds give it back pro rata. */
  fee: bigint;
  fee_returned: bigint;
  /** Sum and number of accepted refunds. */
  refunded: bigint;
  refund_count: number;
}

export interface RefundRecord {
  readonly refund_id: string;
  readonly mchid: string;
  readonly out_refund_no: string;
  readonly out_trade_no: string;
  readonly transaction_id: string;
  readonly fingerprint: string;
  readonly amount: bigint;
  readonly total: bigint;
  readonly notify_url: string | null;
  readonly created_at: number;
  /** Business time from which the refund counts as arrived. */
  readonly due_at: number;
  status: RefundStatus;
  succeeded_at: number | null;
}

interface Amount {
  amount: bigint;
}

const START_BALANCE = 500_000n;
const POOR_BALANCE = 100n;

export class Books {
  readonly orders: Collection<OrderRecord>;
  readonly refunds: Collection<RefundRecord>;
  readonly #balances: Collection<Amount>;
  readonly #people: readonly Person[];
  readonly #byTransaction = new Map<string, OrderRecord>();
  readonly #byPrepay = new Map<string, OrderRecord>();
  readonly #byToken = new Map<string, OrderRecord>();
  readonly #sequence: OrderRecord[] = [];
  readonly #position = new Map<string, number>();
  readonly #owed = new Map<string, bigint>();

  constructor(store: SandboxStore, people: readonly Person[]) {
    this.orders = store.collection<OrderRecord>('orders');
    this.refunds = store.collection<RefundRecord>('refunds');
    this.#balances = store.collection<Amount>('balances');
    this.#people = people;
    const orders = [...this.orders.values()].sort((a, b) => a.sequence - b.sequence);
    for (const order of orders) {
      this.#append(order);
      this.#owe(order.mchid, order.paid_at === null ? 0n : order.total - order.refunded);
    }
  }

  order(mchid: string, out_trade_no: string): OrderRecord | undefined {
    return this.orders.get(`${mchid}:${out_trade_no}`);
  }

  orderOfTransaction(transaction_id: string): OrderRecord | undefined {
    return this.#byTransaction.get(transaction_id);
  }

  orderOfPrepay(prepay_id: string): OrderRecord | undefined {
    return this.#byPrepay.get(prepay_id);
  }

  orderOfToken(token: string): OrderRecord | undefined {
    return this.#byToken.get(token);
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

  /** Fresh prepay id and code; the previous ones stay known as voided, older ones are forgotten. */
  renew(order: OrderRecord, fresh: { prepay_id: string; token: string; now: number }): void {
    if (order.voided_prepay_id !== null) this.#byPrepay.delete(order.voided_prepay_id);
    if (order.voided_token !== null) this.#byToken.delete(order.voided_token);
    order.voided_prepay_id = order.prepay_id;
    order.voided_token = order.token;
    order.prepay_id = fresh.prepay_id;
    order.token = fresh.token;
    order.prepared_at = fresh.now;
    this.#index(order);
    this.putOrder(order);
  }

  /** The one place where money moves from a person to a merchant. */
  pay(
    order: OrderRecord,
    paid: { person: string; openid: string; transaction_id: string; now: number },
  ): void {
    this.setBalance(paid.person, this.balance(paid.person) - order.total);
    this.#owe(order.mchid, order.total);
    order.state = 'SUCCESS';
    order.person = paid.person;
    order.openid = paid.openid;
    order.transaction_id = paid.transaction_id;
    order.paid_at = paid.now;
    this.#byTransaction.set(paid.transaction_id, order);
    this.putOrder(order);
  }

  /** Accepts a refund: the merchant's side moves now, the payer's when it arrives. */
  addRefund(order: OrderRecord, refund: RefundRecord): void {
    this.#owe(order.mchid, -refund.amount);
    order.state = 'REFUND';
    order.refunded += refund.amount;
    order.refund_count += 1;
    this.putOrder(order);
    this.putRefund(refund);
  }

  finishRefund(refund: RefundRecord, now: number): void {
    const person = this.order(refund.mchid, refund.out_trade_no)?.person;
    refund.status = 'SUCCESS';
    refund.succeeded_at = now;
    if (person) this.setBalance(person, this.balance(person) + refund.amount);
    this.putRefund(refund);
  }

  refund(mchid: string, out_refund_no: string): RefundRecord | undefined {
    return this.refunds.get(`${mchid}:${out_refund_no}`);
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

  /** Orders by age, oldest first, after the one with this number. */
  page(options: { after?: string; limit: number }): OrderRecord[] {
    const position = options.after === undefined ? -1 : this.#position.get(options.after);
    if (position === undefined) return [];
    return this.#sequence.slice(position + 1, position + 1 + options.limit);
  }

  #append(order: OrderRecord): void {
    this.#position.set(order.out_trade_no, this.#sequence.length);
    this.#sequence.push(order);
    this.#index(order);
  }

  #index(order: OrderRecord): void {
    this.#byPrepay.set(order.prepay_id, order);
    this.#byToken.set(order.token, order);
    if (order.voided_prepay_id !== null) this.#byPrepay.set(order.voided_prepay_id, order);
    if (order.voided_token !== null) this.#byToken.set(order.voided_token, order);
    if (order.transaction_id !== null) this.#byTransaction.set(order.transaction_id, order);
  }

  #owe(mchid: string, change: bigint): void {
    this.#owed.set(mchid, this.owed(mchid) + change);
  }
}
