const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** `7_200_000` → `2 h`: the largest unit that divides it. */
export function duration(milliseconds: number): string {
  const [name, size] = UNITS.find(([, unit]) => milliseconds % unit === 0) ?? ['ms', 1];
  return `${milliseconds / size} ${name}`;
}
