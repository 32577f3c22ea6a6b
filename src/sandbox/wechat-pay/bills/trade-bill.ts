import { type BusinessDate, shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import {
  BILL_BOM,
  billHeader,
  billRow,
  feeText,
  TRADE_BILL_COLUMNS,
  TRADE_SUMMARY_COLUMNS,
  type TradeBillColumn,
  type TradeBillType,
} from '../../../protocols/wechat-pay/bills.ts';
import type { OrderRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import { payerTotal, settlementTotal } from '../orders/amounts.ts';
import { TRADE_TYPE } from '../orders/transaction-message.ts';
import type { RefundOfDay } from './days.ts';

/**
 * The trade bill of one day: payments first, then refunds, each by time; what refunds say of their
 * state is how they stand now. https://pay.weixin.qq.com/doc/v3/merchant/4012791866
 */
export interface TradeLine {
  readonly total: bigint;
  readonly settled: bigint;
  readonly cash_coupons: bigint;
  readonly refund: bigint;
  readonly refund_settled: bigint;
  readonly cash_coupons_back: bigint;
  readonly fee: bigint;
  readonly texts: Readonly<Partial<Record<TradeBillColumn, string>>>;
}

export interface TradeBillWanted {
  readonly mchid: string;
  readonly date: BusinessDate;
  readonly type: TradeBillType;
  /** One seller's lines only. */
  readonly sub_mchid: string | undefined;
}

/** Made when it is written: a day of a hundred thousand lines is never there at once. */
export type TradeEntry = () => TradeLine;

export function tradeEntries(context: SandboxContext, wanted: TradeBillWanted): TradeEntry[] {
  const { mchid, date, type, sub_mchid } = wanted;
  const meant = (order: OrderRecord) => sub_mchid === undefined || order.sub_mchid === sub_mchid;
  const payments = type === 'REFUND' ? [] : context.days.payments(mchid, date).filter(meant);
  const refunds =
    type === 'SUCCESS' ? [] : context.days.refunds(mchid, date).filter(({ order }) => meant(order));
  const reversals = type === 'ALL' ? context.days.reversals(mchid, date).filter(meant) : [];
  return [
    ...payments.map((order) => () => paymentLine(order)),
    ...refunds.map((entry) => () => refundLine(entry, type === 'REFUND')),
    ...reversals.map((order) => () => reversalLine(order)),
  ];
}

const NO_MONEY = {
  total: 0n,
  settled: 0n,
  cash_coupons: 0n,
  refund: 0n,
  refund_settled: 0n,
  cash_coupons_back: 0n,
};

const MONEY = [
  'total',
  'settled',
  'refund',
  'refund_settled',
  'cash_coupons_back',
  'fee',
] as const satisfies readonly (keyof TradeLine)[];

function stamp(time: number | null): string {
  return time === null ? '' : shanghaiStamp(new Date(time));
}

function orderTexts(order: OrderRecord): TradeLine['texts'] {
  return {
    公众账号ID: order.appid,
    商户号: order.mchid,
    特约商户号: order.sub_mchid ?? '0',
    微信订单号: order.transaction_id ?? '',
    商户订单号: order.out_trade_no,
    用户标识: order.openid ?? '',
    设备号: order.device_id ?? '',
    交易类型: TRADE_TYPE[order.kind],
    付款银行: 'OTHERS',
    货币种类: 'CNY',
    商品名称: order.description,
    商户数据包: order.attach ?? '',
    费率: '0.60%',
  };
}

function paymentLine(order: OrderRecord): TradeLine {
  return {
    ...NO_MONEY,
    total: order.total,
    settled: settlementTotal(order),
    cash_coupons: settlementTotal(order) - payerTotal(order),
    fee: order.fee,
    texts: {
      ...orderTexts(order),
      交易时间: stamp(order.paid_at),
      交易状态: 'SUCCESS',
      微信退款单号: '0',
      商户退款单号: '0',
    },
  };
}

function refundLine({ order, refund }: RefundOfDay, ofRefundBill: boolean): TradeLine {
  return {
    ...NO_MONEY,
    refund: refund.amount,
    refund_settled: refund.settlement_refund,
    cash_coupons_back: refund.settlement_refund - refund.payer_refund,
    fee: -refund.fee,
    texts: {
      ...orderTexts(order),
      交易时间: stamp(ofRefundBill ? order.paid_at : refund.created_at),
      交易状态: 'REFUND',
      退款申请时间: stamp(refund.created_at),
      退款成功时间: stamp(refund.succeeded_at),
      微信退款单号: refund.refund_id,
      商户退款单号: refund.out_refund_no,
      退款类型: refund.channel,
      退款状态: refund.status,
    },
  };
}

/** Has no number of its own: the payment's stands for it. */
function reversalLine(order: OrderRecord): TradeLine {
  return {
    ...NO_MONEY,
    refund: order.total,
    refund_settled: settlementTotal(order),
    cash_coupons_back: settlementTotal(order) - payerTotal(order),
    fee: -order.fee,
    texts: {
      ...orderTexts(order),
      交易时间: stamp(order.revoked_at),
      交易状态: 'REVOKED',
      微信退款单号: '0',
      商户退款单号: '0',
      退款类型: 'ORIGINAL',
      退款状态: 'SUCCESS',
    },
  };
}

function cellOf(line: TradeLine, column: TradeBillColumn): string {
  switch (column) {
    case '应结订单金额':
      return toYuan(line.settled);
    case '代金券金额':
      return toYuan(line.cash_coupons);
    case '退款金额':
      return toYuan(line.refund_settled);
    case '充值券退款金额':
      return toYuan(line.cash_coupons_back);
    case '手续费':
      return feeText(line.fee);
    case '订单金额':
      return toYuan(line.total);
    case '申请退款金额':
      return toYuan(line.refund);
    default:
      return line.texts[column] ?? '';
  }
}

/** The file, piece by piece. */
export function* tradeFile(
  type: TradeBillType,
  entries: Iterable<TradeEntry>,
): Generator<string, void, undefined> {
  const columns = TRADE_BILL_COLUMNS[type];
  yield BILL_BOM + billHeader(columns);
  const sums = { ...NO_MONEY, fee: 0n };
  let count = 0;
  for (const entry of entries) {
    const line = entry();
    count += 1;
    for (const name of MONEY) sums[name] += line[name];
    yield billRow(columns.map((column) => cellOf(line, column)));
  }
  yield billHeader(TRADE_SUMMARY_COLUMNS);
  yield billRow([
    `${count}.0`,
    toYuan(sums.settled),
    toYuan(sums.refund_settled),
    toYuan(sums.cash_coupons_back),
    feeText(sums.fee),
    toYuan(sums.total),
    toYuan(sums.refund),
  ]);
}
