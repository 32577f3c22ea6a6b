import { shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import {
  ACCOUNT_COLUMNS,
  ACCOUNT_SUMMARY_COLUMNS,
  accountTotals,
  csvHeader,
  csvRow,
  endOfList,
  exportedAt,
  heading,
} from '../../../protocols/alipay/bills.ts';
import type { FundEntry } from '../../funds.ts';
import type { Alipay } from '../books.ts';
import type { Wanted } from './wanted.ts';

/** The account bill: every movement, the newest first, with what was left after it. */

/** 14 digits and more, unique at the wallet. */
export function logNumber({ sequence }: FundEntry): string {
  return `546${sequence.toString().padStart(11, '0')}`;
}

export function otherAccount(alipay: Alipay, entry: FundEntry): string {
  const trade = alipay.by_trade_no.get(entry.business_no);
  const buyer = alipay.buyers.get(trade?.buyer ?? '');
  return buyer ? `*${buyer.person.name.zh.slice(1)}(${buyer.logon_id})` : '';
}

function values(alipay: Alipay, entry: FundEntry): string[] {
  const { direction, amount, type, note } = entry;
  const trade = alipay.by_trade_no.get(entry.business_no);
  return [
    logNumber(entry),
    entry.business_no,
    trade?.out_trade_no ?? entry.reference,
    trade?.subject ?? '',
    shanghaiStamp(new Date(entry.at)),
    otherAccount(alipay, entry),
    toYuan(direction === 'in' ? amount : 0n),
    toYuan(direction === 'out' ? -amount : 0n),
    toYuan(entry.balance),
    '支付宝',
    type,
    note,
  ];
}

export function* accountDetail(
  alipay: Alipay,
  wanted: Wanted,
  made: { entries: readonly FundEntry[]; made_at: string },
): Generator<string, void, undefined> {
  const about = { ...wanted, part: '明细' } as const;
  yield heading(about) + csvHeader(ACCOUNT_COLUMNS);
  const sums = { in: { count: 0, amount: 0n }, out: { count: 0, amount: 0n } };
  for (let index = made.entries.length - 1; index >= 0; index -= 1) {
    const entry = made.entries[index];
    if (!entry) continue;
    sums[entry.direction].count += 1;
    sums[entry.direction].amount += entry.amount;
    yield csvRow(ACCOUNT_COLUMNS, values(alipay, entry));
  }
  yield endOfList(about) + accountTotals(sums) + exportedAt(made.made_at);
}

/** A line for each kind of business, and one for all. */
export function* accountSummary(
  wanted: Wanted,
  made: { entries: readonly FundEntry[]; made_at: string },
): Generator<string, void, undefined> {
  const about = { ...wanted, part: '汇总' } as const;
  const kinds = new Map<string, { in: bigint[]; out: bigint[] }>();
  for (const entry of made.entries) {
    for (const name of [entry.type, '合计']) {
      const kind = kinds.get(name) ?? { in: [], out: [] };
      kind[entry.direction].push(entry.amount);
      kinds.set(name, kind);
    }
  }
  const all = kinds.get('合计') ?? { in: [], out: [] };
  kinds.delete('合计');
  yield heading(about) + csvHeader(ACCOUNT_SUMMARY_COLUMNS);
  for (const [name, kind] of [...kinds, ['合计', all] as const]) {
    const received = sum(kind.in);
    const paid = sum(kind.out);
    yield csvRow(ACCOUNT_SUMMARY_COLUMNS, [
      name,
      `${kind.in.length}`,
      toYuan(received),
      `${kind.out.length}`,
      toYuan(-paid),
      toYuan(received - paid),
    ]);
  }
  yield endOfList(about) + exportedAt(made.made_at);
}

const sum = (amounts: readonly bigint[]) => amounts.reduce((all, amount) => all + amount, 0n);
