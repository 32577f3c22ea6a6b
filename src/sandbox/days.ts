import { type BusinessDate, businessDate } from '../clock.ts';

/** Business days in Asia/Shanghai, as bills count them: from midnight to midnight, +08:00. */
const DAY_MS = 86_400_000;

/** The day itself; undefined when the text is no date of the calendar. */
export function readBusinessDate(text: string): BusinessDate | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const start = Date.parse(`${text}T00:00:00+08:00`);
  if (Number.isNaN(start)) return undefined;
  const date = businessDate(new Date(start));
  return date === text ? date : undefined;
}

/** `from <= time < to`, epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export function spanOfDay(date: BusinessDate): Span {
  const from = Date.parse(`${date}T00:00:00+08:00`);
  return { from, to: from + DAY_MS };
}

/** The days that a span touches, in order; at most `limit`. */
export function daysOf({ from, to }: Span, limit = 4000): BusinessDate[] {
  const days: BusinessDate[] = [];
  if (to <= from) return days;
  let { from: start } = spanOfDay(businessDate(new Date(from)));
  for (; start < to && days.length < limit; start += DAY_MS) {
    days.push(businessDate(new Date(start)));
  }
  return days;
}

/** Finds what happened to somebody on a day without looking at any other day. */
export class DayIndex<T> {
  readonly #days = new Map<string, T[]>();

  add(owner: string, at: number, item: T): void {
    const key = `${owner} ${businessDate(new Date(at))}`;
    const list = this.#days.get(key);
    if (list) list.push(item);
    else this.#days.set(key, [item]);
  }

  /** In the order of adding. */
  of(owner: string, date: BusinessDate): readonly T[] {
    return this.#days.get(`${owner} ${date}`) ?? [];
  }
}
