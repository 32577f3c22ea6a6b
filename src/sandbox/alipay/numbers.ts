import { createHash } from 'node:crypto';
import { businessDate } from '../../clock.ts';
import { randomDigits, type SandboxRandom } from '../random.ts';

/** Numbers and tokens in the shapes that the wallet gives them. */
function compactDate(now: Date): string {
  return businessDate(now).replaceAll('-', '');
}

/** 28 digits: day, 22001, serial. */
export function newTradeNo(random: SandboxRandom, now: Date): string {
  return `${compactDate(now)}22001${randomDigits(random, 15)}`;
}

/** 34 digits, constant over all tries of one notification. */
export function newNotifyId(random: SandboxRandom, now: Date): string {
  return `${compactDate(now)}00222${randomDigits(random, 21)}`;
}

/** Numbers of what happens to a trade later: day, kind, serial. */
const KINDS = {
  /** 32 digits. */
  settle: { kind: '0025', serial: 20 },
  /** 28 digits. */
  detail: { kind: '1003', serial: 16 },
  /** 28 digits. */
  application: { kind: '0050', serial: 16 },
  /** 28 digits, after `PO`. */
  pre_order: { kind: '0077', serial: 16 },
} as const;

export function newSerial(kind: keyof typeof KINDS, random: SandboxRandom, now: Date): string {
  const { kind: infix, serial } = KINDS[kind];
  return `${compactDate(now)}${infix}${randomDigits(random, serial)}`;
}

/** `2088` and twelve digits: a merchant or a seller under a platform. */
export function newMerchantNo(random: SandboxRandom): string {
  return `2088${randomDigits(random, 12)}`;
}

/** Eighteen digits that begin with 25 to 30: what the payer's phone shows to a scanner. */
export function newPayerCode(random: SandboxRandom): string {
  return `${25 + random.integer(6)}${randomDigits(random, 16)}`;
}

const BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Twenty characters of `[0-9a-z]`, over 100 random bits: order codes and cashier addresses. */
export function newToken(random: SandboxRandom): string {
  return Array.from({ length: 20 }, () => BASE36.charAt(random.integer(36))).join('');
}

export function newSecret(random: SandboxRandom): string {
  return random.bytes(16).toString('hex');
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
