import type { App } from '../app.ts';
import { shanghaiTime } from '../clock.ts';
import { assert } from '../errors.ts';
import { toYuan } from '../money.ts';
import { openStatement, readPage, type ShownLine, type StatementAt } from './statement.ts';

/**
 * A statement as CSV (RFC 4180) in UTF-8 with a byte order mark, which Excel wants. Amounts are
 * yuan with two places; the first row is the opening, the last one the closing with the sums of its
 * columns. It is read page by page as fast as it is taken.
 */
const PAGE = 1_000;
const BOM = '\ufeff';
const COLUMNS = [
  'date',
  'time',
  'kind',
  'payment',
  'payout',
  'order_reference',
  'wallet',
  'posting',
  'credit',
  'debit',
  'balance',
];

export async function statementCsv(app: App, at: StatementAt): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  // The first page comes before the answer begins: what fails then is still an error.
  const rows = csvRows(app, at);
  let next = await rows.next();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (next.done) return controller.close();
      controller.enqueue(encoder.encode(next.value));
      next = await rows.next();
    },
    async cancel() {
      await rows.return(undefined);
    },
  });
}

async function* csvRows(app: App, at: StatementAt): AsyncGenerator<string, undefined> {
  let place = await openStatement(app, at);
  const { opening, closing } = place;
  let head =
    BOM + row(COLUMNS) + row([at.from, '', 'opening', '', '', '', '', '', '', '', toYuan(opening)]);
  let [credit, debit] = [0n, 0n];
  for (;;) {
    const page = await readPage(app, at, place, PAGE);
    assert(page.adds_up, `the statement of ${at.merchant_id} from ${at.from} does not add up`);
    for (const { amount } of page.lines) {
      if (amount > 0n) credit += amount;
      else debit -= amount;
    }
    yield head + page.lines.map(lineRow).join('');
    head = '';
    if (!page.next) break;
    place = page.next;
  }
  const sums = [toYuan(credit), toYuan(debit), toYuan(closing)];
  yield row([at.to, '', 'closing', '', '', '', '', '', ...sums]);
}

function lineRow(line: ShownLine): string {
  const [date = '', time = ''] = shanghaiTime(line.at).slice(0, 19).split('T');
  const { kind, payment_id, payout_id, order_reference, wallet, id, amount, balance } = line;
  const sides = amount > 0n ? [toYuan(amount), ''] : ['', toYuan(-amount)];
  const named = [payment_id, payout_id, order_reference, wallet, id].map((text) => text ?? '');
  return row([date, time, kind, ...named, ...sides, toYuan(balance)]);
}

function row(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

const NUMBER = /^-?\d+\.\d\d$/;

/** A text that a spreadsheet would run as a formula is kept as text by an apostrophe before it. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
