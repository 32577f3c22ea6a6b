import type { KeyObject } from 'node:crypto';
import type { RespCode } from '../../protocols/union-pay/codes.ts';
import type { Funds } from '../funds.ts';
import type { Notifier } from '../notifier.ts';
import type { Person, SandboxOptions } from '../sandbox.ts';
import type { Collection } from '../store.ts';
import type { SandboxKeys } from './keys.ts';

/**
 * The wallet's books. A trade is known by (merId, orderId, txnTime). Payments:
 *   open → paid | failed; open → processing → paid | failed; paid → reversed; open → reversed
 * `open` is an order nobody has paid: the wallet knows no transaction yet. Times are business
 * time in epoch milliseconds. Everything changes in memory within one turn and is journalled;
 * who answers awaits `store.committed()` first.
 */
export type Product = 'front' | 'app' | 'order' | 'code' | 'scanned';

/** Names one trade of a merchant. */
export interface TradeName {
  readonly mer_id: string;
  readonly order_id: string;
  readonly txn_time: string;
}

/** What a finished trade has, whatever it is. */
export interface Booking {
  query_id: string;
  trace_no: string;
  done_at: number;
  /** Clearing day, `2026-11-21`. */
  settle_date: string;
}

export interface Payment extends TradeName {
  readonly product: Product;
  readonly txn_sub_type: string;
  readonly biz_type: string;
  readonly amount: bigint;
  readonly back_url: string;
  readonly front_url: string | null;
  readonly description: string;
  readonly req_reserved: string | null;
  readonly term_id: string | null;
  /** Unguessable part of the code, the app's order number, or the cashier's address. */
  readonly token: string;
  readonly placed_at: number;
  readonly expires_at: number;
  state: 'open' | 'processing' | 'paid' | 'failed' | 'reversed';
  /** What a query says of the trade. */
  resp_code: RespCode;
  record: Booking | null;
  payer: string | null;
  /** A scanned code whose owner must enter the password waits until then. */
  prompt_until: number | null;
  fee: bigint;
  fee_returned: bigint;
  refunded: bigint;
  undone: boolean;
}

/** A refund or an undo of a payment. */
export interface Return extends TradeName {
  readonly kind: 'refund' | 'undo';
  /** Key of the payment. */
  readonly original: string;
  readonly amount: bigint;
  readonly back_url: string;
  readonly req_reserved: string | null;
  readonly placed_at: number;
  /** When the money is there. */
  readonly due_at: number;
  state: 'processing' | 'done';
  resp_code: RespCode;
  record: Booking;
  /** What went back of the fee. */
  fee: bigint;
}

export interface Merchant {
  readonly mer_id: string;
  readonly payee: { readonly zh: string; readonly en: string };
  /** Public keys by certId. */
  readonly keys: ReadonlyMap<string, KeyObject>;
}

export interface PayerCodeRecord {
  readonly code: string;
  readonly person: string;
  readonly expires_at: number;
  used: boolean;
}

/** The wallet's own side as its handlers see it. */
export interface UnionPay {
  readonly options: SandboxOptions;
  /** Root URL, set when the port is known. */
  url: string;
  readonly keys: SandboxKeys;
  readonly merchants: ReadonlyMap<string, Merchant>;
  readonly people: ReadonlyMap<string, Person>;
  readonly payments: Collection<Payment>;
  readonly returns: Collection<Return>;
  readonly balances: Collection<{ amount: bigint }>;
  readonly payer_codes: Collection<PayerCodeRecord>;
  readonly by_token: Map<string, Payment>;
  readonly by_query_id: Map<string, Payment | Return>;
  readonly notifier: Notifier;
  readonly funds: Funds;
}

const DEFAULT_BALANCE = 500_000n;
const POOR_BALANCE = 100n;

export function keyOf({ mer_id, order_id, txn_time }: TradeName): string {
  return `${mer_id}/${order_id}/${txn_time}`;
}

export function isPayment(trade: Payment | Return): trade is Payment {
  return 'product' in trade;
}

export function savePayment(union: UnionPay, payment: Payment): void {
  union.payments.put(keyOf(payment), payment);
  index(union, payment);
}

export function saveReturn(union: UnionPay, made: Return): void {
  union.returns.put(keyOf(made), made);
  union.by_query_id.set(made.record.query_id, made);
}

function index(union: UnionPay, payment: Payment): void {
  union.by_token.set(payment.token, payment);
  if (payment.record) union.by_query_id.set(payment.record.query_id, payment);
}

/** After a restart the indexes are made from the journalled books. */
export function indexAll(union: UnionPay): void {
  for (const payment of union.payments.values()) index(union, payment);
  for (const made of union.returns.values()) union.by_query_id.set(made.record.query_id, made);
}

export function tradeNamed(union: UnionPay, name: TradeName): Payment | Return | undefined {
  const key = keyOf(name);
  return union.payments.get(key) ?? union.returns.get(key);
}

export function now(union: UnionPay): number {
  return union.options.clock.now().getTime();
}

export function isExpired(union: UnionPay, payment: Payment): boolean {
  return payment.state === 'open' && now(union) >= payment.expires_at;
}

export function balanceOf(union: UnionPay, person: string): bigint {
  return union.balances.get(person)?.amount ?? 0n;
}

/** Everybody starts with 5,000 yuan, the last person with 1.00: somebody must be short of money. */
export function openBalances(union: UnionPay): void {
  const last = union.options.people.at(-1)?.id;
  for (const { id } of union.options.people) {
    if (union.balances.get(id)) continue;
    union.balances.put(id, { amount: id === last ? POOR_BALANCE : DEFAULT_BALANCE });
  }
}
