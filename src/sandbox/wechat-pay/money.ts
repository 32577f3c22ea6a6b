import { shareHalfUp } from '../../money.ts';
import type { OrderRecord, RefundRecord } from './books.ts';
import type { SandboxContext } from './context.ts';
import { settlementRefund, settlementTotal } from './orders/amounts.ts';

/**
 * The merchants' side of payments and refunds: what goes to whose account, which fee, what is held
 * for profit sharing. Types are those of the fund-flow bill.
 */
export const BASIC = 'BASIC';
export const OPERATION = 'OPERATION';
const FEE_RATE = 600n;
const RATE_BASE = 100_000n;

/** Who gets the money of an order. */
export function holderOf(order: Pick<OrderRecord, 'mchid' | 'sub_mchid'>): string {
  return order.sub_mchid ?? order.mchid;
}

/** The account is credited and charged the fee; what is left of a marked order is held. */
export function creditPayment(context: SandboxContext, order: OrderRecord): void {
  const { funds } = context;
  const holder = holderOf(order);
  const business_no = order.transaction_id ?? '';
  const amount = settlementTotal(order);
  order.fee = shareHalfUp(amount, FEE_RATE, RATE_BASE);
  const entry = {
    holder,
    purse: BASIC,
    at: order.paid_at ?? context.clock.now().getTime(),
    business_no,
    reference: order.out_trade_no,
  };
  funds.post({ ...entry, direction: 'in', amount, type: '交易', note: '' });
  if (order.fee > 0n) {
    const note = `结算总金额 ${amount} 分，费率 0.60%`;
    funds.post({ ...entry, direction: 'out', amount: order.fee, type: '扣除交易手续费', note });
  }
  if (order.profit_sharing) {
    funds.hold({ key: business_no, holder, purse: BASIC, amount: amount - order.fee });
  }
}

/** The part of the fee that goes back with this refund: cumulative, so all parts give it all. */
export function feeBack(order: OrderRecord, amount: bigint): bigint {
  const refunded = order.refunded + amount;
  const due = refunded === order.total ? order.fee : (order.fee * refunded) / order.total;
  return due - order.fee_returned;
}

/** Can the account, with what is held for this very payment, bear this refund? */
export function canRefund(context: SandboxContext, order: OrderRecord, amount: bigint): boolean {
  const { funds } = context;
  const held = funds.holdOf(order.transaction_id ?? '')?.amount ?? 0n;
  const free = funds.available(holderOf(order), BASIC) + held;
  return free + feeBack(order, amount) >= settlementRefund(order, amount);
}

/** Before `Books.addRefund` counts the refund: fee in, money out, first from what is held. */
export function debitRefund(
  context: SandboxContext,
  order: OrderRecord,
  refund: RefundRecord,
): void {
  const { funds } = context;
  const fee = feeBack(order, refund.amount);
  const entry = {
    holder: holderOf(order),
    purse: BASIC,
    at: refund.created_at,
    business_no: refund.refund_id,
    reference: refund.out_refund_no,
    note: '',
  };
  if (fee > 0n) {
    order.fee_returned += fee;
    funds.post({ ...entry, direction: 'in', amount: fee, type: '返还交易手续费' });
  }
  funds.post(
    { ...entry, direction: 'out', amount: refund.settlement_refund, type: '退款' },
    { from_hold: order.transaction_id ?? '', forced: true },
  );
}

/** The money of a reversed order goes back whole, and so does its fee. */
export function debitReversal(context: SandboxContext, order: OrderRecord): void {
  const { funds, clock } = context;
  const transaction_id = order.transaction_id ?? '';
  const entry = {
    holder: holderOf(order),
    purse: BASIC,
    at: clock.now().getTime(),
    business_no: transaction_id,
    reference: order.out_trade_no,
    note: '撤销订单',
  };
  if (order.fee > 0n) {
    funds.post({ ...entry, direction: 'in', amount: order.fee, type: '返还交易手续费' });
    order.fee_returned = order.fee;
  }
  funds.post(
    { ...entry, direction: 'out', amount: settlementTotal(order), type: '退款' },
    { from_hold: transaction_id, forced: true },
  );
}
