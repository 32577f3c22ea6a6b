import { shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import { asksFor, type Biz, GatewayRefusal, optionalNumber, tradeNames } from '../api/biz.ts';
import { type Alipay, saveTrade, type Trade, tradeOf } from '../books.ts';
import { siblingsOf } from '../merge/merge.ts';
import { openId } from '../numbers.ts';
import { settleInfo } from '../royalty/settle-info.ts';
import { amountsOf, discountsOf, fundBills, voucherDetails } from './discounts.ts';
import type { Call } from './orders.ts';

/** Finding, showing and closing a trade. */
function notFound(biz: Biz, echo: Readonly<Record<string, string>> = {}): GatewayRefusal {
  const out_trade_no = optionalNumber(biz, 'out_trade_no');
  return new GatewayRefusal('ACQ.TRADE_NOT_EXIST', undefined, {
    ...(out_trade_no !== undefined && { out_trade_no }),
    ...echo,
  });
}

export function found(call: Call, echo: Readonly<Record<string, string>> = {}): Trade {
  const trade = tradeOf(call.alipay, call.app, tradeNames(call.biz));
  if (!trade) throw notFound(call.biz, echo);
  return trade;
}

export function buyerFields(alipay: Alipay, trade: Trade): Record<string, unknown> {
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

function paidFields(trade: Trade, biz: Biz): Record<string, unknown> {
  if (trade.paid_at === null) return {};
  const vouchers = trade.vouchers.length > 0 && asksFor(biz, 'voucher_detail_list');
  return {
    ...amountsOf(trade),
    ...discountsOf(trade),
    send_pay_date: shanghaiStamp(new Date(trade.paid_at)),
    fund_bill_list: fundBills(trade, 'fund_channel'),
    ...(vouchers && { voucher_detail_list: voucherDetails(trade, 'snake') }),
  };
}

/** https://opendocs.alipay.com/open/82ea786a_alipay.trade.query */
export function query(call: Call): Record<string, unknown> {
  const trade = found(call, NO_AMOUNTS);
  const { alipay, biz } = call;
  return {
    ...buyerFields(alipay, trade),
    buyer_user_type: 'PRIVATE',
    out_trade_no: trade.out_trade_no,
    trade_no: trade.trade_no,
    trade_status: trade.status,
    total_amount: toYuan(trade.amount),
    ...NO_AMOUNTS,
    ...paidFields(trade, biz),
    ...(asksFor(biz, 'trade_settle_info') && {
      trade_settle_info: settleInfo(alipay, trade),
    }),
  };
}

export function closeTrade(alipay: Alipay, trade: Trade): void {
  for (const one of [trade, ...siblingsOf(alipay, trade)]) {
    if (one.status !== 'WAIT_BUYER_PAY' && one.status !== 'NOT_CREATED') continue;
    one.status = 'TRADE_CLOSED';
    one.prompting = false;
    one.closed_at = alipay.options.clock.now().getTime();
    saveTrade(alipay, one);
  }
}

/** https://opendocs.alipay.com/open/ce0b4954_alipay.trade.close */
export function close(call: Call): Record<string, unknown> {
  const trade = found(call);
  if (trade.status !== 'WAIT_BUYER_PAY') throw new GatewayRefusal('ACQ.TRADE_STATUS_ERROR');
  closeTrade(call.alipay, trade);
  return { out_trade_no: trade.out_trade_no, trade_no: trade.trade_no };
}
