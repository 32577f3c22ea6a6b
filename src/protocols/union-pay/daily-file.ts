/**
 * A clearing day's file of a merchant: fixed-width lines, one blank between two columns. `ZM` has
 * the trades, `ZME` disputes. Widths are those of UnionPay's published parsers; how the money
 * columns mark their side (`C` to the merchant, `D` from it) follows from their width of 1 + 12.
 * https://open.unionpay.com/ajweb/help/faq/list?id=119
 */
const ZM_COLUMNS = [
  ['trade_code', 3],
  ['acquirer', 11],
  ['sender', 11],
  ['trace_no', 6],
  ['time', 10],
  ['account', 19],
  ['amount', 12],
  ['merchant_category', 4],
  ['terminal_type', 2],
  ['query_id', 21],
  ['old_pay_type', 2],
  ['order_id', 32],
  ['card_type', 2],
  ['orig_trace_no', 6],
  ['orig_time', 10],
  ['fee', 13],
  ['settled', 13],
  ['pay_type', 4],
  ['group_merchant', 15],
  ['txn_type', 2],
  ['txn_sub_type', 2],
  ['biz_type', 6],
  ['account_type', 2],
  ['bill_type', 4],
  ['bill_no', 32],
  ['mode', 1],
  ['orig_query_id', 21],
  ['mer_id', 15],
  ['split_mode', 1],
  ['sub_merchant', 15],
  ['sub_merchant_name', 32],
  ['sub_merchant_amount', 13],
  ['net', 13],
  ['terminal', 8],
  ['reserved', 32],
  ['discount', 13],
  ['invoice', 13],
  ['instalment_fee', 12],
  ['instalments', 2],
  ['medium', 1],
  ['orig_order_id', 32],
  ['rest', 98],
] as const;

type Column = (typeof ZM_COLUMNS)[number][0];
export type ZmLine = Readonly<Record<Column, string>>;

/** Blanks after each text; the caller pads numbers. Throws for what does not fit. */
export function encodeZmLine(fields: Partial<ZmLine>): string {
  return ZM_COLUMNS.map(([name, width]) => {
    const text = fields[name] ?? '';
    if (text.length > width || /[^\x20-\x7e]/.test(text)) {
      throw new RangeError(`${name} does not fit ${width} plain characters`);
    }
    return text.padEnd(width, ' ');
  }).join(' ');
}

/** Undefined when a line is not as wide as it must be or has no blank where one must be. */
export function decodeZmLine(line: string): ZmLine | undefined {
  const fields: Partial<Record<Column, string>> = {};
  let at = 0;
  for (const [index, [name, width]] of ZM_COLUMNS.entries()) {
    const text = line.slice(at, at + width);
    if (text.length < width) return undefined;
    fields[name] = text.trim();
    at += width;
    const last = index === ZM_COLUMNS.length - 1;
    if (!last && line.charAt(at) !== ' ') return undefined;
    at += last ? 0 : 1;
  }
  return at === line.length ? (fields as ZmLine) : undefined;
}

/** Positive: to the merchant. */
export function encodeSigned(amount: bigint): string {
  const size = amount < 0n ? -amount : amount;
  return `${amount < 0n ? 'D' : 'C'}${size.toString().padStart(12, '0')}`;
}

export function decodeSigned(text: string): bigint | undefined {
  const match = /^([CD])(\d{12})$/.exec(text);
  if (!match) return undefined;
  const size = BigInt(match[2] ?? '0');
  return match[1] === 'D' ? -size : size;
}

/** `INN26112188ZM_777290058110048`. */
export function dailyFileName(date: string, kind: 'ZM' | 'ZME', mer_id: string): string {
  return `INN${date.slice(2).replaceAll('-', '')}88${kind}_${mer_id}`;
}
