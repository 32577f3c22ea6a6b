import {
  countOf,
  FREE_TEXT_COLUMNS,
  splitBillRow,
  thousandths,
} from '../../../protocols/wechat-pay/bills.ts';
import { type BillRow, BillTable, joinFreeText, type TextLine } from '../../products/bill-files.ts';
import { BillError } from '../../products/bills.ts';

/**
 * The frame of every WeChat Pay bill: a header, rows, the header of the totals, their row. A file
 * that ends before its totals was cut off.
 */
export interface Layout {
  /** What it is, for people: `trade bill`. */
  readonly name: string;
  readonly required: readonly string[];
  /** Columns of the totals; the first one tells their header from a row. */
  readonly totals: readonly string[];
}

/** Sums of the rows under the names of the totals: counts as they are, money in 1/1000 fen. */
export type Sums = Map<string, bigint>;

/** Columns of totals that count lines; all others are money. */
const COUNT = /(?:笔数|单数|条数)$/;

export function add(sums: Sums, name: string, value: bigint): void {
  // Most amounts of a line are 0.
  if (value !== 0n) sums.set(name, (sums.get(name) ?? 0n) + value);
}

/** Rows of the file; `sums` is what the caller adds up meanwhile, checked against the totals. */
export async function* billRows(
  lines: AsyncIterable<TextLine>,
  layout: Layout,
  sums: Sums,
): AsyncGenerator<BillRow, void, undefined> {
  let table: BillTable | undefined;
  let totals: BillTable | undefined;
  let done = false;
  let last = 0;
  for await (const line of lines) {
    last = line.number;
    if (done) throw new BillError(line.number, 'comes after the totals');
    const cells = splitBillRow(line.text);
    if (totals) {
      if (!cells) throw new BillError(line.number, 'should be the totals');
      checkTotals(totals.row(line.number, cells), layout, sums);
      done = true;
    } else if (!table) {
      table = new BillTable(line, joinFreeText(freeText(line)));
      table.require(layout.required, line.number);
    } else if (cells) {
      yield table.row(line.number, cells);
    } else {
      totals = new BillTable(line, () => undefined);
      if (!totals.has(layout.totals[0] ?? '')) {
        throw new BillError(line.number, `is neither a row of a ${layout.name} nor its totals`);
      }
    }
  }
  if (!done) throw new BillError(last, `the ${layout.name} ends before its totals`);
}

/** Only columns that are side by side can be told apart from the rest. */
function freeText(header: TextLine): string[] {
  const names = header.text.split(',').map((name) => name.trim());
  return FREE_TEXT_COLUMNS.filter((column) => names.includes(column));
}

function checkTotals(row: BillRow, layout: Layout, sums: Sums): void {
  for (const name of layout.totals) {
    if (row.optional(name) === undefined) continue;
    const parse = (text: string) => {
      if (!COUNT.test(name)) return thousandths(text);
      const count = countOf(text);
      return count === undefined ? undefined : BigInt(count);
    };
    const stated = row.read(name, parse);
    const found = sums.get(name) ?? 0n;
    if (stated !== found) {
      throw row.error(`${name} is ${row.text(name)}, the lines give ${shown(name, found)}`);
    }
  }
}

function shown(name: string, value: bigint): string {
  if (COUNT.test(name)) return value.toString();
  const digits = (value < 0n ? -value : value).toString().padStart(6, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -5)}.${digits.slice(-5)}`;
}
