import { DayIndex, daysOf, type Span } from './days.ts';
import type { Collection, SandboxStore } from './store.ts';

/**
 * The merchants' money at a wallet: every movement in order, as fund-flow bills list it, and money
 * held for profit sharing. Amounts are fen; times are business time, epoch milliseconds.
 *
 * A hold is part of the balance that cannot be spent: `available = balance − held`.
 */
export interface FundEntry {
  readonly sequence: number;
  /** The merchant's (or sub-merchant's) number. */
  readonly holder: string;
  /** Purse, in the wallet's own words (basic, operation…). */
  readonly purse: string;
  readonly at: number;
  readonly direction: 'in' | 'out';
  readonly amount: bigint;
  /** Of this purse, after the movement. */
  readonly balance: bigint;
  /** The wallet's own business type, as bills show it. */
  readonly type: string;
  /** The wallet's number of the payment, refund, split or payout. */
  readonly business_no: string;
  /** The merchant's number of the same. */
  readonly reference: string;
  readonly note: string;
}

export type NewFundEntry = Omit<FundEntry, 'sequence' | 'balance'>;

export interface FundHold {
  readonly key: string;
  readonly holder: string;
  readonly purse: string;
  amount: bigint;
}

export class InsufficientFunds extends Error {
  constructor(holder: string) {
    super(`not enough money on the account of ${holder}`);
  }
}

export class Funds {
  readonly #entries: Collection<FundEntry>;
  readonly #holds: Collection<FundHold>;
  readonly #balances = new Map<string, bigint>();
  readonly #held = new Map<string, bigint>();
  readonly #byDay = new DayIndex<FundEntry>();
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;
  #sequence = 0;

  constructor(store: SandboxStore) {
    this.#entries = store.collection<FundEntry>('fund_entries');
    this.#holds = store.collection<FundHold>('fund_holds');
    const entries = [...this.#entries.values()].sort((a, b) => a.sequence - b.sequence);
    for (const entry of entries) this.#apply(entry);
    for (const hold of this.#holds.values()) this.#changeHeld(hold, hold.amount);
  }

  balance(holder: string, purse: string): bigint {
    return this.#balances.get(`${holder} ${purse}`) ?? 0n;
  }

  held(holder: string, purse: string): bigint {
    return this.#held.get(`${holder} ${purse}`) ?? 0n;
  }

  available(holder: string, purse: string): bigint {
    return this.balance(holder, purse) - this.held(holder, purse);
  }

  /**
   * Records one movement. Money out needs that much `available`, unless it is taken from a hold
   * (`from_hold`, reduced by the same amount) or `forced` (a fact that cannot be refused).
   * Throws InsufficientFunds and changes nothing.
   */
  post(entry: NewFundEntry, options: { from_hold?: string; forced?: boolean } = {}): FundEntry {
    const { holder, purse, amount } = entry;
    const hold = options.from_hold === undefined ? undefined : this.#holds.get(options.from_hold);
    if (entry.direction === 'out' && options.forced !== true) {
      const free = this.available(holder, purse) + (hold?.amount ?? 0n);
      if (amount > free) throw new InsufficientFunds(holder);
    }
    if (hold) this.unhold(hold.key, amount < hold.amount ? amount : hold.amount);
    const before = this.balance(holder, purse);
    const made: FundEntry = {
      ...entry,
      sequence: this.#sequence + 1,
      balance: entry.direction === 'in' ? before + amount : before - amount,
    };
    this.#apply(made);
    this.#entries.put(made.sequence.toString(), made);
    return made;
  }

  /** Holds back money that is on the account, under a key such as the wallet's payment number. */
  hold(hold: FundHold): void {
    this.unhold(hold.key);
    this.#holds.put(hold.key, hold);
    this.#changeHeld(hold, hold.amount);
  }

  holdOf(key: string): Readonly<FundHold> | undefined {
    return this.#holds.get(key);
  }

  /** Everything that is held back, oldest first. */
  holds(): IterableIterator<Readonly<FundHold>> {
    return this.#holds.values();
  }

  /** Adds to a hold, which may be new. */
  addToHold(hold: FundHold): void {
    const held = this.unhold(hold.key);
    this.hold({ ...hold, amount: held + hold.amount });
  }

  /** Frees part or all of a hold; the money stays where it is. Returns what was freed. */
  unhold(key: string, amount?: bigint): bigint {
    const hold = this.#holds.get(key);
    if (!hold) return 0n;
    const freed = amount === undefined || amount > hold.amount ? hold.amount : amount;
    hold.amount -= freed;
    this.#changeHeld(hold, -freed);
    if (hold.amount === 0n) this.#holds.delete(key);
    else this.#holds.put(key, hold);
    return freed;
  }

  /** Movements of one purse with `from <= at < to`, by day, within a day in order. */
  entries(holder: string, purse: string, span: Span): FundEntry[] {
    const from = Math.max(span.from, this.#first);
    const to = Math.min(span.to, this.#last + 1);
    const found: FundEntry[] = [];
    for (const day of daysOf({ from, to })) {
      for (const entry of this.#byDay.of(`${holder} ${purse}`, day)) {
        if (entry.at >= from && entry.at < to) found.push(entry);
      }
    }
    return found;
  }

  #apply(entry: FundEntry): void {
    const key = `${entry.holder} ${entry.purse}`;
    this.#sequence = Math.max(this.#sequence, entry.sequence);
    this.#balances.set(key, entry.balance);
    this.#byDay.add(key, entry.at, entry);
    this.#first = Math.min(this.#first, entry.at);
    this.#last = Math.max(this.#last, entry.at);
  }

  #changeHeld({ holder, purse }: FundHold, change: bigint): void {
    const key = `${holder} ${purse}`;
    this.#held.set(key, (this.#held.get(key) ?? 0n) + change);
  }
}
