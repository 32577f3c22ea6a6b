import { shareHalfUp } from '../../money.ts';
import type { Alipay, Trade, TradeRefund } from './books.ts';
import { fundedBy, receiptOf, refundShare } from './trade/discounts.ts';

/**
 * The sellers' side of payments and refunds: what goes to whose account, which fee, what is held.
 * Types are those of the account-log bill.
 */
export const PURSE = 'account';
const FEE_RATE = 600n;
const RATE_BASE = 100_000n;

/** Who gets the money: the seller under a platform, or the application's own merchant. */
export function holderOf(trade: Pick<Trade, 'seller_id' | 'sub_merchant'>): string {
  return trade.sub_merchant ?? trade.seller_id;
}

/**
 * Credited with the total less the merchant's own coupons, charged the fee; a trade that asks for
 * it is held until settled.
 */
export function creditPayment(alipay: Alipay, trade: Trade): void {
  const holder = holderOf(trade);
  const business_no = trade.trade_no ?? '';
  const receipt = receiptOf(trade);
  trade.fee = shareHalfUp(receipt, FEE_RATE, RATE_BASE);
  const entry = {
    holder,
    purse: PURSE,
    at: trade.paid_at ?? alipay.options.clock.now().getTime(),
    business_no,
    reference: trade.out_trade_no,
  };
  const { funds } = alipay;
  funds.post({
    ...entry,
    direction: 'in',
    amount: receipt,
    type: '在线支付',
    note: trade.subject,
  });
  if (trade.fee > 0n) {
    const note = `服务费[${business_no}]`;
    funds.post({ ...entry, direction: 'out', amount: trade.fee, type: '收费', note });
  }
  if (trade.hold) {
    funds.hold({ key: business_no, holder, purse: PURSE, amount: receipt - trade.fee });
  }
}

/** The part of the fee that goes back with this refund: cumulative, so all parts give it all. */
export function feeBack(trade: Trade, amount: bigint): bigint {
  const refunded = trade.refunded + amount;
  const due = refunded === trade.amount ? trade.fee : (trade.fee * refunded) / trade.amount;
  return due - trade.fee_returned;
}

/** What this refund takes from the seller: not the part that the seller's coupons had paid. */
export function sellerDebit(trade: Trade, amount: bigint): bigint {
  return amount - refundShare(trade, amount, fundedBy(trade, 'merchant'));
}

/**
 * Can the account, with what is held for this very trade and what receivers of splits give back
 * (`coming`), bear this refund?
 */
export function canRefund(alipay: Alipay, trade: Trade, amount: bigint, coming: bigint): boolean {
  const held = alipay.funds.holdOf(trade.trade_no ?? '')?.amount ?? 0n;
  const free = alipay.funds.available(holderOf(trade), PURSE) + held;
  return free + coming + feeBack(trade, amount) >= sellerDebit(trade, amount);
}

/** A refund that failed after all, no longer counted on the trade: money in, fee out again. */
export function undoRefund(alipay: Alipay, trade: Trade, refund: TradeRefund): void {
  const entry = {
    holder: holderOf(trade),
    purse: PURSE,
    at: alipay.options.clock.now().getTime(),
    business_no: trade.trade_no ?? '',
    reference: refund.out_request_no,
  };
  const { funds } = alipay;
  const note = '退款失败退回';
  funds.post({ ...entry, direction: 'in', amount: refund.debited, type: '交易退款', note });
  const fee = -feeBack(trade, 0n);
  if (fee <= 0n) return;
  trade.fee_returned -= fee;
  funds.post(
    { ...entry, direction: 'out', amount: fee, type: '收费', note: '服务费' },
    { forced: true },
  );
}

/** Before the refund is counted on the trade: fee in, money out, first from what is held. */
export function debitRefund(alipay: Alipay, trade: Trade, refund: TradeRefund): void {
  const fee = feeBack(trade, refund.amount);
  const entry = {
    holder: holderOf(trade),
    purse: PURSE,
    at: refund.at,
    business_no: trade.trade_no ?? '',
    reference: refund.out_request_no,
  };
  const { funds } = alipay;
  if (fee > 0n) {
    trade.fee_returned += fee;
    funds.post({ ...entry, direction: 'in', amount: fee, type: '退费', note: '服务费退回' });
  }
  funds.post(
    { ...entry, direction: 'out', amount: refund.debited, type: '交易退款', note: trade.subject },
    { from_hold: trade.trade_no ?? '', forced: true },
  );
}
