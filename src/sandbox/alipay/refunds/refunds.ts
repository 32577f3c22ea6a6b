import { shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import {
  asksFor,
  GatewayRefusal,
  optionalNumber,
  optionalText,
  requiredAmount,
  tradeNames,
} from '../api/biz.ts';
import { type Alipay, type Trade, type TradeRefund, tradeOf } from '../books.ts';
import type { Call } from '../trade/orders.ts';
import { buyerFields, closeTrade, found } from '../trade/trades.ts';
import { acceptRefund, type RefundAsk } from './money.ts';

/** Refunds, and the cancellation that refunds what was paid. */
const CANCEL_WINDOW_MS = 86_400_000;

/**
 * Unpaid → closed, paid → refunded. An order without a trade has nothing to cancel and its code
 * stays payable. https://opendocs.alipay.com/open/13399511_alipay.trade.cancel
 */
export function cancel(call: Call): Record<string, unknown> {
  const { alipay, app, biz } = call;
  const names = tradeNames(biz);
  const trade = tradeOf(alipay, app, names);
  if (!trade) return { ...names, retry_flag: 'N' };
  const named = { out_trade_no: trade.out_trade_no, trade_no: trade.trade_no ?? '' };
  const answer = { ...named, retry_flag: 'N' };
  if (trade.status === 'WAIT_BUYER_PAY') {
    closeTrade(alipay, trade);
    return { ...answer, action: 'close' };
  }
  if (trade.status === 'TRADE_CLOSED') {
    return { ...answer, action: trade.paid_at === null ? 'close' : 'refund' };
  }
  if (trade.status === 'TRADE_FINISHED') throw new GatewayRefusal('ACQ.TRADE_HAS_FINISHED');
  const now = alipay.options.clock.now().getTime();
  if (now > (trade.created_at ?? now) + CANCEL_WINDOW_MS) {
    throw new GatewayRefusal('ACQ.TRADE_CANCEL_TIME_OUT');
  }
  const amount = trade.amount - trade.refunded;
  if (amount === 0n) return { ...answer, action: 'refund' };
  const ask = { out_request_no: trade.out_trade_no, amount, reason: null, asynchronous: false };
  try {
    acceptRefund({ ...call, biz: {} }, trade, ask);
  } catch (error) {
    if (!(error instanceof GatewayRefusal)) throw error;
    // The same cancellation may be sent again once the seller has money.
    throw new GatewayRefusal(error.sub_code, error.message, { ...named, retry_flag: 'Y' });
  }
  return { ...answer, action: 'refund' };
}

function refundAnswer(alipay: Alipay, trade: Trade, last: TradeRefund, changed: boolean) {
  return {
    ...buyerFields(alipay, trade),
    out_trade_no: trade.out_trade_no,
    trade_no: trade.trade_no,
    fund_change: changed ? 'Y' : 'N',
    refund_fee: toYuan(trade.refunded),
    send_back_fee: toYuan(changed ? last.returned : 0n),
    gmt_refund_pay: shanghaiStamp(new Date(last.at)),
  };
}

/** Undefined when this refund was made before: the answer tells of that one. */
function readAsk(call: Call, trade: Trade, asynchronous: boolean): RefundAsk | TradeRefund {
  const { biz } = call;
  const amount = requiredAmount(biz, 'refund_amount');
  const given = optionalNumber(biz, 'out_request_no');
  if (given === undefined && amount !== trade.amount) {
    throw new GatewayRefusal('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL');
  }
  const out_request_no = given ?? trade.out_trade_no;
  const before = trade.refunds.find((entry) => entry.out_request_no === out_request_no);
  if (before) {
    if (before.amount !== amount) throw new GatewayRefusal('ACQ.DISCORDANT_REPEAT_REQUEST');
    return before;
  }
  const reason = optionalText(biz, 'refund_reason', { max: 256 }) ?? null;
  return { out_request_no, amount, reason, asynchronous };
}

function detailItems(refund: TradeRefund) {
  return [{ fund_channel: 'ALIPAYACCOUNT', amount: toYuan(refund.returned) }];
}

/** https://opendocs.alipay.com/open/f60979b3_alipay.trade.refund */
export function refund(call: Call): Record<string, unknown> {
  const { alipay } = call;
  const trade = found(call);
  const ask = readAsk(call, trade, false);
  if ('at' in ask) return refundAnswer(alipay, trade, ask, false);
  const entry = acceptRefund(call, trade, ask);
  return {
    ...refundAnswer(alipay, trade, entry, entry.state === 'success'),
    ...(asksFor(call.biz, 'refund_detail_item_list') && {
      refund_detail_item_list: detailItems(entry),
    }),
  };
}

/** https://opendocs.alipay.com/open/f60979b3_alipay.trade.refund */
export function refundApply(call: Call): Record<string, unknown> {
  const trade = found(call);
  const ask = readAsk(call, trade, true);
  const entry = 'at' in ask ? ask : acceptRefund(call, trade, ask);
  return {
    out_trade_no: trade.out_trade_no,
    trade_no: trade.trade_no,
    out_request_no: entry.out_request_no,
    refund_amount: toYuan(entry.amount),
    refund_status: entry.state === 'success' ? 'REFUND_SUCCESS' : 'REFUND_PROCESSING',
  };
}

function statusOf(entry: TradeRefund, failed: boolean): string | undefined {
  if (failed) return entry.asynchronous ? 'REFUND_FAIL' : undefined;
  if (entry.state === 'success') return 'REFUND_SUCCESS';
  return entry.asynchronous ? 'REFUND_PROCESSING' : undefined;
}

function depositBack(entry: TradeRefund): Record<string, unknown> | undefined {
  if (entry.deposit_back === null) return undefined;
  return {
    has_deposit_back: 'true',
    dback_status: entry.deposit_back,
    dback_amount: toYuan(entry.returned),
  };
}

/**
 * A refund that is not there, and a synchronous one that has not arrived, are a success without a
 * refund_status: the wallet says nothing of it. States are told of asynchronous ones only.
 * https://opendocs.alipay.com/open/8c776df6_alipay.trade.fastpay.refund.query
 */
export function refundQuery(call: Call): Record<string, unknown> {
  const trade = found(call);
  const { biz } = call;
  const out_request_no = optionalNumber(biz, 'out_request_no');
  if (out_request_no === undefined) {
    throw new GatewayRefusal('ACQ.INVALID_PARAMETER', '参数无效：out_request_no 不能为空');
  }
  const same = (refund: TradeRefund) => refund.out_request_no === out_request_no;
  const alive = trade.refunds.find(same);
  const entry = alive ?? trade.failed_refunds.find(same);
  const refund_status = entry && statusOf(entry, !alive);
  const deposit_back_info = entry && asksFor(biz, 'deposit_back_info') && depositBack(entry);
  if (!entry || (refund_status === undefined && !deposit_back_info)) return {};
  const arrived = refund_status === 'REFUND_SUCCESS';
  return {
    out_trade_no: trade.out_trade_no,
    trade_no: trade.trade_no,
    out_request_no,
    total_amount: toYuan(trade.amount),
    refund_amount: toYuan(entry.amount),
    ...(arrived && { send_back_fee: toYuan(entry.returned) }),
    ...(refund_status !== undefined && { refund_status }),
    ...(entry.reason !== null && { refund_reason: entry.reason }),
    ...(arrived &&
      asksFor(biz, 'gmt_refund_pay') && { gmt_refund_pay: shanghaiStamp(new Date(entry.at)) }),
    ...(arrived &&
      asksFor(biz, 'refund_detail_item_list') && { refund_detail_item_list: detailItems(entry) }),
    ...(deposit_back_info && { deposit_back_info }),
    ...(entry.royalties.length > 0 && {
      refund_royaltys: entry.royalties.map(({ account, amount }) => ({
        refund_amount: toYuan(amount),
        royalty_type: 'transfer',
        result_code: 'SUCCESS',
        trans_out: account,
        trans_in: trade.seller_id,
      })),
    }),
  };
}
