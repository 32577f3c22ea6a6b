import {
  FUND_SUMMARY_COLUMNS,
  SELLER_COLUMN,
  SPLIT_SUMMARY_COLUMNS,
  TRADE_SUMMARY_COLUMNS,
  thousandths,
  wholeFen,
} from '../../../protocols/wechat-pay/bills.ts';
import { type BillRow, shanghaiDate, type TextLine } from '../../products/bill-files.ts';
import type { FundLine, PaymentLine, SplitLine } from '../../products/bills.ts';
import { add, billRows, type Layout, type Sums } from './table.ts';

/** The rows of WeChat Pay's bills in the hub's words, yuan to fen by whole numbers alone. */
const TRADE: Layout = {
  name: 'trade bill',
  required: ['交易时间', '微信订单号', '商户订单号', '交易状态', '应结订单金额', '手续费'],
  totals: TRADE_SUMMARY_COLUMNS,
};

const FUND: Layout = {
  name: 'fund-flow bill',
  required: ['记账时间', '资金流水单号', '业务类型', '收支类型', '收支金额(元)', '账户结余(元)'],
  totals: FUND_SUMMARY_COLUMNS,
};

const SPLIT: Layout = {
  name: 'profit-sharing bill',
  required: ['分账时间', '微信订单号', '微信分账/回退单号', '分账接收方', '金额(元)', '业务类型'],
  totals: SPLIT_SUMMARY_COLUMNS,
};

/** Yuan that must be whole fen. */
function fen(text: string): bigint | undefined {
  const value = thousandths(text);
  return value === undefined || value % 1000n !== 0n ? undefined : value / 1000n;
}

function money(row: BillRow, column: string): bigint {
  return row.readOr(column, fen, 0n);
}

/** Numbers that do not apply are written as `0`. */
function number(row: BillRow, column: string): string | undefined {
  const text = row.optional(column);
  return text === '0' ? undefined : text;
}

export async function* paymentLines(
  lines: AsyncIterable<TextLine>,
): AsyncGenerator<PaymentLine, void, undefined> {
  const sums: Sums = new Map();
  for await (const row of billRows(lines, TRADE, sums)) {
    const fee = row.read('手续费', thousandths);
    add(sums, '总交易单数', 1n);
    add(sums, '手续费总金额', fee);
    add(sums, '应结订单总金额', money(row, '应结订单金额') * 1000n);
    add(sums, '退款总金额', money(row, '退款金额') * 1000n);
    add(sums, '充值券退款总金额', money(row, '充值券退款金额') * 1000n);
    add(sums, '订单总金额', money(row, '订单金额') * 1000n);
    add(sums, '申请退款总金额', money(row, '申请退款金额') * 1000n);
    yield paymentLine(row, wholeFen(fee));
  }
}

function paymentLine(row: BillRow, fee: bigint): PaymentLine {
  const state = row.text('交易状态');
  const wallet_refund_id = number(row, '微信退款单号');
  const refund_reference = number(row, '商户退款单号');
  const isRefund = state === 'REFUND' || state === 'REVOKED' || wallet_refund_id !== undefined;
  const settled = money(row, isRefund ? '退款金额' : '应结订单金额');
  const amount = row.readOr(isRefund ? '申请退款金额' : '订单金额', fen, settled);
  if (amount < 0n || settled < 0n) throw row.error('an amount is negative');
  const cash = money(row, isRefund ? '充值券退款金额' : '代金券金额');
  const sub_merchant = number(row, '特约商户号');
  const at = row.read('交易时间', shanghaiDate);
  const refund_state = row.optional('退款状态');
  return {
    kind: isRefund ? 'refund' : 'payment',
    line: row.line,
    wallet_reference: row.text('商户订单号'),
    wallet_transaction_id: row.text('微信订单号'),
    ...(refund_reference === undefined ? {} : { refund_reference }),
    ...(wallet_refund_id === undefined ? {} : { wallet_refund_id }),
    ...(sub_merchant === undefined ? {} : { sub_merchant }),
    amount,
    fee,
    coupons: amount - settled + cash,
    at: isRefund ? row.readOr('退款申请时间', shanghaiDate, at) : at,
    state: isRefund ? (refund_state ?? state) : state,
    ...(isRefund && (refund_state ?? 'SUCCESS') !== 'SUCCESS' ? { unfinished: true } : {}),
  };
}

export async function* fundLines(
  lines: AsyncIterable<TextLine>,
): AsyncGenerator<FundLine, void, undefined> {
  const sums: Sums = new Map();
  for await (const row of billRows(lines, FUND, sums)) {
    const line = fundLine(row);
    const side = line.direction === 'in' ? '收入' : '支出';
    add(sums, '资金流水总笔数', 1n);
    add(sums, `${side}笔数`, 1n);
    add(sums, `${side}金额`, line.amount * 1000n);
    yield line;
  }
}

const DIRECTIONS: ReadonlyMap<string, FundLine['direction']> = new Map([
  ['收入', 'in'],
  ['支出', 'out'],
] as const);

function fundLine(row: BillRow): FundLine {
  const amount = row.read('收支金额(元)', fen);
  if (amount < 0n) throw row.error('an amount is negative');
  const wallet_transaction_id = number(row, '微信支付业务单号');
  const wallet_reference = number(row, '业务凭证号');
  const sub_merchant = row.optional(SELLER_COLUMN);
  const type = row.text('业务类型');
  return {
    kind: 'fund',
    line: row.line,
    entry_id: row.text('资金流水单号'),
    direction: row.read('收支类型', (text) => DIRECTIONS.get(text)),
    amount,
    balance: row.read('账户结余(元)', fen),
    at: row.read('记账时间', shanghaiDate),
    type,
    ...(type.includes('分账') ? { share: true } : {}),
    ...(wallet_transaction_id === undefined ? {} : { wallet_transaction_id }),
    ...(wallet_reference === undefined ? {} : { wallet_reference }),
    ...(sub_merchant === undefined ? {} : { sub_merchant }),
    note: row.optional('备注') ?? '',
  };
}

export async function* splitLines(
  lines: AsyncIterable<TextLine>,
): AsyncGenerator<SplitLine, void, undefined> {
  const sums: Sums = new Map();
  for await (const row of billRows(lines, SPLIT, sums)) {
    const line = splitLine(row);
    const way = line.kind === 'split' ? '分账' : '回退';
    add(sums, '总条数', 1n);
    add(sums, `${way}总笔数`, 1n);
    add(sums, `${way}总金额`, line.amount * 1000n);
    yield line;
  }
}

function splitLine(row: BillRow): SplitLine {
  const amount = row.read('金额(元)', fen);
  if (amount < 0n) throw row.error('an amount is negative');
  return {
    kind: row.text('业务类型').includes('回退') ? 'split_return' : 'split',
    line: row.line,
    wallet_transaction_id: row.text('微信订单号'),
    wallet_split_id: row.text('微信分账/回退单号'),
    split_reference: row.text('商户分账/回退单号'),
    receiver: row.text('分账接收方'),
    amount,
    at: row.read('分账时间', shanghaiDate),
    state: row.optional('处理状态') ?? '',
  };
}
