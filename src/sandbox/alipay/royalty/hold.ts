import { type Alipay, saveTrade, type Trade } from '../books.ts';

/**
 * Held money: it waits for splits or for the confirmation of a direct-payment trade, and goes to
 * the seller by itself when its time is over.
 */
const FREEZE_MS = 30 * 86_400_000;

/** Held money of this trade, fen. */
export function heldOf(alipay: Alipay, trade: Trade): bigint {
  return alipay.funds.holdOf(trade.trade_no ?? '')?.amount ?? 0n;
}

/** Waits for its confirmation: nothing may be split from it yet. */
export function isUnconfirmed(trade: Trade): boolean {
  return trade.settle_period_ms !== null && trade.confirm === null;
}

/** What is still held goes to the seller, for good. */
export function releaseHeld(alipay: Alipay, trade: Trade): bigint {
  trade.release_at = null;
  saveTrade(alipay, trade);
  return alipay.funds.unhold(trade.trade_no ?? '');
}

/** After payment, or after a confirmation that freezes the money for splits. */
export function holdFrom(alipay: Alipay, trade: Trade, from: number): void {
  const period = isUnconfirmed(trade) ? (trade.settle_period_ms ?? FREEZE_MS) : FREEZE_MS;
  trade.release_at = from + period;
  scheduleRelease(alipay, trade);
}

/** Puts the automatic release on the agenda; also at the start, for what was held before. */
export function scheduleRelease(alipay: Alipay, trade: Trade): void {
  const at = trade.release_at;
  if (at === null) return;
  alipay.agenda.add(at, () => {
    if (trade.release_at !== at) return;
    if (isUnconfirmed(trade)) {
      trade.confirm = { out_request_no: null, amount: trade.amount - trade.refunded, at };
    }
    releaseHeld(alipay, trade);
  });
}
