import { fromYuan } from '../../../money.ts';
import { readAccount, readFirstDay, readTotal } from '../../../protocols/alipay/bills.ts';
import { type BillRow, BillTable, shanghaiDate, type TextLine } from '../../products/bill-files.ts';
import { BillError, type FundLine, type PaymentLine } from '../../products/bills.ts';

/**
 * The lines of Alipay's bills in the hub's words: `#` lines around a header and rows, totals after
 * them. A file without its totals was cut off.
 */
export interface Meant {
  /** Business date that the file must begin with. */
  readonly date: string;
  /** Start of the account's number; undefined where the file is a seller's. */
  readonly account: string | undefined;
}

interface Total {
  count: number;
  amount: bigint;
}

interface Frame {
  readonly required: readonly string[];
  /** Name of a total to what the rows gave. */
  readonly totals: ReadonlyMap<string, Total>;
}

const TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;

/**
 * Commas inside the goods' name stand before the first time of a row, those inside the note at its
 * very end.
 */
function mend(cells: readonly string[], table: BillTable): string[] | undefined {
  const name = table.indexOf('商品名称');
  const time = table.indexOf('创建时间') ?? table.indexOf('发生时间');
  if (name === undefined || time !== name + 1) return undefined;
  const found = cells.findIndex((cell, index) => index > name && TIME.test(cell));
  if (found < 0) return undefined;
  const named = [
    ...cells.slice(0, name),
    cells.slice(name, found).join(','),
    ...cells.slice(found),
  ];
  const last = table.width - 1;
  return named.length <= table.width
    ? named
    : [...named.slice(0, last), named.slice(last).join(',')];
}

async function* rowsOf(
  lines: AsyncIterable<TextLine>,
  frame: Frame,
  meant: Meant,
): AsyncGenerator<BillRow, void, undefined> {
  let table: BillTable | undefined;
  let last = 0;
  const checked = new Set<string>();
  for await (const line of lines) {
    last = line.number;
    if (line.text.startsWith('#')) {
      checkHeading(line, meant);
      const name = checkTotal(line, frame);
      if (name !== undefined) checked.add(name);
    } else if (!table) {
      table = new BillTable(line, mend);
      table.require(frame.required, line.number);
    } else if (checked.size > 0) {
      throw new BillError(line.number, 'comes after the totals');
    } else yield table.row(line.number, line.text.split(','));
  }
  const missing = [...frame.totals.keys()].filter((name) => !checked.has(name));
  if (!table || missing.length > 0) throw new BillError(last, 'the bill ends before its totals');
}

function checkHeading(line: TextLine, meant: Meant): void {
  const day = readFirstDay(line.text);
  if (day !== undefined && day !== meant.date) {
    throw new BillError(line.number, `is about ${day}, not ${meant.date}`);
  }
  const account = readAccount(line.text);
  if (account !== undefined && meant.account !== undefined && !account.startsWith(meant.account)) {
    throw new BillError(line.number, 'is about another account');
  }
}

/** The name of the total that this line states; throws when the rows give another. */
function checkTotal(line: TextLine, frame: Frame): string | undefined {
  const stated = readTotal(line.text);
  const found = stated && frame.totals.get(stated.name);
  if (!stated || !found) return undefined;
  const amount = stated.amount < 0n ? -stated.amount : stated.amount;
  if (stated.count !== found.count || amount !== found.amount) {
    const gave = `the lines give ${found.count} and ${found.amount} fen`;
    throw new BillError(line.number, `${line.text.slice(1, 60)}: ${gave}`);
  }
  return stated.name;
}

function absolute(row: BillRow, column: string): bigint {
  const value = row.readOr(column, fromYuan, 0n);
  return value < 0n ? -value : value;
}

const COUPONS = [
  '支付宝红包（元）',
  '集分宝（元）',
  '支付宝优惠（元）',
  '商家优惠（元）',
  '券核销金额（元）',
  '商家红包消费金额（元）',
];

export async function* paymentLines(
  lines: AsyncIterable<TextLine>,
  meant: Meant,
): AsyncGenerator<PaymentLine, void, undefined> {
  const payments = { count: 0, amount: 0n };
  const refunds = { count: 0, amount: 0n };
  const frame: Frame = {
    required: [
      '支付宝交易号',
      '商户订单号',
      '业务类型',
      '完成时间',
      '订单金额(元)',
      '商家实收(元)',
    ],
    totals: new Map([
      ['交易', payments],
      ['退款', refunds],
    ]),
  };
  for await (const row of rowsOf(lines, frame, meant)) {
    const line = paymentLine(row);
    const total = line.kind === 'payment' ? payments : refunds;
    total.count += 1;
    total.amount += absolute(row, '商家实收(元)');
    yield line;
  }
}

function paymentLine(row: BillRow): PaymentLine {
  const state = row.text('业务类型');
  const signed = row.read('订单金额(元)', fromYuan);
  const isRefund = state.includes('退款') || signed < 0n;
  const fee = absolute(row, '服务费(元)');
  const refund_reference = row.optional('退款批次号/请求号');
  return {
    kind: isRefund ? 'refund' : 'payment',
    line: row.line,
    wallet_reference: row.text('商户订单号'),
    wallet_transaction_id: row.text('支付宝交易号'),
    ...(refund_reference === undefined ? {} : { refund_reference }),
    amount: signed < 0n ? -signed : signed,
    fee: isRefund ? -fee : fee,
    coupons: COUPONS.reduce((all, column) => all + absolute(row, column), 0n),
    at: row.read('完成时间', shanghaiDate),
    state,
  };
}

export async function* fundLines(
  lines: AsyncIterable<TextLine>,
  meant: Meant,
): AsyncGenerator<FundLine, void, undefined> {
  const sides = { in: { count: 0, amount: 0n }, out: { count: 0, amount: 0n } };
  const frame: Frame = {
    required: [
      '账务流水号',
      '发生时间',
      '收入金额(+元)',
      '支出金额(-元)',
      '账户余额(元)',
      '业务类型',
    ],
    totals: new Map([
      ['收入', sides.in],
      ['支出', sides.out],
    ]),
  };
  for await (const row of rowsOf(lines, frame, meant)) {
    const line = fundLine(row);
    sides[line.direction].count += 1;
    sides[line.direction].amount += line.amount;
    yield line;
  }
}

function fundLine(row: BillRow): FundLine {
  const received = absolute(row, '收入金额(+元)');
  const paid = absolute(row, '支出金额(-元)');
  if (received > 0n && paid > 0n) throw row.error('money goes both ways');
  const wallet_transaction_id = row.optional('业务流水号');
  const wallet_reference = row.optional('商户订单号');
  const type = row.text('业务类型');
  return {
    kind: 'fund',
    line: row.line,
    entry_id: row.text('账务流水号'),
    direction: paid > 0n ? 'out' : 'in',
    amount: paid > 0n ? paid : received,
    balance: row.read('账户余额(元)', fromYuan),
    at: row.read('发生时间', shanghaiDate),
    type,
    ...(type.includes('分账') ? { share: true } : {}),
    ...(wallet_transaction_id === undefined ? {} : { wallet_transaction_id }),
    ...(wallet_reference === undefined ? {} : { wallet_reference }),
    note: row.optional('备注') ?? '',
  };
}

/** What the table of totals counts on its last line; undefined when it has none. */
export async function countsOf(
  lines: AsyncIterable<TextLine>,
): Promise<{ payments: number; refunds: number } | undefined> {
  let table: BillTable | undefined;
  let counts: { payments: number; refunds: number } | undefined;
  for await (const line of lines) {
    if (line.text.startsWith('#')) continue;
    if (!table) {
      table = new BillTable(line, () => undefined);
      continue;
    }
    if (!line.text.startsWith('合计') || !table.has('交易订单总笔数')) continue;
    const row = table.row(line.number, line.text.split(','));
    counts = {
      payments: row.read('交易订单总笔数', wholeNumber),
      refunds: row.read('退款订单总笔数', wholeNumber),
    };
  }
  return counts;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number.parseInt(text, 10) : undefined;
}
