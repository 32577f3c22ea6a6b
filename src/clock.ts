/**
 * Two times (law 11). Business time (expiry, bills, releases) is database time plus, in sandbox
 * mode only, one stored offset that the phone's clock moves: `clock.now()`, and `hutong_now()` in
 * SQL. Signatures, leases, webhook stamps and rate limits read real time: `clock.real()`.
 */
export interface Clock {
  /** Business time. */
  now(): Date;
  /** Real time, never shifted. */
  real(): Date;
}

export const systemClock: Clock = { now: () => new Date(), real: () => new Date() };

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** `"PT2H"` → milliseconds; undefined when it is not an ISO 8601 duration of days to seconds. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (!match || text === 'P' || text.endsWith('T')) return undefined;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = match;
  return (
    (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  );
}

/** A calendar day in Asia/Shanghai, `YYYY-MM-DD`: bills and settlement days. */
export type BusinessDate = `${number}-${number}-${number}`;

const SHANGHAI_OFFSET_MS = 8 * 3_600_000;

/** `2026-11-21T12:00:00+08:00`, the form Chinese wallets use; China has no daylight saving. */
export function shanghaiTime(date: Date): string {
  return `${new Date(date.getTime() + SHANGHAI_OFFSET_MS).toISOString().slice(0, 19)}+08:00`;
}

/** `2026-11-21 12:00:00` in Asia/Shanghai, without a zone: Alipay's timestamps. */
export function shanghaiStamp(date: Date): string {
  return shanghaiTime(date).slice(0, 19).replace('T', ' ');
}

export function businessDate(date: Date): BusinessDate {
  return shanghaiTime(date).slice(0, 10) as BusinessDate;
}

const DAY_MS = 86_400_000;

/** Midnight in Asia/Shanghai, when a business day begins. */
export function startOfDay(day: BusinessDate): Date {
  return new Date(Date.parse(`${day}T00:00:00Z`) - SHANGHAI_OFFSET_MS);
}

/** The day so many days later, or earlier. */
export function dayAfter(day: BusinessDate, days = 1): BusinessDate {
  return businessDate(new Date(startOfDay(day).getTime() + days * DAY_MS));
}

/** `YYYY-MM-DD` of a day that is in the calendar. */
export function isBusinessDate(text: string): text is BusinessDate {
  if (!/^[12]\d{3}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
