import { GatewayRefusal } from '../api/biz.ts';
import { type Alipay, balanceOf, saveTrade, type Trade, type TradeRefund } from '../books.ts';
import { canRefund, debitRefund, sellerDebit, undoRefund } from '../money.ts';
import { notifyTrade } from '../notices.ts';
import { checkReturns, returnsOf, takeBack } from '../royalty/returns.ts';
import { sendMessage } from '../trade/app-messages.ts';
import { buyerPaid, refundShare } from '../trade/discounts.ts';
import type { Call } from '../trade/orders.ts';

/**
 * A refund is accepted: receivers of splits give back, the seller is debited. Then, at once or
 * later, it arrives at the buyer. A trade whose whole amount has arrived is closed.
 */
export interface RefundAsk {
  readonly out_request_no: string;
  readonly amount: bigint;
  readonly reason: string | null;
  readonly asynchronous: boolean;
}

const ASYNC_DELAY_MS = 1000;
const REFUND = 'alipay.trade.refund';

interface Fate {
  readonly arrives_at: number | null;
  readonly deposit_back: 'F' | null;
}

function fateOf(alipay: Alipay, ask: RefundAsk, now: number): Fate {
  const occasion = { operation: REFUND, amount: ask.amount };
  if (alipay.options.faults.strikes('refund_stuck', occasion)) {
    return { arrives_at: null, deposit_back: 'F' };
  }
  const delayed = alipay.options.faults.strikes('refund_delayed', occasion)?.delay_ms;
  const delay = delayed ?? (ask.asynchronous ? ASYNC_DELAY_MS : 0);
  return { arrives_at: now + delay, deposit_back: null };
}

function checkRefundable(trade: Trade, amount: bigint): void {
  if (trade.paid_at === null) throw new GatewayRefusal('ACQ.TRADE_STATUS_ERROR');
  if (trade.status === 'TRADE_FINISHED') throw new GatewayRefusal('ACQ.TRADE_HAS_FINISHED');
  if (amount > trade.amount - trade.refunded) {
    throw new GatewayRefusal('ACQ.REASON_TRADE_REFUND_FEE_ERR');
  }
}

/** All checks first; then all the money moves in one turn. */
export function acceptRefund(call: Call, trade: Trade, ask: RefundAsk): TradeRefund {
  const { alipay } = call;
  checkRefundable(trade, ask.amount);
  const returns = returnsOf(call, trade, ask.amount);
  checkReturns(alipay, returns);
  const coming = returns.reduce((sum, { amount }) => sum + amount, 0n);
  const occasion = { operation: REFUND, amount: ask.amount };
  const short = alipay.options.faults.strikes('merchant_short', occasion);
  if (short || !canRefund(alipay, trade, ask.amount, coming)) {
    throw new GatewayRefusal('ACQ.SELLER_BALANCE_NOT_ENOUGH');
  }
  const { out_request_no } = ask;
  const royalties = takeBack(alipay, trade, { returns, out_request_no });
  const now = alipay.options.clock.now().getTime();
  const entry: TradeRefund = {
    ...ask,
    at: now,
    returned: refundShare(trade, ask.amount, buyerPaid(trade)),
    debited: sellerDebit(trade, ask.amount),
    royalties,
    state: 'processing',
    ...fateOf(alipay, ask, now),
  };
  debitRefund(alipay, trade, entry);
  trade.failed_refunds = trade.failed_refunds.filter(
    (failed) => failed.out_request_no !== out_request_no,
  );
  trade.refunds.push(entry);
  trade.refunded += ask.amount;
  if (entry.arrives_at !== null && entry.arrives_at <= now) arrive(alipay, trade, entry);
  saveTrade(alipay, trade);
  scheduleArrival(alipay, trade, entry);
  return entry;
}

/** The money is the buyer's; the merchant is told. */
function arrive(alipay: Alipay, trade: Trade, refund: TradeRefund): void {
  refund.state = 'success';
  const buyer = trade.buyer ?? '';
  alipay.balances.put(buyer, { amount: balanceOf(alipay, buyer) + refund.returned });
  const arrived = trade.refunds.every(({ state }) => state === 'success');
  if (arrived && trade.refunded === trade.amount) {
    trade.status = 'TRADE_CLOSED';
    trade.closed_at = refund.at;
  }
  saveTrade(alipay, trade);
  notifyTrade(alipay, trade, refund);
}

/** Puts a slow refund on the agenda; also at the start, for what is still on its way. */
export function scheduleArrival(alipay: Alipay, trade: Trade, refund: TradeRefund): void {
  if (refund.state !== 'processing' || refund.arrives_at === null) return;
  alipay.agenda.add(refund.arrives_at, () => {
    if (refund.state === 'processing' && trade.refunds.includes(refund)) {
      arrive(alipay, trade, refund);
    }
  });
}

/** A developer decides a refund that waits: it goes to the buyer's balance, or comes to nothing. */
export function decideRefund(
  alipay: Alipay,
  trade: Trade,
  { refund, outcome }: { refund: TradeRefund; outcome: 'success' | 'fail' },
): void {
  if (outcome === 'success') {
    refund.arrives_at = alipay.options.clock.now().getTime();
    if (refund.deposit_back !== null) {
      refund.deposit_back = 'S';
      sendMessage(alipay, {
        app_id: trade.app_id,
        method: 'alipay.trade.refund.depositback.completed',
        content: {
          trade_no: trade.trade_no,
          out_trade_no: trade.out_trade_no,
          out_request_no: refund.out_request_no,
          dback_status: 'S',
        },
      });
    }
    arrive(alipay, trade, refund);
    return;
  }
  trade.refunds = trade.refunds.filter((known) => known !== refund);
  trade.failed_refunds.push(refund);
  trade.refunded -= refund.amount;
  undoRefund(alipay, trade, refund);
  saveTrade(alipay, trade);
}
