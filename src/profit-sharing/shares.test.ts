import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newId } from '../ids.ts';
import { portionsOf } from './portions.ts';
import { RATE_UNIT, type SplitRule, sharesOf, sumOf } from './shares.ts';

const rule = (over: Partial<SplitRule>): SplitRule => ({
  receiver: newId('rcv'),
  role: 'platform',
  fixed: null,
  rate: null,
  of: 'amount',
  min: null,
  max: null,
  description: 'commission',
  ...over,
});

const amounts = fc.bigInt({ min: 1n, max: 10_000_000_000n });
const optional = (max: bigint) => fc.option(fc.bigInt({ min: 0n, max }), { nil: null });
const rules = fc.array(
  fc
    .record({
      fixed: optional(5_000n),
      rate: fc.bigInt({ min: 0n, max: 40_000n }),
      of: fc.constantFrom('amount' as const, 'rest' as const),
      min: optional(100n),
      more: optional(10_000n),
    })
    .map(({ fixed, rate, of, min, more }) =>
      rule({
        fixed,
        rate: fixed === null ? rate : null,
        of,
        min,
        max: more === null ? null : (min ?? 0n) + more,
      }),
    ),
  { maxLength: 6 },
);
const remainders = fc.constantFrom('merchant' as const, 'first_receiver' as const);

describe('shares of a payment', () => {
  test('never give away more than there is, and each keeps its bounds', () => {
    fc.assert(
      fc.property(amounts, rules, remainders, (amount, list, remainder) => {
        const shares = sharesOf(amount, list, remainder);
        if (!shares) return;
        expect(sumOf(shares) <= amount).toBe(true);
        shares.forEach((share, index) => {
          const { min, max } = list[index]!;
          if (min !== null) expect(share.amount >= min).toBe(true);
          if (max !== null) expect(share.amount <= max).toBe(true);
        });
      }),
    );
  });

  test('are the same for the same rules', () => {
    fc.assert(
      fc.property(amounts, rules, remainders, (amount, list, remainder) => {
        expect(sharesOf(amount, list, remainder)).toEqual(sharesOf(amount, list, remainder));
      }),
    );
  });

  test('the remainder rule moves whole fen that rounding cut off, and nothing else', () => {
    fc.assert(
      fc.property(amounts, rules, (amount, list) => {
        const down = sharesOf(amount, list, 'merchant');
        const first = sharesOf(amount, list, 'first_receiver');
        if (!down || !first) return;
        const more = sumOf(first) - sumOf(down);
        expect(more >= 0n && more < BigInt(Math.max(1, list.length))).toBe(true);
        expect(first.slice(1)).toEqual(down.slice(1));
      }),
    );
  });

  test('layers: a later rule may take its share of what the earlier ones left', () => {
    const list = [
      rule({ rate: 5_000n }),
      rule({ role: 'referrer', rate: 10_000n, of: 'rest' }),
      rule({ role: 'service_provider', fixed: 20n }),
    ];
    expect(sharesOf(10_000n, list, 'merchant')?.map(({ amount }) => amount)).toEqual([
      500n,
      950n,
      20n,
    ]);
  });

  test('percent with minimum and maximum', () => {
    const of = (amount: bigint) =>
      sharesOf(amount, [rule({ rate: 1_000n, min: 10n, max: 500n })], 'merchant')?.[0]?.amount;
    expect([of(100n), of(5_000n), of(1_000_000n)]).toEqual([10n, 50n, 500n]);
  });

  test('the fen that rounding leaves over goes where the rule says', () => {
    const thirds = [1, 2, 3].map(() => rule({ rate: RATE_UNIT / 3n + 1n }));
    const shares = (to: 'merchant' | 'first_receiver') =>
      sharesOf(100n, thirds, to)?.map(({ amount }) => amount);
    expect(shares('merchant')).toEqual([33n, 33n, 33n]);
    expect(shares('first_receiver')).toEqual([34n, 33n, 33n]);
  });

  test('rules that give away more than the payment are no rules', () => {
    expect(
      sharesOf(100n, [rule({ fixed: 60n }), rule({ fixed: 41n })], 'merchant'),
    ).toBeUndefined();
  });
});

const shareLists = fc.array(fc.bigInt({ min: 0n, max: 1_000_000_000n }), {
  minLength: 1,
  maxLength: 7,
});
const total = (list: readonly bigint[]) => list.reduce((sum, share) => sum + share, 0n);

describe('portions of shares', () => {
  test('always sum to the part, and the whole is the shares themselves', () => {
    fc.assert(
      fc.property(shareLists, fc.nat(1_000_000), (shares, at) => {
        const whole = total(shares);
        const part = (whole * BigInt(at)) / 1_000_000n;
        expect(total(portionsOf(shares, part))).toBe(part);
        expect(portionsOf(shares, whole)).toEqual(shares);
      }),
    );
  });

  test('nobody’s portion shrinks while the part grows, and none is above its share', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 60n }), { minLength: 1, maxLength: 6 }),
        (shares) => {
          let before = shares.map(() => 0n);
          for (let part = 1n; part <= total(shares); part += 1n) {
            const now = portionsOf(shares, part);
            now.forEach((portion, index) => {
              expect(portion >= (before[index] ?? 0n)).toBe(true);
              expect(portion <= (shares[index] ?? 0n)).toBe(true);
            });
            before = now;
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('n partial refunds give back what one full refund would', () => {
    fc.assert(
      fc.property(shareLists, fc.array(fc.nat(1_000_000), { maxLength: 12 }), (shares, cuts) => {
        const whole = total(shares);
        const stops = cuts.map((cut) => (whole * BigInt(cut)) / 1_000_000n).sort(compare);
        const back = shares.map(() => 0n);
        let refunded = 0n;
        for (const stop of [...stops, whole]) {
          const before = portionsOf(shares, refunded);
          portionsOf(shares, stop).forEach((portion, index) => {
            back[index] = (back[index] ?? 0n) + portion - (before[index] ?? 0n);
          });
          refunded = stop;
        }
        expect(back).toEqual(shares);
      }),
    );
  });

  test('a part beyond the whole is refused', () => {
    expect(() => portionsOf([1n, 2n], 4n)).toThrow(RangeError);
    expect(() => portionsOf([1n, 2n], -1n)).toThrow(RangeError);
    expect(portionsOf([0n, 0n], 0n)).toEqual([0n, 0n]);
  });
});

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
