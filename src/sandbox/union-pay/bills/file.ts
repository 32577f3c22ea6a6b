import { deflateSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import {
  dailyFileName,
  encodeSigned,
  encodeZmLine,
} from '../../../protocols/union-pay/daily-file.ts';
import { stamp, TXN } from '../../../protocols/union-pay/transactions.ts';
import type { FaultDial } from '../../faults.ts';
import type { Payment, Return, UnionPay } from '../books.ts';
import { maskedCard } from '../numbers.ts';

/** One clearing day of one merchant as UnionPay files it: a ZIP of `ZM` and `ZME`. */
interface Row {
  readonly at: number;
  readonly line: string;
}

const TRADE_CODES = { pay: 'S22', refund: 'S30', undo: 'S31' } as const;

function common(trade: Payment | Return) {
  return {
    acquirer: '00000000',
    sender: '00000000',
    trace_no: trade.record?.trace_no ?? '',
    time: stamp(new Date(trade.record?.done_at ?? 0)).slice(4),
    amount: trade.amount.toString().padStart(12, '0'),
    merchant_category: '5311',
    terminal_type: '08',
    query_id: trade.record?.query_id ?? '',
    order_id: trade.order_id.slice(0, 32),
    mer_id: trade.mer_id,
    reserved: (trade.req_reserved ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 32),
    account_type: '01',
    medium: '1',
  };
}

function paymentLine(payment: Payment): string {
  const net = encodeSigned(payment.amount - payment.fee);
  return encodeZmLine({
    ...common(payment),
    trade_code: TRADE_CODES.pay,
    account: maskedCard(payment.payer ?? ''),
    fee: encodeSigned(-payment.fee),
    settled: net,
    net,
    txn_type: TXN.pay,
    txn_sub_type: payment.txn_sub_type,
    biz_type: payment.biz_type,
    pay_type: '0001',
    card_type: '01',
    terminal: payment.term_id ?? '',
  });
}

function returnLine(made: Return, payment: Payment | undefined): string {
  const net = encodeSigned(made.fee - made.amount);
  return encodeZmLine({
    ...common(made),
    trade_code: TRADE_CODES[made.kind],
    account: maskedCard(payment?.payer ?? ''),
    fee: encodeSigned(made.fee),
    settled: net,
    net,
    txn_type: made.kind === 'refund' ? TXN.refund : TXN.undo,
    txn_sub_type: '00',
    biz_type: payment?.biz_type ?? '000000',
    orig_trace_no: payment?.record?.trace_no ?? '',
    orig_time: payment ? payment.txn_time.slice(4) : '',
    orig_query_id: payment?.record?.query_id ?? '',
    orig_order_id: (payment?.order_id ?? '').slice(0, 32),
  });
}

/** Trades of the day in order of time; what was reversed never cleared. */
function rowsOf(union: UnionPay, mer_id: string, date: string): Row[] {
  const rows: Row[] = [];
  for (const payment of union.payments.values()) {
    const { record } = payment;
    if (payment.mer_id !== mer_id || payment.state !== 'paid' || !record) continue;
    if (record.settle_date === date) rows.push({ at: record.done_at, line: paymentLine(payment) });
  }
  for (const made of union.returns.values()) {
    if (made.mer_id !== mer_id || made.state !== 'done') continue;
    if (made.record.settle_date !== date) continue;
    const line = returnLine(made, union.payments.get(made.original));
    rows.push({ at: made.record.done_at, line });
  }
  return rows.sort((a, b) => a.at - b.at);
}

/** `bill_wrong`: a line too few, one twice, or one with another amount. */
function spoil(faults: FaultDial, lines: readonly string[]): readonly string[] {
  const [first] = lines;
  if (first === undefined || !faults.strikes('bill_wrong')) return lines;
  const kind = Math.floor(faults.random() * 3);
  if (kind === 0) return lines.slice(1);
  if (kind === 1) return [first, ...lines];
  return [
    first.replace(/ (\d{11})(\d) /, (_all, head, last) => ` ${head}${(+last + 1) % 10} `),
  ].concat(lines.slice(1));
}

export interface DailyFile {
  readonly name: string;
  /** Base64 of the deflated ZIP, as messages carry it. */
  readonly content: string;
}

export function dailyFile(union: UnionPay, mer_id: string, date: string): DailyFile {
  const rows = rowsOf(union, mer_id, date).map(({ line }) => line);
  const lines = spoil(union.options.faults, rows);
  const text = lines.map((line) => `${line}\r\n`).join('');
  const zip = zipSync({
    [dailyFileName(date, 'ZM', mer_id)]: strToU8(text),
    [dailyFileName(date, 'ZME', mer_id)]: strToU8(''),
  });
  return {
    name: `${mer_id}_${date.replaceAll('-', '')}.zip`,
    content: deflateSync(zip).toString('base64'),
  };
}
