import { toYuan } from '../money.ts';
import type { FundsReport, Report, Side, Sum } from './bill.ts';
import type { Break } from './breaks/break.ts';

/** The close of a day for a terminal: yuan, right-aligned, every line what the API says. */
const WIDTHS = [12, 8, 16, 16, 14, 12];

export function reportText(report: Report, open: readonly Break[]): string {
  const { payments, refunds, fees, net } = report;
  const rows = [
    ['', 'lines', 'bill', 'books', 'breaks', 'difference'],
    rowOf('payments', payments),
    rowOf('refunds', refunds),
    [
      'fees',
      '',
      yuan(fees.bill),
      yuan(fees.estimated + fees.corrected),
      yuan(fees.unbooked),
      yuan(fees.difference),
    ],
    ...(report.splits ? [rowOf('splits', report.splits)] : []),
    ...(report.payouts ? [rowOf('payouts', report.payouts)] : []),
    ['net', '', yuan(net.bill), yuan(net.books), yuan(net.breaks), yuan(net.difference)],
  ];
  const lines = rows.map(aligned);
  lines.push(`fees estimated ${yuan(fees.estimated)}, corrected by ${yuan(fees.corrected)}`);
  if (report.completed > 0) lines.push(`completed by this bill: ${report.completed}`);
  if (report.funds) lines.push(...fundsLines(report.funds));
  for (const { bill, why } of report.not_compared) lines.push(`not compared: ${bill}: ${why}`);
  for (const { kind, count, amount } of report.breaks) {
    lines.push(`${kind}: ${count}, ${yuan(amount)}`);
  }
  lines.push(open.length === 0 ? 'no open breaks' : `open breaks: ${open.length}`);
  lines.push(...open.map(breakLine));
  return lines.map((line) => `  ${line}\n`).join('');
}

function rowOf(name: string, { bill, books, breaks, difference }: Side): string[] {
  const count = String(bill.count);
  const amounts = [bill.amount, books.amount, breaks.amount, difference].map(yuan);
  return [name, count, ...amounts];
}

function aligned(cells: readonly string[]): string {
  return cells
    .map((cell, at) => (at === 0 ? cell.padEnd(WIDTHS[0] ?? 0) : cell.padStart(WIDTHS[at] ?? 0)))
    .join('');
}

function yuan(fen: number): string {
  return toYuan(BigInt(fen));
}

function fundsLines(funds: FundsReport): string[] {
  const flow = ({ count, amount }: Sum) => `${yuan(amount)} (${count})`;
  return [
    `account: ${yuan(funds.opening)} + ${flow(funds.in)} − ${flow(funds.out)} = ` +
      yuan(funds.closing),
    `of it these payments: ${yuan(funds.traded)}, expected ${yuan(funds.expected)}`,
    ...funds.other.map((each) => `${each.type}: in ${flow(each.in)}, out ${flow(each.out)}`),
  ];
}

function breakLine({ id, kind, about, subject, amount }: Break): string {
  const size = amount === null ? '' : ` ${toYuan(amount)}`;
  return `${id} ${kind} ${about} ${subject}${size}`;
}
