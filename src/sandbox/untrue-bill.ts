/**
 * A bill that does not tell the truth: it lacks a line, has one too many, or one states another
 * amount. Its totals are those of what it says, as the real ones would be.
 */
export interface Untruths<T> {
  /** Another line like this one, about something that never happened. */
  readonly invented: (line: T) => T;
  readonly otherAmount: (line: T) => T;
}

export function untrue<T>(
  lines: readonly T[],
  random: () => number,
  untruths: Untruths<T>,
): readonly T[] {
  const at = Math.floor(random() * lines.length);
  const line = lines[at];
  if (line === undefined) return lines;
  const before = lines.slice(0, at);
  const after = lines.slice(at + 1);
  const way = Math.floor(random() * 3);
  // The only line cannot be left out: there would be no bill at all.
  if (way === 0 && lines.length > 1) return [...before, ...after];
  if (way === 1) return [...before, line, untruths.invented(line), ...after];
  return [...before, untruths.otherAmount(line), ...after];
}
