/**
 * Which part of each share belongs to a part of the payment: what a partial release gives to whom,
 * and what each gives back when part of the payment is refunded.
 *
 * It is Jefferson's apportionment of `part` fen by the shares. Of all ways to round it is one in
 * which nobody's portion ever shrinks while the part grows, so the difference of two portions is
 * never negative, and many small steps together are the same as one large step, to the fen.
 */
export function portionsOf(shares: readonly bigint[], part: bigint): bigint[] {
  const total = shares.reduce((sum, share) => sum + share, 0n);
  if (part < 0n || part > total) throw new RangeError('portionsOf: part is not within the whole');
  if (total === 0n) return shares.map(() => 0n);
  const portions = shares.map((share) => (share * part) / total);
  let left = part - portions.reduce((sum, portion) => sum + portion, 0n);
  // Fewer than there are shares: each rounding down has cut off less than one fen.
  while (left > 0n) {
    const next = mostDeserving(shares, portions);
    portions[next] = (portions[next] ?? 0n) + 1n;
    left -= 1n;
  }
  return portions;
}

/** The largest share per fen that it would have then; the earliest of equal ones. */
function mostDeserving(shares: readonly bigint[], portions: readonly bigint[]): number {
  let best = 0;
  for (let index = 1; index < shares.length; index += 1) {
    const here = (shares[index] ?? 0n) * ((portions[best] ?? 0n) + 1n);
    const there = (shares[best] ?? 0n) * ((portions[index] ?? 0n) + 1n);
    if (here > there) best = index;
  }
  return best;
}
