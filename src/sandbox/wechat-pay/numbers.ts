import { createHmac, randomBytes } from 'node:crypto';
import { shanghaiTime } from '../../clock.ts';
import { randomDigits, randomLetters, type SandboxRandom } from '../random.ts';

/** Numbers and tokens in the shapes that the real wallet gives them. */
/** `20261121123456` in Asia/Shanghai. */
function compactTime(date: Date): string {
  return shanghaiTime(date).slice(0, 19).replace(/\D/g, '');
}

/** 36 characters: `wx`, the time to seconds, 20 more. */
export function newPrepayId(random: SandboxRandom, now: Date): string {
  return `wx${compactTime(now)}${random.bytes(10).toString('hex')}`;
}

/** 28 digits: `4200…yyyymmdd…`. */
export function newTransactionId(random: SandboxRandom, now: Date): string {
  const day = compactTime(now).slice(0, 8);
  return `4200${randomDigits(random, 6)}${day}${randomDigits(random, 10)}`;
}

/** 29 digits: `503…yyyymmdd…`. */
export function newRefundId(random: SandboxRandom, now: Date): string {
  const day = compactTime(now).slice(0, 8);
  return `503${randomDigits(random, 6)}${day}${randomDigits(random, 12)}`;
}

/** Nine characters after `pr=` of a Native code. */
export function newNativeToken(random: SandboxRandom): string {
  return `${randomLetters(random, 7)}zz`;
}

export function newEventId(random: SandboxRandom, now: Date): string {
  return `EV-${compactTime(now)}${randomDigits(random, 9)}`;
}

/** `08…-<internal code>` */
export function newRequestId(internal: string): string {
  return `08${randomBytes(20).toString('hex').toUpperCase()}-${internal}`;
}

export function newMchid(random: SandboxRandom): string {
  return `16${randomDigits(random, 8)}`;
}

export function newAppid(random: SandboxRandom): string {
  return `wx${random.bytes(8).toString('hex')}`;
}

/** 40 hex digits, first one not zero, as certificate serials are shown. */
export function newSerial(random: SandboxRandom): string {
  return `5${random.bytes(20).toString('hex').toUpperCase().slice(1)}`;
}

export function newPublicKeyId(random: SandboxRandom, now: Date): string {
  const [head, tail] = [randomDigits(random, 12), randomDigits(random, 3)];
  return `PUB_KEY_ID_0${head}${compactTime(now)}${tail}`;
}

/** Secrets that merchants type: 32 letters and digits. */
export function newSecret(random: SandboxRandom): string {
  return randomLetters(random, 32);
}

/** 28 characters starting with `o`: the same person has another id at every app id. */
export function openidOf(options: { salt: string; appid: string; person: string }): string {
  const mac = createHmac('sha256', options.salt).update(`${options.appid}\n${options.person}`);
  return `o${mac.digest('base64url').slice(0, 27)}`;
}
