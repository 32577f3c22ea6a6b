import { shareHalfUp } from '../../money.ts';
import type { RefundStatus } from '../../protocols/douyin-pay/messages.ts';
import { type Funds, InsufficientFunds } from '../funds.ts';
import type { Person } from '../sandbox.ts';
import type { Collection, SandboxStore } from '../store.ts';

/**
 * The wallet's own books: orders, refunds, people's balances; the merchant's money is in `Funds`.
 * Times are business time, epoch milliseconds; amounts are fen.
 *
 * Order: NOTPAY → SUCCESS → REFUND (first refund accepted); NOTPAY → CLOSED (close, expiry).
 */
export interface Order {
  readonly out_trade_no: string;
  readonly kind: 'native' | 'h5' | 'app';
  readonly description: string;
  readonly attach: string | null;
  readonly notify_url: string;
  readonly total: bigint;
  /** Digest of the parameters of the first request. */
  readonly fingerprint: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly profit_sharing: boolean;
  /** Names the code, the link and the prepay id; a new one voids the one before. */
  token: string;
  prepared_at: number;
  state: 'NOTPAY' | 'SUCCESS' | 'REFUND' | 'CLOSED';
  person: string | null;
  transaction_id: string | null;
  paid_at: number | null;
  fee: bigint;
  fee_returned: bigint;
  refunded: bigint;
  refund_count: number;
}

export interface Refund {
  readonly refund_id: string;
  readonly out_refund_no: string;
  readonly out_trade_no: string;
  readonly transaction_id: string;
  readonly fingerprint: string;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly notify_url: string | null;
  readonly created_at: number;
  readonly due_at: number;
  status: RefundStatus;
  succeeded_at: number | null;
}

const START_BALANCE = 500_000n;
const POOR_BALANCE = 100n;
const FEE_RATE = 600n;
const RATE_BASE = 100_000n;
export const PURSE = 'BaseAccount';

export class Books {
  readonly orders: Collection<Order>;
  readonly refunds: Collection<Refund>;
  readonly #balances: Collection<{ amount: bigint }>;
  readonly #people: readonly Person[];
  readonly #funds: Funds;
  readonly #mchid: string;
  readonly #byToken = new Map<string, Order>();
  readonly #byTransaction = new Map<string, Order>();
  #owed = 0n;

  constructor(
    store: SandboxStore,
    parts: { people: readonly Person[]; funds: Funds; mchid: string },
  ) {
    this.orders = store.collection<Order>('orders');
    this.refunds = store.collection<Refund>('refunds');
    this.#balances = store.collection<{ amount: bigint }>('balances');
    this.#people = parts.people;
    this.#funds = parts.funds;
    this.#mchid = parts.mchid;
    for (const order of this.orders.values()) {
      this.#index(order);
      if (order.paid_at !== null) this.#owed += order.total - order.refunded;
    }
  }

  /** Paid less refunded, before fees. */
  get owed(): bigint {
    return this.#owed;
  }

  byToken(token: string): Order | undefined {
    return this.#byToken.get(token);
  }

  byTransaction(transaction_id: string): Order | undefined {
    return this.#byTransaction.get(transaction_id);
  }

  put(order: Order): void {
    this.orders.put(order.out_trade_no, order);
    this.#index(order);
  }

  /** A fresh code; the one before is forgotten. */
  renew(order: Order, token: string, now: number): void {
    this.#byToken.delete(order.token);
    order.token = token;
    order.prepared_at = now;
    this.put(order);
  }

  balance(person: string): bigint {
    const kept = this.#balances.get(person);
    if (kept) return kept.amount;
    const poor = this.#people.length > 1 && this.#people.at(-1)?.id === person;
    return poor ? POOR_BALANCE : START_BALANCE;
  }

  setBalance(person: string, amount: bigint): void {
    this.#balances.put(person, { amount });
  }

  /** The one place where money moves from a person to the merchant. */
  pay(order: Order, paid: { person: string; transaction_id: string; now: number }): void {
    this.setBalance(paid.person, this.balance(paid.person) - order.total);
    this.#owed += order.total;
    order.state = 'SUCCESS';
    order.person = paid.person;
    order.transaction_id = paid.transaction_id;
    order.paid_at = paid.now;
    order.fee = shareHalfUp(order.total, FEE_RATE, RATE_BASE);
    const entry = this.#entry(paid.transaction_id, order.out_trade_no, paid.now);
    this.#funds.post({ ...entry, direction: 'in', amount: order.total, type: '支付收款' });
    if (order.fee > 0n) {
      this.#funds.post({ ...entry, direction: 'out', amount: order.fee, type: '手续费' });
    }
    if (order.profit_sharing) {
      const amount = order.total - order.fee;
      const hold = { key: paid.transaction_id, holder: this.#mchid, purse: PURSE, amount };
      this.#funds.hold(hold);
    }
    this.put(order);
  }

  /** The part of the fee that goes back: cumulative, so that all parts give it all. */
  feeBack(order: Order, amount: bigint): bigint {
    const refunded = order.refunded + amount;
    const due = refunded === order.total ? order.fee : (order.fee * refunded) / order.total;
    return due - order.fee_returned;
  }

  /** Throws InsufficientFunds and changes nothing. */
  acceptRefund(order: Order, refund: Refund): void {
    const hold = this.#funds.holdOf(refund.transaction_id)?.amount ?? 0n;
    const free = this.#funds.available(this.#mchid, PURSE) + hold + refund.fee;
    if (free < refund.amount) throw new InsufficientFunds(this.#mchid);
    const entry = this.#entry(refund.refund_id, refund.out_refund_no, refund.created_at);
    if (refund.fee > 0n) {
      this.#funds.post({ ...entry, direction: 'in', amount: refund.fee, type: '手续费退还' });
    }
    this.#funds.post(
      { ...entry, direction: 'out', amount: refund.amount, type: '退款' },
      { from_hold: refund.transaction_id },
    );
    this.#owed -= refund.amount;
    order.state = 'REFUND';
    order.fee_returned += refund.fee;
    order.refunded += refund.amount;
    order.refund_count += 1;
    this.put(order);
    this.putRefund(refund);
  }

  arrive(refund: Refund, now: number): void {
    const person = this.orders.get(refund.out_trade_no)?.person;
    refund.status = 'SUCCESS';
    refund.succeeded_at = now;
    if (person) this.setBalance(person, this.balance(person) + refund.amount);
    this.putRefund(refund);
  }

  putRefund(refund: Refund): void {
    this.refunds.put(refund.out_refund_no, refund);
  }

  #entry(business_no: string, reference: string, at: number) {
    return { holder: this.#mchid, purse: PURSE, at, business_no, reference, note: '' };
  }

  #index(order: Order): void {
    this.#byToken.set(order.token, order);
    if (order.transaction_id !== null) this.#byTransaction.set(order.transaction_id, order);
  }
}
