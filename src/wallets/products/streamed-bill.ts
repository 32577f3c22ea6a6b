import {
  type Bill,
  BillError,
  type BillKind,
  type BillLine,
  type BillSummary,
  type FundSummary,
} from './bills.ts';

/** A bill over a streaming reader: read once, its summary is what the lines add up to. */
interface Side {
  count: number;
  amount: bigint;
}

const nothing = (): Side => ({ count: 0, amount: 0n });

export function streamedBill(
  about: { readonly kind: BillKind; readonly date: string },
  open: () => AsyncIterable<BillLine>,
): Bill {
  let opened: (() => AsyncIterable<BillLine>) | undefined = open;
  let summary: BillSummary | FundSummary | undefined;
  return {
    kind: about.kind,
    date: about.date,
    lines() {
      const source = opened;
      if (!source) throw new BillError(0, 'a bill is read once, and not after it was disposed of');
      opened = undefined;
      return counted(source(), about.kind, (found) => {
        summary = found;
      });
    },
    summary: () => summary,
    async dispose() {
      opened = undefined;
    },
  };
}

async function* counted(
  lines: AsyncIterable<BillLine>,
  kind: BillKind,
  finish: (summary: BillSummary | FundSummary) => void,
): AsyncGenerator<BillLine, void, undefined> {
  const sides = { payments: nothing(), refunds: nothing(), in: nothing(), out: nothing() };
  let fees = 0n;
  for await (const line of lines) {
    const side = sides[sideOf(line)];
    side.count += 1;
    side.amount += line.amount;
    if (line.kind === 'payment' || line.kind === 'refund') fees += line.fee;
    yield line;
  }
  const { payments, refunds } = sides;
  finish(kind === 'payments' ? { payments, refunds, fees } : { in: sides.in, out: sides.out });
}

function sideOf(line: BillLine): 'payments' | 'refunds' | 'in' | 'out' {
  switch (line.kind) {
    case 'payment':
      return 'payments';
    case 'refund':
      return 'refunds';
    case 'fund':
      return line.direction;
    case 'split':
      return 'out';
    case 'split_return':
      return 'in';
    default:
      return line satisfies never;
  }
}
