import { BILL_NAMES, type BillType } from '../../../protocols/alipay/bills.ts';
import { archiveOf, type TextLine } from '../../products/bill-files.ts';
import {
  BillError,
  type BillLine,
  type BillOutcome,
  type Bills,
  type WantedBill,
} from '../../products/bills.ts';
import { streamedBill } from '../../products/streamed-bill.ts';
import type { Refused } from '../../wallet.ts';
import { type AlipayAccount, openAccount } from '../account.ts';
import { type Gateway, type GatewayAnswer, refusedBy, undecided } from '../gateway.ts';
import { openArchive, type Table } from './archive.ts';
import { ACCOUNT_LOG, BILL_LINK } from './calls.ts';
import { fetchFile } from './download.ts';
import { countsOf, fundLines, type Meant, paymentLines } from './lines.ts';

/**
 * Daily bills. The wallet has one word for a day without business and for a bill that is not made
 * yet, so a day over which nothing seems to have happened is looked up in the account's log.
 * https://opendocs.alipay.com/open/3c9f1bcf_alipay.data.dataservice.bill.downloadurl.query
 */
export function bills(gateway: Gateway): Bills {
  return {
    kinds: ['payments', 'funds'],
    ready_at: '10:00',
    refunds_by: 'completed',
    funds_order: 'newest_first',
    fetch: (account, bill) => fetchBill(gateway, openAccount(account), bill),
    read: (account, { kind, date }, file) => {
      const type = kind === 'payments' || kind === 'funds' ? TYPES[kind] : undefined;
      if (type === undefined) throw new BillError(0, `Alipay has no bill of ${kind}`);
      const meant = { date, account: openAccount(account).seller_id };
      return streamedBill({ kind, date }, () => linesOf(archiveOf(file), type, meant));
    },
  };
}

const TYPES = { payments: 'trade', funds: 'signcustomer' } as const;
const NO_BILL = 'isp.bill_not_exist';

function notOffered(message: string): Refused {
  const trace = { operation: BILL_LINK, duration_ms: 0, request: {} };
  return { kind: 'refused', code: 'invalid_request', message, trace };
}

async function fetchBill(
  gateway: Gateway,
  account: AlipayAccount,
  bill: WantedBill,
): Promise<BillOutcome> {
  const { kind, date, sub_merchant } = bill;
  if (kind !== 'payments' && kind !== 'funds') return notOffered(`Alipay has no bill of ${kind}.`);
  if (bill.purse !== undefined && bill.purse !== 'main') {
    return notOffered('An Alipay account has one purse.');
  }
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return notOffered('A bill is of one day, YYYY-MM-DD.');
  const asked = await gateway.call(account, {
    method: BILL_LINK,
    biz_content: {
      bill_type: TYPES[kind],
      bill_date: date,
      ...(sub_merchant !== undefined && { smid: sub_merchant }),
    },
  });
  if (asked.kind !== 'answered') return undecided(asked);
  if (asked.sub_code === NO_BILL) return noBill(gateway, account, { bill, asked });
  if (asked.code !== '10000') return refusedBy(asked);
  const link = asked.value['bill_download_url'];
  if (typeof link !== 'string') {
    return { kind: 'unknown', cause: 'the answer has no link', trace: asked.trace };
  }
  const file = await fetchFile(gateway, account, { link, trace: asked.trace });
  if (file.kind !== 'file') return file;
  const meant = { date, account: sub_merchant === undefined ? account.seller_id : undefined };
  const read = () => linesOf(file.bytes, TYPES[kind], meant);
  return { kind: 'bill', bill: streamedBill({ kind, date }, read), trace: file.trace };
}

type Answered = Extract<GatewayAnswer, { kind: 'answered' }>;

/**
 * Empty only when the day is over, bills of it are made and the account's log has nothing of it. A
 * seller's log cannot be asked for, nor one without the right to it: the wallet is believed then.
 */
async function noBill(
  gateway: Gateway,
  account: AlipayAccount,
  { bill, asked }: { bill: WantedBill; asked: Answered },
): Promise<BillOutcome> {
  const { date } = bill;
  const { trace } = asked;
  const start = Date.parse(`${date}T00:00:00+08:00`);
  const asked_at = bill.asked_at ?? gateway.real();
  if (asked_at.getTime() < start + (24 + 10) * 3_600_000) return { kind: 'not_ready', trace };
  if (bill.sub_merchant !== undefined) return { kind: 'empty', trace };
  const log = await gateway.call(account, {
    method: ACCOUNT_LOG,
    biz_content: {
      start_time: `${date} 00:00:00`,
      end_time: `${nextDay(date)} 00:00:00`,
      page_no: '1',
      page_size: '1000',
    },
  });
  if (log.kind !== 'answered') return undecided(log);
  if (log.code === '40006') return { kind: 'empty', trace: log.trace };
  if (log.code !== '10000') return refusedBy(log);
  const entries: unknown = log.value['detail_list'];
  const due = Array.isArray(entries) && entries.some((entry) => belongs(bill.kind, entry));
  return { kind: due ? 'not_ready' : 'empty', trace: log.trace };
}

/** Types of entries that no bill of trades has: a day of transfers alone has no such bill. */
const NO_TRADES: readonly unknown[] = ['转账', '转账退回', '提现', '充值', '分账', '分账退款'];

function belongs(kind: WantedBill['kind'], entry: unknown): boolean {
  const type = typeof entry === 'object' && entry !== null && 'type' in entry ? entry.type : '';
  return kind !== 'payments' || !NO_TRADES.includes(type);
}

function nextDay(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/** Reads the archive: the table of totals first, wherever it stands, then every table of lines. */
export async function* linesOf(
  file: Buffer,
  type: BillType,
  meant: Meant,
): AsyncGenerator<BillLine, void, undefined> {
  const tables = await openArchive(file);
  const titled = (part: string) =>
    tables.filter(({ title }) => title.replace(/\s/g, '').startsWith(titleOf(type, part)));
  const details = titled('明细');
  if (details.length === 0) throw new BillError(0, `there is no ${titleOf(type, '明细')} inside`);
  const counts = type === 'trade' ? await countsIn(titled('汇总')) : undefined;
  const found = { payments: 0, refunds: 0 };
  const read = type === 'trade' ? paymentLines : fundLines;
  for (const table of details) {
    for await (const line of read(table.lines(), meant)) {
      if (line.kind === 'payment') found.payments += 1;
      if (line.kind === 'refund') found.refunds += 1;
      yield line;
    }
  }
  const same = counts?.payments === found.payments && counts.refunds === found.refunds;
  if (counts && !same) {
    const stated = `${counts.payments} payments and ${counts.refunds} refunds`;
    const gave = `${found.payments} and ${found.refunds}`;
    throw new BillError(0, `the totals count ${stated}, the lines give ${gave}`);
  }
}

function titleOf(type: BillType, part: string): string {
  return `#支付宝${BILL_NAMES[type]}${part}查询`;
}

async function countsIn(
  tables: readonly Table[],
): Promise<{ payments: number; refunds: number } | undefined> {
  const table = tables[0];
  if (!table || tables.length > 1) return undefined;
  const lines: AsyncIterable<TextLine> = table.lines();
  return countsOf(lines);
}
