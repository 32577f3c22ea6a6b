import { shanghaiStamp } from '../../../clock.ts';
import { BILL_NAMES } from '../../../protocols/alipay/bills.ts';
import type { FundEntry } from '../../funds.ts';
import { type Untruths, untrue } from '../../untrue-bill.ts';
import type { Alipay } from '../books.ts';
import { PURSE } from '../money.ts';
import type { Call } from '../trade/orders.ts';
import { accountDetail, accountSummary } from './account-bill.ts';
import { type Csv, packBill } from './archive.ts';
import { BILL_PATH } from './links.ts';
import {
  type TradeEntry,
  type TradeRow,
  tradeDetail,
  tradeEntries,
  tradeSummary,
} from './trade-bill.ts';
import { noBill, type Wanted, wantedBill } from './wanted.ts';

/**
 * Makes a bill and gives the link to it. The table of totals comes first or last, as chance has it.
 * https://opendocs.alipay.com/open/3c9f1bcf_alipay.data.dataservice.bill.downloadurl.query
 */
export async function billLink(call: Call): Promise<Record<string, unknown>> {
  const { alipay } = call;
  const wanted = wantedBill(call);
  const [detail, summary] =
    wanted.type === 'trade' ? trade(alipay, wanted) : account(alipay, wanted);
  const files = alipay.options.random.integer(2) === 0 ? [detail, summary] : [summary, detail];
  const file_name = `${wanted.account}_${wanted.name}.csv.zip`;
  const fileId = alipay.bill_links.keep(file_name, await packBill(files));
  const query = new URLSearchParams({
    bizType: wanted.type,
    userId: wanted.account,
    fileType: 'csv.zip',
    bizDates: wanted.name,
    downloadFileName: file_name,
    fileId,
  });
  return { bill_download_url: `${alipay.url}${BILL_PATH}?${query.toString()}` };
}

function named(wanted: Wanted, part: '明细' | '明细(汇总)'): string {
  return `${wanted.account}_${wanted.name}_${BILL_NAMES[wanted.type]}${part}.csv`;
}

/** Throws when there is nothing to tell. */
function truly<T>(alipay: Alipay, lines: readonly T[], untruths: Untruths<T>): readonly T[] {
  if (lines.length === 0) throw noBill();
  const { faults } = alipay.options;
  const operation = 'alipay.data.dataservice.bill.downloadurl.query';
  if (!faults.strikes('bill_wrong', { operation })) return lines;
  return untrue(lines, () => faults.random(), untruths);
}

function trade(alipay: Alipay, wanted: Wanted): [Csv, Csv] {
  const entries = truly(alipay, tradeEntries(alipay, wanted), TRADE_UNTRUTHS);
  const made_at = madeAt(alipay);
  return [
    { name: named(wanted, '明细'), pieces: tradeDetail(wanted, entries, made_at) },
    { name: named(wanted, '明细(汇总)'), pieces: tradeSummary(wanted, entries, made_at) },
  ];
}

function account(alipay: Alipay, wanted: Wanted): [Csv, Csv] {
  // An account bill is of one account, a platform's without its sellers'.
  const [holder = ''] = wanted.holders;
  const all = alipay.funds.entries(holder, PURSE, wanted.span);
  const made = { entries: truly(alipay, all, FUND_UNTRUTHS), made_at: madeAt(alipay) };
  return [
    { name: named(wanted, '明细'), pieces: accountDetail(alipay, wanted, made) },
    { name: named(wanted, '明细(汇总)'), pieces: accountSummary(wanted, made) },
  ];
}

const madeAt = ({ options }: Alipay) => shanghaiStamp(options.clock.now());

const TRADE_UNTRUTHS: Untruths<TradeEntry> = {
  invented: (entry) => () => invented(entry()),
  otherAmount: (entry) => () => dearer(entry()),
};

function invented(row: TradeRow): TradeRow {
  const { texts } = row;
  const 支付宝交易号 = otherNumber(texts.支付宝交易号);
  const 商户订单号 = otherNumber(texts.商户订单号);
  return { ...row, texts: { ...texts, 支付宝交易号, 商户订单号 } };
}

function dearer(row: TradeRow): TradeRow {
  return { ...row, order: row.order + 1n, received: row.received + 1n };
}

const FUND_UNTRUTHS: Untruths<FundEntry> = {
  invented: (entry) => ({
    ...entry,
    sequence: entry.sequence + 1_000_000_000,
    business_no: otherNumber(entry.business_no),
    reference: otherNumber(entry.reference),
  }),
  otherAmount: (entry) => ({ ...entry, amount: entry.amount + 1n }),
};

/** The same shape, and nobody's. */
function otherNumber(text = ''): string {
  return `${text.slice(0, -4)}0000`;
}
