import { shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import {
  BILL_BOM,
  billHeader,
  billRow,
  FUND_BILL_COLUMNS,
  FUND_SUMMARY_COLUMNS,
  SELLER_COLUMN,
} from '../../../protocols/wechat-pay/bills.ts';
import type { FundEntry } from '../../funds.ts';

/**
 * The fund-flow bill of one day: every movement of an account in order, with what was left after
 * it. https://pay.weixin.qq.com/doc/v3/merchant/4012791867
 */

/** What is taken with a payment or a refund is booked under its name. */
const NAMES: Readonly<Record<string, string>> = { 扣除交易手续费: '交易' };

/** 28 digits in the shape of the real ones: whose account, which day, which movement. */
function flowNumber(entry: FundEntry): string {
  const day = shanghaiStamp(new Date(entry.at)).slice(0, 10).replaceAll('-', '');
  return `${entry.holder}${day}${entry.sequence.toString().padStart(10, '0')}`;
}

function values(entry: FundEntry): string[] {
  return [
    shanghaiStamp(new Date(entry.at)),
    entry.business_no,
    flowNumber(entry),
    NAMES[entry.type] ?? entry.type,
    entry.type,
    entry.direction === 'in' ? '收入' : '支出',
    toYuan(entry.amount),
    toYuan(entry.balance),
    `${entry.holder}API`,
    entry.note,
    entry.reference,
  ];
}

/** The file, piece by piece; about several sellers each line says whose it is. */
export function* fundFile(
  entries: readonly FundEntry[],
  bySeller = false,
): Generator<string, void, undefined> {
  const columns = bySeller ? [SELLER_COLUMN, ...FUND_BILL_COLUMNS] : FUND_BILL_COLUMNS;
  yield BILL_BOM + billHeader(columns);
  const sums = { in: { count: 0, amount: 0n }, out: { count: 0, amount: 0n } };
  for (const entry of entries) {
    const side = sums[entry.direction];
    side.count += 1;
    side.amount += entry.amount;
    yield billRow(bySeller ? [entry.holder, ...values(entry)] : values(entry));
  }
  yield billHeader(FUND_SUMMARY_COLUMNS);
  yield billRow([
    `${entries.length}.0`,
    `${sums.in.count}.0`,
    toYuan(sums.in.amount),
    `${sums.out.count}.0`,
    toYuan(sums.out.amount),
  ]);
}
