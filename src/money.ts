/**
 * Money is integer minor units (fen for CNY) in `bigint`; no floats anywhere.
 * Every division goes through `allocate`, which conserves the sum (law 1 of ARCHITECTURE.md).
 */
/** Largest amount one payment may have: 100 million yuan, Alipay's own ceiling, in fen. */
export const MAX_AMOUNT = 10_000_000_000n;

/**
 * Splits `total` by integer weights with the largest-remainder method; equal remainders go to the
 * earlier part. The parts always sum to `total`.
 */
export function allocate(total: bigint, weights: readonly bigint[]): bigint[] {
  if (total < 0n) throw new RangeError('allocate: total is negative');
  if (weights.length === 0 || weights.some((weight) => weight < 0n)) {
    throw new RangeError('allocate: weights must be present and not negative');
  }
  const sum = weights.reduce((a, b) => a + b, 0n);
  if (sum === 0n) throw new RangeError('allocate: weights sum to zero');
  const parts = weights.map((weight) => (total * weight) / sum);
  const order = weights
    .map((weight, index) => ({ index, remainder: (total * weight) % sum }))
    .sort((a, b) =>
      a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
    );
  let left = total - parts.reduce((a, b) => a + b, 0n);
  for (const { index } of order) {
    if (left === 0n) break;
    parts[index] = (parts[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return parts;
}

/** The share `numerator / denominator` of `total`, rounded half up; what wallets charge as fee. */
export function shareHalfUp(total: bigint, numerator: bigint, denominator: bigint): bigint {
  return (total * numerator * 2n + denominator) / (denominator * 2n);
}

/** `1234n` → `"12.34"`: the decimal string that wallets speaking yuan want on the wire. */
export function toYuan(amount: bigint): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(3, '0');
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** `"12.3"` → `1230n`; undefined when the text is not a decimal with at most two places. */
export function fromYuan(text: string): bigint | undefined {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '0', fraction = ''] = match;
  const amount = BigInt(whole) * 100n + BigInt(fraction.padEnd(2, '0') || '0');
  return sign === '-' ? -amount : amount;
}
