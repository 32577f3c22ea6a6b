import type { CodeOnScreen, WalletTransaction } from '../../sandbox.ts';
import { type Alipay, current, isStale, type Trade } from '../books.ts';
import { payeeOf } from '../payer.ts';
import { fundedBy, receiptOf } from './discounts.ts';
import { codeUrl } from './orders.ts';

/** The wallet's own book as the phone and tests read it. */
const CODES_ON_SCREEN = 20;

function iso(time: number): string {
  return new Date(time).toISOString();
}

function stateOf(trade: Trade): WalletTransaction['state'] {
  if (trade.paid_at === null) return trade.status === 'TRADE_CLOSED' ? 'closed' : 'waiting';
  if (trade.refunded === 0n) return 'paid';
  return trade.refunded === trade.amount ? 'refunded' : 'partially_refunded';
}

function toTransaction(trade: Trade): WalletTransaction {
  return {
    wallet_reference: trade.out_trade_no,
    wallet_transaction_id: trade.trade_no,
    merchant: trade.seller_id,
    amount: trade.amount,
    refunded: trade.refunded,
    state: stateOf(trade),
    wallet_state: trade.status,
    payer: trade.buyer,
    created_at: iso(trade.created_at ?? trade.placed_at),
    paid_at: trade.paid_at === null ? null : iso(trade.paid_at),
  };
}

/**
 * A page of the book of all merchants; orders that nobody has scanned are not in it, as the wallet
 * has no trade. `after` is a trade number or an order number; of two merchants' orders under one
 * number the later one is meant, so that a reader never goes round in a circle.
 */
export function transactions(alipay: Alipay, options: { after?: string; limit: number }) {
  const trades = [...alipay.trades.values()];
  const { after } = options;
  const last = trades.findLastIndex(
    (trade) => after !== undefined && (trade.trade_no === after || trade.out_trade_no === after),
  );
  if (after !== undefined && last < 0) return [];
  const rows: WalletTransaction[] = [];
  for (let index = last + 1; index < trades.length && rows.length < options.limit; index += 1) {
    const trade = trades[index];
    if (trade && trade.status !== 'NOT_CREATED') rows.push(toTransaction(current(alipay, trade)));
  }
  return rows;
}

/** The wallet's debt by the merchant that signs, sellers' orders among its own, before fees. */
export function merchantBalances(alipay: Alipay): Map<string, bigint> {
  const balances = new Map<string, bigint>();
  for (const app of alipay.apps.values()) balances.set(app.seller_id, 0n);
  for (const trade of alipay.trades.values()) {
    if (trade.paid_at === null) continue;
    const { seller_id } = trade;
    balances.set(seller_id, (balances.get(seller_id) ?? 0n) + due(trade));
  }
  return balances;
}

/** What is left of an order for the merchant: not what its own coupons paid. */
function due(trade: Trade): bigint {
  const given = fundedBy(trade, 'merchant');
  const back = trade.refunded - (given * trade.refunded) / trade.amount;
  return receiptOf(trade) - back;
}

/** Codes of orders that can still be paid, newest first. */
export function codesOnScreen(alipay: Alipay): readonly CodeOnScreen[] {
  const codes: CodeOnScreen[] = [];
  const trades = [...alipay.trades.values()];
  for (let index = trades.length - 1; index >= 0 && codes.length < CODES_ON_SCREEN; index -= 1) {
    const trade = trades[index];
    if (trade?.product !== 'precreate') continue;
    current(alipay, trade);
    const open = trade.status === 'NOT_CREATED' || trade.status === 'WAIT_BUYER_PAY';
    if (!open || isStale(alipay, trade)) continue;
    codes.push({
      code: codeUrl(trade),
      payee: payeeOf(alipay, trade).zh,
      amount: trade.amount,
      description: trade.subject,
    });
  }
  return codes;
}
