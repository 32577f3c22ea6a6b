import { fromYuan, toYuan } from '../../money.ts';

/**
 * Bill files: two CSVs in GBK, lines and totals, each between lines that begin with `#`. Numbers
 * end with a tab so that spreadsheets keep their digits. Nothing is quoted.
 * https://opendocs.alipay.com/open/3c9f1bcf_alipay.data.dataservice.bill.downloadurl.query
 */
export type BillType = 'trade' | 'signcustomer';

export const TRADE_COLUMNS = [
  '支付宝交易号',
  '商户订单号',
  '业务类型',
  '商品名称',
  '创建时间',
  '完成时间',
  '门店编号',
  '门店名称',
  '操作员',
  '终端号',
  '对方账户',
  '订单金额（元）',
  '商家实收（元）',
  '支付宝红包（元）',
  '集分宝（元）',
  '支付宝优惠（元）',
  '商家优惠（元）',
  '券核销金额（元）',
  '券名称',
  '商家红包消费金额（元）',
  '卡消费金额（元）',
  '退款批次号/请求号',
  '服务费（元）',
  '分润（元）',
  '备注',
] as const;
export type TradeColumn = (typeof TRADE_COLUMNS)[number];

export const TRADE_SUMMARY_COLUMNS = [
  '门店编号',
  '门店名称',
  '交易订单总笔数',
  '退款订单总笔数',
  '订单金额（元）',
  '商家实收（元）',
  '支付宝优惠（元）',
  '商家优惠（元）',
  '卡消费金额（元）',
  '服务费（元）',
  '分润（元）',
  '实收净额（元）',
] as const;

export const ACCOUNT_COLUMNS = [
  '账务流水号',
  '业务流水号',
  '商户订单号',
  '商品名称',
  '发生时间',
  '对方账号',
  '收入金额（+元）',
  '支出金额（-元）',
  '账户余额（元）',
  '交易渠道',
  '业务类型',
  '备注',
] as const;
export type AccountColumn = (typeof ACCOUNT_COLUMNS)[number];

export const ACCOUNT_SUMMARY_COLUMNS = [
  '类型',
  '收入笔数',
  '收入金额（+元）',
  '支出笔数',
  '支出金额（-元）',
  '总金额（元）',
] as const;

/** Columns whose values end with a tab; empty ones are a tab alone. */
const TABBED: ReadonlySet<string> = new Set<TradeColumn | AccountColumn>([
  '支付宝交易号',
  '商户订单号',
  '业务类型',
  '门店编号',
  '门店名称',
  '操作员',
  '终端号',
  '对方账户',
  '商家红包消费金额（元）',
  '退款批次号/请求号',
  '账务流水号',
  '业务流水号',
  '对方账号',
]);

/** What the two kinds of bill are called in file names and headings. */
export const BILL_NAMES: Readonly<Record<BillType, string>> = {
  trade: '业务',
  signcustomer: '账务',
};

const END = '\r\n';

export function csvHeader(columns: readonly string[]): string {
  return columns.join(',') + END;
}

/** Commas and line ends of names would shift the columns: full-width commas and blanks instead. */
export function csvRow(columns: readonly string[], values: readonly string[]): string {
  const cells = columns.map((column, index) => {
    const value = (values[index] ?? '')
      .replaceAll(',', '，')
      .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
    return TABBED.has(column) ? `${value}\t` : value;
  });
  return cells.join(',') + END;
}

/** `2026年11月20日 00:00:00` of `2026-11-20 00:00:00`. */
export function chineseStamp(stamp: string): string {
  const [date = '', time = '00:00:00'] = stamp.split(' ');
  const [year, month, day] = date.split('-');
  return `${year}年${month}月${day}日 ${time}`;
}

export interface Heading {
  readonly type: BillType;
  readonly part: '明细' | '汇总';
  /** Number of the account with what follows it in files: `2088…0156`. */
  readonly account: string;
  /** Stamps `2026-11-20 00:00:00`; the end is the midnight after. */
  readonly from: string;
  readonly to: string;
}

function rule(text: string, left: number, right: number): string {
  return `#${'-'.repeat(left)}${text}${'-'.repeat(right)}${END}`;
}

export function heading({ type, part, account, from, to }: Heading): string {
  const name = BILL_NAMES[type];
  return [
    `#支付宝${name}${part}查询${END}`,
    `#账号：[${account}]${END}`,
    `#起始日期：[${chineseStamp(from)}]   终止日期：[${chineseStamp(to)}]${END}`,
    rule(`${name}${part}列表`, 41, 40),
  ].join('');
}

export function endOfList({ type, part }: Pick<Heading, 'type' | 'part'>): string {
  return rule(`${BILL_NAMES[type]}${part}列表结束`, 41, 36);
}

export function exportedAt(stamp: string): string {
  return `#导出时间：[${chineseStamp(stamp)}]${END}`;
}

/** Refunded money is written negative. */
export function tradeTotals(sums: {
  readonly payments: { count: number; received: bigint; discount: bigint };
  readonly refunds: { count: number; received: bigint; discount: bigint };
}): string {
  const { payments, refunds } = sums;
  return [
    `#交易合计：${payments.count}笔，商家实收共${toYuan(payments.received)}元，` +
      `商家优惠共${toYuan(payments.discount)}元${END}`,
    `#退款合计：${refunds.count}笔，商家实收退款共${toYuan(-refunds.received)}元，` +
      `商家优惠退款共${toYuan(-refunds.discount)}元${END}`,
  ].join('');
}

export function accountTotals(sums: {
  readonly in: { count: number; amount: bigint };
  readonly out: { count: number; amount: bigint };
}): string {
  return [
    `#支出合计：${sums.out.count}笔，共${toYuan(-sums.out.amount)}元${END}`,
    `#收入合计：${sums.in.count}笔，共${toYuan(sums.in.amount)}元${END}`,
  ].join('');
}

/** `#交易合计：3笔，商家实收共12.34元，…` → its name, count and first amount. */
export function readTotal(
  line: string,
): { name: string; count: number; amount: bigint } | undefined {
  const match = /^#(\S{2})合计：(\d{1,9})笔，\D*?共(-?[\d.]+)元/.exec(line);
  const amount = fromYuan(match?.[3] ?? '');
  if (!match?.[1] || amount === undefined) return undefined;
  return { name: match[1], count: Number.parseInt(match[2] ?? '0', 10), amount };
}

/** The day of `#起始日期：[2026年11月20日 00:00:00] …` as `2026-11-20`. */
export function readFirstDay(line: string): string | undefined {
  const match = /^#起始日期：\[(\d{4})年(\d{2})月(\d{2})日/.exec(line);
  return match ? `${match[1]}-${match[2]}-${match[3]}` : undefined;
}

export function readAccount(line: string): string | undefined {
  return /^#账号：\[(\d{1,32})\]/.exec(line)?.[1];
}
