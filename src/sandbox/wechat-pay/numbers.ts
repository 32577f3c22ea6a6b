import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { shanghaiTime } from '../../clock.ts';

/** Numbers and tokens in the shapes that the real wallet gives them. */
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function digits(count: number): string {
  let text = '';
  for (let i = 0; i < count; i += 1) text += randomInt(10).toString();
  return text;
}

/** `20261121123456` in Asia/Shanghai. */
function compactTime(date: Date): string {
  return shanghaiTime(date).slice(0, 19).replace(/\D/g, '');
}

function letters(count: number): string {
  let text = '';
  for (const byte of randomBytes(count)) text += BASE62.charAt(byte % BASE62.length);
  return text;
}

/** 36 characters: `wx`, the time to seconds, 20 more. */
export function newPrepayId(now: Date): string {
  return `wx${compactTime(now)}${randomBytes(10).toString('hex')}`;
}

/** 28 digits: `4200…yyyymmdd…`. */
export function newTransactionId(now: Date): string {
  return `4200${digits(6)}${compactTime(now).slice(0, 8)}${digits(10)}`;
}

/** 29 digits: `503…yyyymmdd…`. */
export function newRefundId(now: Date): string {
  return `503${digits(6)}${compactTime(now).slice(0, 8)}${digits(12)}`;
}

/** Nine characters after `pr=` of a Native code. */
export function newNativeToken(): string {
  return `${letters(7)}zz`;
}

export function newEventId(now: Date): string {
  return `EV-${compactTime(now)}${digits(9)}`;
}

/** `08…-<internal code>` */
export function newRequestId(internal: string): string {
  return `08${randomBytes(20).toString('hex').toUpperCase()}-${internal}`;
}

export function newMchid(): string {
  return `16${digits(8)}`;
}

export function newAppid(): string {
  return `wx${randomBytes(8).toString('hex')}`;
}

/** 40 hex digits, first one not zero, as certificate serials are shown. */
export function newSerial(): string {
  return `5${randomBytes(20).toString('hex').toUpperCase().slice(1)}`;
}

export function newPublicKeyId(now: Date): string {
  return `PUB_KEY_ID_0${digits(12)}${compactTime(now)}${digits(3)}`;
}

/** Secrets that merchants type: 32 letters and digits. */
export function newSecret(): string {
  return letters(32);
}

/** 28 characters starting with `o`: the same person has another id at every app id. */
export function openidOf(options: { salt: string; appid: string; person: string }): string {
  const mac = createHmac('sha256', options.salt).update(`${options.appid}\n${options.person}`);
  return `o${mac.digest('base64url').slice(0, 27)}`;
}
