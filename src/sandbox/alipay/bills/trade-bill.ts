import { shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import {
  csvHeader,
  csvRow,
  endOfList,
  exportedAt,
  heading,
  TRADE_COLUMNS,
  TRADE_SUMMARY_COLUMNS,
  type TradeColumn,
  tradeTotals,
} from '../../../protocols/alipay/bills.ts';
import type { Alipay, Trade, TradeRefund } from '../books.ts';
import { PURSE } from '../money.ts';
import { fundedBy, receiptOf } from '../trade/discounts.ts';
import type { Wanted } from './wanted.ts';

/** The trade bill: payments and refunds in the order of their movements on sellers' accounts. */
export interface TradeRow {
  readonly refund: boolean;
  readonly order: bigint;
  readonly received: bigint;
  readonly wallet_discount: bigint;
  readonly merchant_discount: bigint;
  readonly voucher: bigint;
  /** Charged, or given back with a refund: never negative. */
  readonly fee: bigint;
  readonly texts: Readonly<Partial<Record<TradeColumn, string>>>;
}

/** Made when it is written. */
export type TradeEntry = () => TradeRow;

export function tradeEntries(alipay: Alipay, wanted: Wanted): TradeEntry[] {
  const entries: TradeEntry[] = [];
  for (const holder of wanted.holders) {
    const fees = new Map<string, bigint>();
    for (const entry of alipay.funds.entries(holder, PURSE, wanted.span)) {
      const { type, direction, business_no, reference, amount } = entry;
      const key = `${business_no} ${reference}`;
      if (type === '退费') fees.set(key, amount);
      const trade = alipay.by_trade_no.get(business_no);
      if (!trade) continue;
      if (type === '在线支付') entries.push(() => paymentRow(alipay, trade));
      if (type !== '交易退款' || direction !== 'out') continue;
      const refund = trade.refunds.find(({ out_request_no }) => out_request_no === reference);
      const fee = fees.get(key) ?? 0n;
      if (refund) entries.push(() => refundRow(alipay, trade, { refund, fee }));
    }
  }
  return entries;
}

const stamp = (time: number | null) => (time === null ? '' : shanghaiStamp(new Date(time)));

function textsOf(alipay: Alipay, trade: Trade): TradeRow['texts'] {
  const buyer = alipay.buyers.get(trade.buyer ?? '');
  return {
    支付宝交易号: trade.trade_no ?? '',
    商户订单号: trade.out_trade_no,
    商品名称: trade.subject,
    创建时间: stamp(trade.created_at),
    对方账户: buyer ? `*${buyer.person.name.zh.slice(1)}(${buyer.logon_id})` : '',
  };
}

function paymentRow(alipay: Alipay, trade: Trade): TradeRow {
  return {
    refund: false,
    order: trade.amount,
    received: receiptOf(trade),
    wallet_discount: fundedBy(trade, 'wallet'),
    merchant_discount: fundedBy(trade, 'merchant'),
    voucher: fundedBy(trade, 'other'),
    fee: trade.fee,
    texts: {
      ...textsOf(alipay, trade),
      业务类型: '交易',
      完成时间: stamp(trade.paid_at),
      券名称: trade.vouchers.map(({ name }) => name).join(';'),
    },
  };
}

function refundRow(
  alipay: Alipay,
  trade: Trade,
  { refund, fee }: { refund: TradeRefund; fee: bigint },
): TradeRow {
  const others = refund.debited - refund.returned;
  const byWallet = fundedBy(trade, 'wallet') > 0n;
  return {
    refund: true,
    order: refund.amount,
    received: refund.debited,
    wallet_discount: byWallet ? others : 0n,
    merchant_discount: refund.amount - refund.debited,
    voucher: byWallet ? 0n : others,
    fee,
    texts: {
      ...textsOf(alipay, trade),
      业务类型: '退款',
      完成时间: stamp(refund.at),
      '退款批次号/请求号': refund.out_request_no,
      备注: refund.reason ?? '',
    },
  };
}

/** Refunded money is negative; fees are negative where they were charged. */
function valuesOf(row: TradeRow): string[] {
  const money = (amount: bigint) => toYuan(row.refund ? -amount : amount);
  const values: Partial<Record<TradeColumn, string>> = {
    ...row.texts,
    '订单金额（元）': money(row.order),
    '商家实收（元）': money(row.received),
    '支付宝红包（元）': '0.00',
    '集分宝（元）': '0.00',
    '支付宝优惠（元）': money(row.wallet_discount),
    '商家优惠（元）': money(row.merchant_discount),
    '券核销金额（元）': money(row.voucher),
    '商家红包消费金额（元）': '0.00',
    '卡消费金额（元）': '0.00',
    '服务费（元）': money(-row.fee),
    '分润（元）': '0.00',
  };
  return TRADE_COLUMNS.map((column) => values[column] ?? '');
}

const nothing = () => ({ count: 0, received: 0n, discount: 0n, order: 0n, fee: 0n, wallet: 0n });
type Sums = Record<'payments' | 'refunds', ReturnType<typeof nothing>>;

function add(sums: Sums, row: TradeRow): void {
  const side = row.refund ? sums.refunds : sums.payments;
  side.count += 1;
  side.received += row.received;
  side.discount += row.merchant_discount;
  side.order += row.order;
  side.fee += row.fee;
  side.wallet += row.wallet_discount;
}

export function* tradeDetail(
  wanted: Wanted,
  entries: readonly TradeEntry[],
  made_at: string,
): Generator<string, void, undefined> {
  const about = { ...wanted, part: '明细' } as const;
  yield heading(about) + csvHeader(TRADE_COLUMNS);
  const sums: Sums = { payments: nothing(), refunds: nothing() };
  for (const entry of entries) {
    const row = entry();
    add(sums, row);
    yield csvRow(TRADE_COLUMNS, valuesOf(row));
  }
  yield endOfList(about) + tradeTotals(sums) + exportedAt(made_at);
}

/** One line for the shop without a number, one for all. */
export function* tradeSummary(
  wanted: Wanted,
  entries: readonly TradeEntry[],
  made_at: string,
): Generator<string, void, undefined> {
  const about = { ...wanted, part: '汇总' } as const;
  const sums: Sums = { payments: nothing(), refunds: nothing() };
  for (const entry of entries) add(sums, entry());
  const { payments, refunds } = sums;
  const received = payments.received - refunds.received;
  const fee = refunds.fee - payments.fee;
  const values = [
    '',
    `${payments.count}`,
    `${refunds.count}`,
    toYuan(payments.order - refunds.order),
    toYuan(received),
    toYuan(payments.wallet - refunds.wallet),
    toYuan(payments.discount - refunds.discount),
    '0.00',
    toYuan(fee),
    '0.00',
    toYuan(received + fee),
  ];
  yield heading(about) + csvHeader(TRADE_SUMMARY_COLUMNS);
  yield csvRow(TRADE_SUMMARY_COLUMNS, ['', ...values]);
  yield csvRow(TRADE_SUMMARY_COLUMNS, ['合计', ...values]);
  yield endOfList(about) + exportedAt(made_at);
}
