import { shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import {
  asksFor,
  type Biz,
  GatewayRefusal,
  optionalNumber,
  optionalText,
  requiredAmount,
  tradeNames,
} from '../api/biz.ts';
import {
  type Alipay,
  balanceOf,
  saveTrade,
  type Trade,
  type TradeRefund,
  tradeOf,
} from '../books.ts';
import { canRefund, debitRefund } from '../money.ts';
import { fundBills, notifyTrade } from '../notices.ts';
import { openId } from '../numbers.ts';
import type { Call } from './orders.ts';

const CANCEL_WINDOW_MS = 86_400_000;

function notFound(biz: Biz, echo: Readonly<Record<string, string>> = {}): GatewayRefusal {
  const out_trade_no = optionalNumber(biz, 'out_trade_no');
  return new GatewayRefusal('ACQ.TRADE_NOT_EXIST', undefined, {
    ...(out_trade_no !== undefined && { out_trade_no }),
    ...echo,
  });
}

function found(call: Call, echo: Readonly<Record<string, string>> = {}): Trade {
  const trade = tradeOf(call.alipay, call.app, tradeNames(call.biz));
  if (!trade) throw notFound(call.biz, echo);
  return trade;
}

function buyerFields(alipay: Alipay, trade: Trade): Record<string, unknown> {
  const buyer = alipay.buyers.get(trade.buyer ?? '');
  if (!buyer) return {};
  return {
    buyer_logon_id: buyer.logon_id,
    buyer_user_id: buyer.user_id,
    buyer_open_id: openId(trade.app_id, buyer.person.id),
  };
}

const NO_AMOUNTS = {
  buyer_pay_amount: '0.00',
  invoice_amount: '0.00',
  point_amount: '0.00',
  receipt_amount: '0.00',
} as const;

/** https://opendocs.alipay.com/open/82ea786a_alipay.trade.query */
export function query(call: Call): Record<string, unknown> {
  const trade = found(call, NO_AMOUNTS);
  const amount = toYuan(trade.amount);
  const paid = trade.paid_at !== null;
  return {
    ...buyerFields(call.alipay, trade),
    buyer_user_type: 'PRIVATE',
    out_trade_no: trade.out_trade_no,
    trade_no: trade.trade_no,
    trade_status: trade.status,
    total_amount: amount,
    ...NO_AMOUNTS,
    ...(paid && { buyer_pay_amount: amount, invoice_amount: amount, receipt_amount: amount }),
    ...(paid && { send_pay_date: shanghaiStamp(new Date(trade.paid_at ?? 0)) }),
    ...(paid && { fund_bill_list: fundBills(trade, 'fund_channel') }),
  };
}

function closeTrade(alipay: Alipay, trade: Trade): void {
  trade.status = 'TRADE_CLOSED';
  trade.closed_at = alipay.options.clock.now().getTime();
  saveTrade(alipay, trade);
}

/** https://opendocs.alipay.com/open/ce0b4954_alipay.trade.close */
export function close(call: Call): Record<string, unknown> {
  const trade = found(call);
  if (trade.status !== 'WAIT_BUYER_PAY') throw new GatewayRefusal('ACQ.TRADE_STATUS_ERROR');
  closeTrade(call.alipay, trade);
  return { out_trade_no: trade.out_trade_no, trade_no: trade.trade_no };
}

/** Gives money back and lets a fully refunded trade close. */
function giveBack(alipay: Alipay, trade: Trade, refund: TradeRefund): void {
  debitRefund(alipay, trade, refund);
  trade.refunds.push(refund);
  trade.refunded += refund.amount;
  if (trade.refunded === trade.amount) {
    trade.status = 'TRADE_CLOSED';
    trade.closed_at = refund.at;
  }
  const buyer = trade.buyer ?? '';
  alipay.balances.put(buyer, { amount: balanceOf(alipay, buyer) + refund.amount });
  saveTrade(alipay, trade);
  notifyTrade(alipay, trade, refund);
}

/**
 * Unpaid → closed, paid → refunded. An order without a trade has nothing to cancel and its code
 * stays payable. https://opendocs.alipay.com/open/13399511_alipay.trade.cancel
 */
export function cancel(call: Call): Record<string, unknown> {
  const { alipay, app, biz } = call;
  const names = tradeNames(biz);
  const trade = tradeOf(alipay, app, names);
  if (!trade) return { ...names, retry_flag: 'N' };
  const answer = { out_trade_no: trade.out_trade_no, trade_no: trade.trade_no, retry_flag: 'N' };
  if (trade.status === 'WAIT_BUYER_PAY') {
    closeTrade(alipay, trade);
    return { ...answer, action: 'close' };
  }
  if (trade.status === 'TRADE_CLOSED') {
    return { ...answer, action: trade.paid_at === null ? 'close' : 'refund' };
  }
  const now = alipay.options.clock.now().getTime();
  if (now > (trade.created_at ?? now) + CANCEL_WINDOW_MS) {
    throw new GatewayRefusal('ACQ.TRADE_CANCEL_TIME_OUT');
  }
  const amount = trade.amount - trade.refunded;
  giveBack(alipay, trade, { out_request_no: trade.out_trade_no, amount, reason: null, at: now });
  return { ...answer, action: 'refund' };
}

function refundAnswer(alipay: Alipay, trade: Trade, last: TradeRefund, changed: boolean) {
  return {
    ...buyerFields(alipay, trade),
    out_trade_no: trade.out_trade_no,
    trade_no: trade.trade_no,
    fund_change: changed ? 'Y' : 'N',
    refund_fee: toYuan(trade.refunded),
    send_back_fee: toYuan(changed ? last.amount : 0n),
    gmt_refund_pay: shanghaiStamp(new Date(last.at)),
  };
}

/** https://opendocs.alipay.com/open/f60979b3_alipay.trade.refund */
export function refund(call: Call): Record<string, unknown> {
  const { alipay, biz } = call;
  const trade = found(call);
  const amount = requiredAmount(biz, 'refund_amount');
  const given = optionalNumber(biz, 'out_request_no');
  if (given === undefined && amount !== trade.amount) {
    throw new GatewayRefusal('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL');
  }
  const out_request_no = given ?? trade.out_trade_no;
  const before = trade.refunds.find((entry) => entry.out_request_no === out_request_no);
  if (before) {
    if (before.amount !== amount) throw new GatewayRefusal('ACQ.DISCORDANT_REPEAT_REQUEST');
    return refundAnswer(alipay, trade, before, false);
  }
  if (trade.paid_at === null) throw new GatewayRefusal('ACQ.TRADE_STATUS_ERROR');
  if (trade.status === 'TRADE_FINISHED') throw new GatewayRefusal('ACQ.TRADE_HAS_FINISHED');
  if (amount > trade.amount - trade.refunded) {
    throw new GatewayRefusal('ACQ.REASON_TRADE_REFUND_FEE_ERR');
  }
  if (!canRefund(alipay, trade, amount)) throw new GatewayRefusal('ACQ.SELLER_BALANCE_NOT_ENOUGH');
  const reason = optionalText(biz, 'refund_reason', { max: 256 }) ?? null;
  const at = alipay.options.clock.now().getTime();
  const entry: TradeRefund = { out_request_no, amount, reason, at };
  giveBack(alipay, trade, entry);
  return refundAnswer(alipay, trade, entry, true);
}

/**
 * A refund that is not there is a success without a refund_status: the wallet says nothing of it.
 * https://opendocs.alipay.com/open/8c776df6_alipay.trade.fastpay.refund.query
 */
export function refundQuery(call: Call): Record<string, unknown> {
  const trade = found(call);
  const out_request_no = optionalNumber(call.biz, 'out_request_no');
  if (out_request_no === undefined) {
    throw new GatewayRefusal('ACQ.INVALID_PARAMETER', '参数无效：out_request_no 不能为空');
  }
  const entry = trade.refunds.find((refund) => refund.out_request_no === out_request_no);
  if (!entry) return {};
  return {
    out_trade_no: trade.out_trade_no,
    trade_no: trade.trade_no,
    out_request_no,
    total_amount: toYuan(trade.amount),
    refund_amount: toYuan(entry.amount),
    send_back_fee: toYuan(entry.amount),
    refund_status: 'REFUND_SUCCESS',
    ...(entry.reason !== null && { refund_reason: entry.reason }),
    ...(asksFor(call.biz, 'gmt_refund_pay') && {
      gmt_refund_pay: shanghaiStamp(new Date(entry.at)),
    }),
  };
}
