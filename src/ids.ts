import { createHash, randomBytes } from 'node:crypto';

/**
 * Ids are `<prefix>_<book><ulid>`: two Crockford base-32 characters of the book, then a
 * 26-character ULID (48 bits of milliseconds, 80 random bits, monotonic within a process). They
 * sort by time within a book, and every statement can be routed to one book from the id alone.
 */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const MAX_BOOK = 1023;

export type Book = number;
export type Prefix =
  | 'plt'
  | 'key'
  | 'mer'
  | 'wac'
  | 'enr'
  | 'pay'
  | 'att'
  | 'rfd'
  | 'evt'
  | 'whe'
  | 'dlv'
  | 'req'
  | 'ntf'
  | 'job'
  | 'pst'
  | 'mov'
  | 'cal'
  | 'gat'
  | 'brk'
  | 'rcv'
  | 'hld'
  | 'spl'
  | 'stl'
  | 'pyo'
  | 'prt'
  | 'bil'
  | 'fee';
export type Id<P extends Prefix = Prefix> = `${P}_${string}`;

const POOL_BYTES = 4_096;
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;

let pool = Buffer.alloc(0);
let taken = 0;

/** Random numbers are cheap by the pool and dear one by one. */
function randomByte(): number {
  if (taken >= pool.length) {
    pool = randomBytes(POOL_BYTES);
    taken = 0;
  }
  taken += 1;
  return pool[taken - 1] ?? 0;
}

let lastTime = 0;
/** The random part of the latest ULID, five bits a digit. */
const lastRandom = new Uint8Array(RANDOM_DIGITS);

function encode(value: number, length: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < length; i += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** The top bit stays free, so that adding within one millisecond never overflows. */
function drawRandom(): void {
  for (let i = 0; i < RANDOM_DIGITS; i += 1) lastRandom[i] = randomByte() & 31;
  lastRandom[0] = (lastRandom[0] ?? 0) & 15;
}

function addToRandom(amount: number): void {
  let carry = amount;
  for (let i = RANDOM_DIGITS - 1; carry > 0 && i >= 0; i -= 1) {
    const sum = (lastRandom[i] ?? 0) + carry;
    lastRandom[i] = sum & 31;
    carry = sum >> 5;
  }
}

/** A 26-character ULID, strictly increasing within this process. */
export function ulid(now: number = Date.now()): string {
  if (now > lastTime) {
    lastTime = now;
    drawRandom();
  } else {
    addToRandom(1 + randomByte() + 256 * randomByte());
  }
  let text = encode(lastTime, TIME_DIGITS);
  for (const digit of lastRandom) text += ALPHABET.charAt(digit);
  return text;
}

export function newId<P extends Prefix>(prefix: P, book: Book = 0): Id<P> {
  return `${prefix}_${bookCode(book)}${ulid()}`;
}

export function bookCode(book: Book): string {
  return encode(book, 2);
}

const BODY = /^[0-9A-HJKMNP-TV-Z]{28}$/;

/** True when `text` is a well-formed id with this prefix; anything else is the caller's 404. */
export function isId<P extends Prefix>(prefix: P, text: string): text is Id<P> {
  return text.startsWith(`${prefix}_`) && BODY.test(text.slice(prefix.length + 1));
}

/** The book an id (`pay_…`) or a 28-character wallet reference was made in. */
export function bookOf(idOrReference: string): Book {
  const body = idOrReference.slice(idOrReference.indexOf('_') + 1);
  const high = ALPHABET.indexOf(body.charAt(0));
  const low = ALPHABET.indexOf(body.charAt(1));
  if (high < 0 || low < 0) throw new RangeError(`no book in id: ${idOrReference.slice(0, 40)}`);
  return high * 32 + low;
}

/** Our number for one attempt at a wallet: 28 characters of `[0-9A-Z]`, book and ULID. */
export function newWalletReference(book: Book): string {
  return bookCode(book) + ulid();
}

/** When an id or a wallet reference was made, to the millisecond; real time. */
export function madeAt(idOrReference: string): Date {
  const body = idOrReference.slice(idOrReference.indexOf('_') + 1);
  if (!BODY.test(body)) throw new RangeError(`no time in id: ${idOrReference.slice(0, 40)}`);
  let time = 0;
  for (const digit of body.slice(2, 2 + TIME_DIGITS)) time = time * 32 + ALPHABET.indexOf(digit);
  return new Date(time);
}

/** True when a number a wallet tells us has the shape of one of ours. */
export function isWalletReference(text: string): boolean {
  return BODY.test(text);
}

/** SHA-256 in hex, for keys and tokens that are stored hashed. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
