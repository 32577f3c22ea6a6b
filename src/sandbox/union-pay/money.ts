import { shareHalfUp } from '../../money.ts';
import type { Payment, Return, UnionPay } from './books.ts';

/** The merchants' side of payments and returns: what goes to whose account, and which fee. */
export const PURSE = 'settlement';
const FEE_RATE = 600n;
const RATE_BASE = 100_000n;

export function creditPayment(union: UnionPay, payment: Payment): void {
  const { record } = payment;
  if (!record) return;
  payment.fee = shareHalfUp(payment.amount, FEE_RATE, RATE_BASE);
  const entry = {
    holder: payment.mer_id,
    purse: PURSE,
    at: record.done_at,
    business_no: record.query_id,
    reference: payment.order_id,
    note: payment.description,
  };
  union.funds.post({ ...entry, direction: 'in', amount: payment.amount, type: '消费' });
  if (payment.fee === 0n) return;
  union.funds.post({ ...entry, direction: 'out', amount: payment.fee, type: '手续费' });
}

/** The part of the fee that goes back with this much: cumulative, so all parts give it all. */
export function feeBack(payment: Payment, amount: bigint): bigint {
  const refunded = payment.refunded + amount;
  const due = refunded === payment.amount ? payment.fee : (payment.fee * refunded) / payment.amount;
  return due - payment.fee_returned;
}

export function canReturn(union: UnionPay, payment: Payment, amount: bigint): boolean {
  const free = union.funds.available(payment.mer_id, PURSE);
  return free + feeBack(payment, amount) >= amount;
}

const TYPES = { refund: '退货', undo: '消费撤销', reversal: '冲正' } as const;

/** Takes the money from the merchant and counts it; answers what went back of the fee. */
export function debitReturn(
  union: UnionPay,
  payment: Payment,
  made: Pick<Return, 'amount' | 'order_id' | 'record'> & { kind: keyof typeof TYPES },
): bigint {
  const fee = feeBack(payment, made.amount);
  const entry = {
    holder: payment.mer_id,
    purse: PURSE,
    at: made.record.done_at,
    business_no: made.record.query_id,
    reference: made.order_id,
    note: payment.description,
  };
  if (fee > 0n) {
    union.funds.post({ ...entry, direction: 'in', amount: fee, type: '手续费退回' });
  }
  union.funds.post(
    { ...entry, direction: 'out', amount: made.amount, type: TYPES[made.kind] },
    { forced: true },
  );
  payment.fee_returned += fee;
  payment.refunded += made.amount;
  return fee;
}
