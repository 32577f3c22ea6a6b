import { fromYuan, toYuan } from '../../money.ts';

/**
 * Bill files: UTF-8 with a byte order mark, lines ending in CRLF, a header without backticks, rows
 * whose every value has one backtick before it, then the header and the row of the totals. Nothing
 * is quoted, so rows are cut at `` ,` ``. Money is yuan with two decimals, fees have five.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791866 (trade), 4012791867 (funds),
 * 4012529628 (profit sharing)
 */
export const BILL_BOM = '\uFEFF';
const END = '\r\n';
/** Between the values of a row; the first one has its backtick alone. */
export const BILL_SEPARATOR = ',`';

const ORDER_COLUMNS = [
  '交易时间',
  '公众账号ID',
  '商户号',
  '特约商户号',
  '设备号',
  '微信订单号',
  '商户订单号',
  '用户标识',
  '交易类型',
  '交易状态',
  '付款银行',
  '货币种类',
  '应结订单金额',
  '代金券金额',
] as const;

const REFUND_COLUMNS = [
  '微信退款单号',
  '商户退款单号',
  '退款金额',
  '充值券退款金额',
  '退款类型',
  '退款状态',
] as const;

const GOODS_COLUMNS = ['商品名称', '商户数据包', '手续费', '费率', '订单金额'] as const;

/** By `bill_type`: all lines, payments alone, refunds alone. */
export const TRADE_BILL_COLUMNS = {
  ALL: [...ORDER_COLUMNS, ...REFUND_COLUMNS, ...GOODS_COLUMNS, '申请退款金额', '费率备注'],
  SUCCESS: [...ORDER_COLUMNS, ...GOODS_COLUMNS, '费率备注'],
  REFUND: [
    ...ORDER_COLUMNS,
    '退款申请时间',
    '退款成功时间',
    ...REFUND_COLUMNS,
    ...GOODS_COLUMNS,
    '申请退款金额',
    '费率备注',
  ],
} as const;
export type TradeBillType = keyof typeof TRADE_BILL_COLUMNS;
export type TradeBillColumn = (typeof TRADE_BILL_COLUMNS)['REFUND'][number];

export const TRADE_SUMMARY_COLUMNS = [
  '总交易单数',
  '应结订单总金额',
  '退款总金额',
  '充值券退款总金额',
  '手续费总金额',
  '订单总金额',
  '申请退款总金额',
] as const;

/** Real files have half-width brackets here, the documents full-width ones. */
export const FUND_BILL_COLUMNS = [
  '记账时间',
  '微信支付业务单号',
  '资金流水单号',
  '业务名称',
  '业务类型',
  '收支类型',
  '收支金额(元)',
  '账户结余(元)',
  '资金变更提交申请人',
  '备注',
  '业务凭证号',
] as const;

/** Of a bill about all sellers of a platform: who each line is about. */
export const SELLER_COLUMN = '二级商户号';

export const FUND_SUMMARY_COLUMNS = [
  '资金流水总笔数',
  '收入笔数',
  '收入金额',
  '支出笔数',
  '支出金额',
] as const;

export const SPLIT_BILL_COLUMNS = [
  '分账时间',
  '分账发起方',
  '分账方',
  '微信订单号',
  '微信分账/回退单号',
  '微信分账明细单号',
  '商户分账/回退单号',
  '订单金额(元)',
  '分账接收方',
  '金额(元)',
  '业务类型',
  '处理状态',
  '分账描述',
  '备注',
] as const;
export type SplitBillColumn = (typeof SPLIT_BILL_COLUMNS)[number];

export const SPLIT_SUMMARY_COLUMNS = [
  '总条数',
  '分账总笔数',
  '分账总金额',
  '回退总笔数',
  '回退总金额',
] as const;

/** Values that may hold anything a merchant typed, commas and backticks too. */
export const FREE_TEXT_COLUMNS: readonly string[] = ['商品名称', '商户数据包', '备注', '分账描述'];

export function billHeader(columns: readonly string[]): string {
  return columns.join(',') + END;
}

export function billRow(values: readonly string[]): string {
  return `\`${values.map(oneLine).join(BILL_SEPARATOR)}${END}`;
}

/** A line break in a name would break the file; the other characters stay as they are. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

/** Fees are charged in whole fen and written with five decimals: `600n` → `6.00000`. */
export function feeText(fee: bigint): string {
  return `${toYuan(fee)}000`;
}

/** The values of a row; undefined when it is no row of such a file. */
export function splitBillRow(line: string): string[] | undefined {
  if (!line.startsWith('`')) return undefined;
  return line.slice(1).split(BILL_SEPARATOR);
}

/** Characters of an amount whose thousandths of a fen are below 2^53. */
const SHORT = 10;
const DECIMALS = 5;
const DOT = 46;
const ZERO = 48;
const MINUS = 45;

/** The same without a pattern: it is asked for several times in every line. */
function shortThousandths(text: string): bigint | undefined {
  const negative = text.charCodeAt(0) === MINUS;
  const first = negative ? 1 : 0;
  let value = 0;
  let dot = -1;
  for (let at = first; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT && dot < 0 && at > first) dot = at;
    else if (code < ZERO || code > ZERO + 9) return undefined;
    else value = value * 10 + (code - ZERO);
  }
  const decimals = dot < 0 ? 0 : text.length - 1 - dot;
  if (text.length === first || decimals > DECIMALS || (dot >= 0 && decimals === 0)) {
    return undefined;
  }
  const scaled = value * 10 ** (DECIMALS - decimals);
  return BigInt(negative ? -scaled : scaled);
}

/**
 * Yuan with up to five decimals → thousandths of a fen, exact; undefined when it is no such number.
 */
export function thousandths(text: string): bigint | undefined {
  // Most cells of a bill, and nearly all others: small enough to be exact as a number.
  if (text === '0.00') return 0n;
  if (text.length <= SHORT) return shortThousandths(text);
  const match = /^(-?\d{1,12})(?:\.(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const [, whole = '0', fraction = ''] = match;
  const yuan = BigInt(whole) * 100_000n;
  const rest = BigInt(fraction.padEnd(5, '0') || '0');
  return whole.startsWith('-') ? yuan - rest : yuan + rest;
}

/** Thousandths of a fen → fen, half away from zero. */
export function wholeFen(value: bigint): bigint {
  return value < 0n ? -((500n - value) / 1000n) : (value + 500n) / 1000n;
}

/** Counts are written as decimals at times: `45.0`. */
export function countOf(text: string): number | undefined {
  const fen = fromYuan(text);
  if (fen === undefined || fen < 0n || fen % 100n !== 0n) return undefined;
  return Number.parseInt((fen / 100n).toString(), 10);
}
