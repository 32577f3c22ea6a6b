/** Gap before the next try: doubles from `first_ms` up to `max_ms`, then 75 to 125 % of it. */
export function backOff(
  tries: number,
  { first_ms, max_ms }: { first_ms: number; max_ms: number },
): number {
  const doublings = Math.min(Math.max(tries - 1, 0), 40);
  return jitter(Math.min(first_ms * 2 ** doublings, max_ms));
}

/** 75 to 125 % of `gap_ms`, so that what failed together does not return together. */
export function jitter(gap_ms: number): number {
  return gap_ms * (0.75 + Math.random() / 2);
}

/**
 * Gap before work is done again that came back unfinished, which is no try that counts: as long
 * as it has gone on already, so that gaps double, between `first_ms` and `max_ms`.
 */
export function waitLonger(
  age_ms: number,
  { first_ms, max_ms }: { first_ms: number; max_ms: number },
): number {
  return jitter(Math.min(Math.max(age_ms, first_ms), max_ms));
}
