import { type BusinessDate, shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import {
  BILL_BOM,
  billHeader,
  billRow,
  SPLIT_BILL_COLUMNS,
  SPLIT_SUMMARY_COLUMNS,
  type SplitBillColumn,
} from '../../../protocols/wechat-pay/bills.ts';
import { spanOfDay } from '../../days.ts';
import type { SandboxContext } from '../context.ts';
import { BASIC } from '../money.ts';

/**
 * The profit-sharing bill of one day: what went to receivers and what came back from them, found
 * by the movements of the sellers' accounts. Refused parts are not in it.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012529628
 */
export interface SplitBillLine {
  readonly returned: boolean;
  readonly amount: bigint;
  readonly texts: Readonly<Partial<Record<SplitBillColumn, string>>>;
}

export function splitLines(
  context: SandboxContext,
  wanted: { mchid: string; holders: readonly string[]; date: BusinessDate },
): SplitBillLine[] {
  const { mchid, holders, date } = wanted;
  const lines: SplitBillLine[] = [];
  for (const holder of holders) {
    const seen = new Set<string>();
    for (const entry of context.funds.entries(holder, BASIC, spanOfDay(date))) {
      if (entry.type === '分账' && entry.direction === 'out' && !seen.has(entry.business_no)) {
        seen.add(entry.business_no);
        lines.push(...partsOf(context, entry.business_no, holder));
      } else if (entry.type === '分账回退' && entry.direction === 'in') {
        lines.push(...returnOf(context, mchid, entry.reference));
      }
    }
  }
  return lines;
}

function totalOf(context: SandboxContext, transaction_id: string): string {
  return toYuan(context.books.orderOfTransaction(transaction_id)?.total ?? 0n);
}

function partsOf(context: SandboxContext, order_id: string, holder: string): SplitBillLine[] {
  const split = context.sharing.splitOfId(order_id);
  if (!split) return [];
  const given = split.parts.filter(
    ({ result, rest, account }) => result === 'SUCCESS' && !rest && account !== holder,
  );
  return given.map((part) => ({
    returned: false,
    amount: part.amount,
    texts: {
      分账时间: shanghaiStamp(new Date(part.finished_at ?? split.created_at)),
      分账发起方: split.mchid,
      分账方: holder,
      微信订单号: split.transaction_id,
      '微信分账/回退单号': split.order_id,
      微信分账明细单号: part.detail_id,
      '商户分账/回退单号': split.out_order_no,
      '订单金额(元)': totalOf(context, split.transaction_id),
      分账接收方: part.account,
      业务类型: '分账',
      处理状态: '成功',
      分账描述: part.description,
    },
  }));
}

function returnOf(context: SandboxContext, mchid: string, out_return_no: string): SplitBillLine[] {
  const record = context.sharing.return(mchid, out_return_no);
  if (record?.result !== 'SUCCESS') return [];
  return [
    {
      returned: true,
      amount: record.amount,
      texts: {
        分账时间: shanghaiStamp(new Date(record.finished_at ?? record.created_at)),
        分账发起方: record.mchid,
        分账方: record.sub_mchid ?? record.mchid,
        微信订单号: record.transaction_id,
        '微信分账/回退单号': record.return_id,
        微信分账明细单号: record.detail_id,
        '商户分账/回退单号': record.out_return_no,
        '订单金额(元)': totalOf(context, record.transaction_id),
        分账接收方: record.return_mchid,
        业务类型: '分账回退',
        处理状态: '成功',
        分账描述: record.description,
      },
    },
  ];
}

/** The file, piece by piece. */
export function* splitFile(lines: readonly SplitBillLine[]): Generator<string, void, undefined> {
  yield BILL_BOM + billHeader(SPLIT_BILL_COLUMNS);
  const sums = { split: { count: 0, amount: 0n }, returned: { count: 0, amount: 0n } };
  for (const line of lines) {
    const side = line.returned ? sums.returned : sums.split;
    side.count += 1;
    side.amount += line.amount;
    const texts = { ...line.texts, '金额(元)': toYuan(line.amount) };
    yield billRow(SPLIT_BILL_COLUMNS.map((column) => texts[column] ?? ''));
  }
  yield billHeader(SPLIT_SUMMARY_COLUMNS);
  yield billRow([
    `${lines.length}`,
    `${sums.split.count}`,
    toYuan(sums.split.amount),
    `${sums.returned.count}`,
    toYuan(sums.returned.amount),
  ]);
}
