import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { daysOf, readBusinessDate, spanOfDay } from './days.ts';
import { type FundEntry, Funds, InsufficientFunds, type NewFundEntry } from './funds.ts';
import { memoryJournal, SandboxStore } from './store.ts';

const NOON = Date.parse('2026-11-20T12:00:00+08:00');
const DAY = 86_400_000;

function movement(more: Partial<NewFundEntry> = {}): NewFundEntry {
  return {
    holder: 'seller',
    purse: 'BASIC',
    at: NOON,
    direction: 'in',
    amount: 100n,
    type: '交易',
    business_no: '4200',
    reference: 'T1',
    note: '',
    ...more,
  };
}

async function open(): Promise<{ funds: Funds; store: SandboxStore }> {
  const store = await SandboxStore.open(memoryJournal);
  return { funds: new Funds(store), store };
}

describe('business days', () => {
  test('begin at midnight in Shanghai', () => {
    const day = readBusinessDate('2026-11-20');
    expect(day && spanOfDay(day)).toEqual({
      from: Date.parse('2026-11-19T16:00:00Z'),
      to: Date.parse('2026-11-20T16:00:00Z'),
    });
  });

  test.each(['2026-02-30', '2026-13-01', '20261120', '2026-1-2', '', '2026-11-20 '])(
    '%s is no day',
    (text) => expect(readBusinessDate(text)).toBeUndefined(),
  );

  test('of a span are those it touches, the end excluded', () => {
    const { from, to } = spanOfDay('2026-11-20');
    expect(daysOf({ from, to })).toEqual(['2026-11-20']);
    expect(daysOf({ from: to - 1, to: to + 1 })).toEqual(['2026-11-20', '2026-11-21']);
    expect(daysOf({ from, to: from })).toEqual([]);
  });
});

describe('movements', () => {
  test('are found on their day alone, in order, also after a restart', async () => {
    const { funds, store } = await open();
    const { from, to } = spanOfDay('2026-11-20');
    const times = [from, NOON, to - 1, to, from - 1];
    for (const [index, at] of times.entries()) {
      funds.post(movement({ at, reference: `T${index}` }));
    }
    for (const book of [funds, new Funds(store)]) {
      const found = book.entries('seller', 'BASIC', { from, to });
      expect(found.map(({ reference }) => reference)).toEqual(['T0', 'T1', 'T2']);
      expect(found.map(({ balance }) => balance)).toEqual([100n, 200n, 300n]);
      expect(book.entries('seller', 'OPERATION', { from, to })).toEqual([]);
      expect(book.entries('other', 'BASIC', { from, to })).toEqual([]);
      expect(book.entries('seller', 'BASIC', { from: NOON, to: NOON + DAY })).toHaveLength(3);
      expect(book.balance('seller', 'BASIC')).toBe(500n);
    }
  });

  test('out are refused beyond what is free, taken from a hold or forced', async () => {
    const { funds } = await open();
    funds.post(movement());
    funds.hold({ key: 'k', holder: 'seller', purse: 'BASIC', amount: 60n });
    const out = movement({ direction: 'out', amount: 41n });
    expect(() => funds.post(out)).toThrow(InsufficientFunds);
    expect(funds.balance('seller', 'BASIC')).toBe(100n);
    funds.post(out, { from_hold: 'k' });
    expect(funds.held('seller', 'BASIC')).toBe(19n);
    funds.post(movement({ direction: 'out', amount: 500n }), { forced: true });
    expect(funds.available('seller', 'BASIC')).toBe(59n - 500n - 19n);
  });

  test('a hold put twice under one key counts once', async () => {
    const { funds } = await open();
    funds.post(movement());
    funds.hold({ key: 'k', holder: 'seller', purse: 'BASIC', amount: 60n });
    funds.hold({ key: 'k', holder: 'seller', purse: 'BASIC', amount: 30n });
    expect(funds.held('seller', 'BASIC')).toBe(30n);
    expect(funds.unhold('k')).toBe(30n);
    expect(funds.unhold('k')).toBe(0n);
    expect(funds.held('seller', 'BASIC')).toBe(0n);
  });

  test('of all days sum to the balance, whatever their times', async () => {
    const entry = fc.record({ days: fc.integer({ min: -40, max: 40 }), fen: fc.bigInt(1n, 999n) });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 60 }), async (entries) => {
        const { funds } = await open();
        for (const { days, fen } of entries) {
          funds.post(movement({ at: NOON + days * DAY, amount: fen }));
        }
        const found: FundEntry[] = [];
        for (let day = -41; day <= 41; day += 1) {
          const from = NOON + day * DAY - DAY / 2;
          found.push(...funds.entries('seller', 'BASIC', { from, to: from + DAY }));
        }
        expect(found).toHaveLength(entries.length);
        const sum = found.reduce((all, { amount }) => all + amount, 0n);
        expect(sum).toBe(funds.balance('seller', 'BASIC'));
      }),
      { numRuns: 50 },
    );
  });
});
