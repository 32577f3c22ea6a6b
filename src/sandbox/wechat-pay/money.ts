import { shareHalfUp, toYuan } from '../../money.ts';
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
  context.days.addPayment(order);
}

/** The part of the fee that goes back with this refund: cumulative, so all parts give it all. */
export function feeBack(order: OrderRecord, amount: bigint): bigint {
  const refunded = order.refunded + amount;
  const due = refunded === order.total ? order.fee : (order.fee * refunded) / order.total;
  return due - order.fee_returned;
}

/** From which part of the seller's account a refund is taken: as asked, or first what is held. */
export interface RefundSource {
  readonly held: bigint;
  readonly free: bigint;
}

/** Of what the seller gives, less the fee it gets back; undefined when that is not there. */
export function refundSource(
  context: SandboxContext,
  order: OrderRecord,
  refund: { amount: bigint; funds_account: RefundRecord['funds_account']; unavailable?: bigint },
): RefundSource | undefined {
  const { funds } = context;
  const net = settlementRefund(order, refund.amount) - feeBack(order, refund.amount);
  const there = funds.holdOf(order.transaction_id ?? '')?.amount ?? 0n;
  const wanted =
    refund.unavailable ?? (refund.funds_account === 'AVAILABLE' ? 0n : there < net ? there : net);
  const held = wanted < net ? wanted : net;
  const free = net - held;
  if (held > there || free > funds.available(holderOf(order), BASIC)) return undefined;
  return { held, free };
}

/** Before `Books.addRefund` counts the refund: one movement, less the fee that comes back. */
export function debitRefund(
  context: SandboxContext,
  order: OrderRecord,
  refund: RefundRecord,
  source: RefundSource,
): void {
  const { funds, days } = context;
  order.fee_returned += refund.fee;
  funds.unhold(order.transaction_id ?? '', source.held);
  funds.post(
    {
      holder: holderOf(order),
      purse: BASIC,
      at: refund.created_at,
      direction: 'out',
      amount: source.held + source.free,
      type: '退款',
      business_no: refund.refund_id,
      reference: refund.out_refund_no,
      note: refundNote(refund.settlement_refund, refund.fee),
    },
    { forced: true },
  );
  days.addRefund(order, refund);
}

function refundNote(amount: bigint, fee: bigint): string {
  return `退款总金额${toYuan(amount)}元;含手续费${toYuan(fee)}元`;
}

/** A refund that was given up: the money comes back and its fee is taken again. */
export function creditClosedRefund(
  context: SandboxContext,
  order: OrderRecord,
  refund: RefundRecord,
): void {
  order.fee_returned -= refund.fee;
  context.funds.post({
    holder: holderOf(order),
    purse: BASIC,
    at: context.clock.now().getTime(),
    direction: 'in',
    amount: refund.settlement_refund - refund.fee,
    type: '退款关闭',
    business_no: refund.refund_id,
    reference: refund.out_refund_no,
    note: '',
  });
}

/** The money of a reversed order goes back whole, and so does its fee. */
export function debitReversal(context: SandboxContext, order: OrderRecord): void {
  const { funds, clock, days } = context;
  const transaction_id = order.transaction_id ?? '';
  const amount = settlementTotal(order) - order.fee;
  order.fee_returned = order.fee;
  funds.post(
    {
      holder: holderOf(order),
      purse: BASIC,
      at: clock.now().getTime(),
      direction: 'out',
      amount,
      type: '退款',
      business_no: transaction_id,
      reference: order.out_trade_no,
      note: refundNote(settlementTotal(order), order.fee),
    },
    { from_hold: transaction_id, forced: true },
  );
  days.addReversal(order, clock.now().getTime());
}
