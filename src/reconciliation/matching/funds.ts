import { sql } from '../../db/pool.ts';
import type { Bill, Bills, FundLine } from '../../wallets/products/bills.ts';
import type { Desk } from './desk.ts';
import type { Sums } from './load.ts';

/**
 * The bill of the account's money: its movements follow from each other, it begins with what the
 * day before left, and what it says of payments and refunds is what their own bill says.
 */
const CHUNK = 5_000;
/** Names of business types that are kept apart; the others are added up. */
const MAX_TYPES = 50;

interface Way {
  count: number;
  amount: bigint;
}

export interface Funds {
  readonly opening: bigint;
  readonly closing: bigint;
  readonly in: Way;
  readonly out: Way;
  /** Of payments and refunds in the bill of the day, in less out. */
  readonly traded: bigint;
  readonly other: readonly { readonly type: string; readonly in: Way; readonly out: Way }[];
  /** Each balance follows from the one before it, from the first line or from the last. */
  readonly follows: boolean;
}

const way = (): Way => ({ count: 0, amount: 0n });
const signed = (line: FundLine) => (line.direction === 'in' ? line.amount : -line.amount);

/** What is done with movements that are of no payment and no refund of the day. */
export type Others = (lines: readonly FundLine[]) => Promise<void>;

/** The numbers that movements of the day's payments and refunds have. */
export async function keepNumbers(desk: Desk): Promise<void> {
  await desk.query(sql`drop table if exists pg_temp.moved`);
  await desk.query(sql`
    create temporary table moved as
    select distinct number from (
      select transaction_id as number from matched union all
      select wallet_refund_id from matched union all
      select reference from matched union all select wallet_reference from matched
    ) n where number <> ''`);
  await desk.query(sql`create index on pg_temp.moved (number)`);
  await desk.query(sql`analyze moved`);
}

/** Each account in the bill by itself: one without a name is the bill's own. */
export async function readFunds(
  desk: Desk,
  bill: Bill,
  others: Others,
  order?: Bills['funds_order'],
): Promise<ReadonlyMap<string, Funds>> {
  const readings = new Map<string, Reading>();
  for await (const line of bill.lines()) {
    if (line.kind !== 'fund') continue;
    const name = line.sub_merchant ?? '';
    const reading = readings.get(name) ?? new Reading(desk, others);
    readings.set(name, reading);
    await reading.add(line);
  }
  const found = new Map<string, Funds>();
  for (const [name, reading] of readings) {
    const funds = await reading.end(order);
    if (funds) found.set(name, funds);
  }
  return found;
}

class Reading {
  readonly #desk: Desk;
  readonly #others: Others;
  readonly #sums = { in: way(), out: way() };
  readonly #types = new Map<string, { in: Way; out: Way }>();
  #waiting: FundLine[] = [];
  #traded = 0n;
  #first: FundLine | undefined;
  #last: FundLine | undefined;
  /** Lines that do not follow from the one before them, and from the one after them. */
  #gaps = { upward: 0, downward: 0 };

  constructor(desk: Desk, others: Others) {
    this.#desk = desk;
    this.#others = others;
  }

  async add(line: FundLine): Promise<void> {
    const before = this.#last;
    if (before) {
      if (before.balance + signed(line) !== line.balance) this.#gaps.upward += 1;
      if (line.balance + signed(before) !== before.balance) this.#gaps.downward += 1;
    }
    this.#first ??= line;
    this.#last = line;
    const sum = this.#sums[line.direction];
    sum.count += 1;
    sum.amount += line.amount;
    this.#waiting.push(line);
    if (this.#waiting.length >= CHUNK) await this.#sort();
  }

  async #sort(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    const numbers = (of: (line: FundLine) => string | undefined) =>
      lines.map((line) => of(line) ?? '').join('\n');
    const known = await this.#desk.query<{ place: bigint }>(sql`
      select l.place from unnest(
        string_to_array(${numbers((line) => line.wallet_transaction_id)}, E'\n'),
        string_to_array(${numbers((line) => line.wallet_reference)}, E'\n'))
        with ordinality as l (transaction_id, reference, place)
      where exists (select from moved where number = l.transaction_id)
        or exists (select from moved where number = l.reference)`);
    const places = new Set(known.map(({ place }) => Number(place) - 1));
    const others = lines.filter((line, index) => line.share || !places.has(index));
    for (const line of lines) this.#traded += signed(line);
    for (const line of others) {
      this.#traded -= signed(line);
      this.#addOther(line);
    }
    await this.#others(others);
  }

  #addOther(line: FundLine): void {
    const name = this.#types.has(line.type) || this.#types.size < MAX_TYPES ? line.type : '…';
    const sums = this.#types.get(name) ?? { in: way(), out: way() };
    this.#types.set(name, sums);
    sums[line.direction].count += 1;
    sums[line.direction].amount += line.amount;
  }

  async end(order: Bills['funds_order']): Promise<Funds | undefined> {
    if (this.#waiting.length > 0) await this.#sort();
    const [first, last] = [this.#first, this.#last];
    if (!first || !last) return undefined;
    const { upward, downward } = this.#gaps;
    // Money that comes back and leaves again at once fits both ways.
    const rising = upward === downward ? order !== 'newest_first' : upward < downward;
    const [oldest, newest] = rising ? [first, last] : [last, first];
    return {
      opening: oldest.balance - signed(oldest),
      closing: newest.balance,
      in: this.#sums.in,
      out: this.#sums.out,
      traded: this.#traded,
      other: [...this.#types]
        .map(([type, sums]) => ({ type, ...sums }))
        .sort((a, b) => (a.type < b.type ? -1 : 1)),
      follows: Math.min(upward, downward) === 0,
    };
  }
}

/** What the funds must show for the day's payments; coupons have some leeway on either side. */
export function expectedOf(totals: Sums): { most: bigint; expected: bigint; least: bigint } {
  const expected = totals.payments.amount - totals.refunds.amount - totals.fees;
  return { expected, most: expected + totals.coupons, least: expected - totals.coupons };
}
