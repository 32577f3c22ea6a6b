import { createHash, randomBytes, randomInt } from 'node:crypto';
import { businessDate } from '../../clock.ts';

/** Numbers and tokens in the shapes that the wallet gives them. */
function digits(count: number): string {
  let text = '';
  while (text.length < count) text += randomInt(1_000_000_000).toString().padStart(9, '0');
  return text.slice(0, count);
}

function compactDate(now: Date): string {
  return businessDate(now).replaceAll('-', '');
}

/** 28 digits: day, 22001, serial. */
export function newTradeNo(now: Date): string {
  return `${compactDate(now)}22001${digits(15)}`;
}

/** 34 digits, constant over all tries of one notification. */
export function newNotifyId(now: Date): string {
  return `${compactDate(now)}00222${digits(21)}`;
}

const BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Twenty characters of `[0-9a-z]`, over 100 random bits: order codes and cashier addresses. */
export function newToken(): string {
  return Array.from({ length: 20 }, () => BASE36.charAt(randomInt(36))).join('');
}

export function newSecret(): string {
  return randomBytes(16).toString('hex');
}

function derived(seed: string): Buffer {
  return createHash('sha256').update(`alipay-sandbox:${seed}`).digest();
}

/** `2088` and twelve digits, always the same for one person. */
export function buyerId(person: string): string {
  const serial = derived(`buyer:${person}`).readBigUInt64BE() % 10n ** 12n;
  return `2088${serial.toString().padStart(12, '0')}`;
}

/** A person's id towards one application only. */
export function openId(app_id: string, person: string): string {
  return `0${derived(`open:${app_id}:${person}`).toString('base64url').replace(/[-_]/g, 'x')}`;
}
