import { businessDate } from '../../../clock.ts';
import type { PayerCode } from '../../sandbox.ts';
import type { Collection, SandboxStore } from '../../store.ts';
import type { Alipay, Trade } from '../books.ts';
import { newPayerCode } from '../numbers.ts';

/**
 * What a person's phone shows to a shop's scanner: a new number each minute, good once, spent even
 * by a charge that fails. Small charges take no password, up to a number of them a day.
 */
const CODE_LIFE_MS = 60_000;
/** A scanner may be late: the number is still taken so long after the phone shows the next one. */
const GRACE_MS = 60_000;
/** Above this the phone asks for the password, whatever the count. */
const FREE_AMOUNT = 100_000n;
const FREE_A_DAY = 10;

interface CodeRecord {
  readonly code: string;
  readonly person: string;
  readonly expires_at: number;
  /** The charge it was used for: seller and order number. */
  used_by: string | null;
}

export interface PayerCodes {
  readonly codes: Collection<CodeRecord>;
  /** By person: the number on the phone now. */
  readonly shown: Map<string, CodeRecord>;
  readonly free: Collection<{ count: number }>;
  /** Charges that wait for the password, by the order's token. */
  readonly prompting: Map<string, Trade>;
}

export function openPayerCodes(store: SandboxStore): PayerCodes {
  const codes = store.collection<CodeRecord>('payer_codes');
  const shown = new Map([...codes.values()].map((record) => [record.person, record]));
  const free = store.collection<{ count: number }>('free_payments');
  return { codes, shown, free, prompting: new Map() };
}

/** Dead numbers leave; they are stored in order of time. */
function forget(book: PayerCodes, now: number): void {
  for (const record of book.codes.values()) {
    if (record.expires_at + 2 * GRACE_MS > now) return;
    book.codes.delete(record.code);
    if (book.shown.get(record.person) === record) book.shown.delete(record.person);
  }
}

/** The number on this person's phone; the same until it is used or its minute is over. */
export function shownCode(alipay: Alipay, person: string): PayerCode {
  const book = alipay.payer_codes;
  const now = alipay.options.clock.now().getTime();
  let record = book.shown.get(person);
  if (!record || record.used_by !== null || now >= record.expires_at) {
    forget(book, now);
    let code = newPayerCode(alipay.options.random);
    while (book.codes.get(code)) code = newPayerCode(alipay.options.random);
    record = { code, person, expires_at: now + CODE_LIFE_MS, used_by: null };
    book.codes.put(code, record);
    book.shown.set(person, record);
  }
  return { code: record.code, expires_at: new Date(record.expires_at) };
}

export type CodeVerdict =
  | { readonly kind: 'good'; readonly person: string }
  /** Used before, for this very order: the same charge again. */
  | { readonly kind: 'same_order'; readonly person: string }
  | { readonly kind: 'used' | 'expired' | 'unknown' };

/** Whose number is it, and may it pay this order? */
export function judgeCode(alipay: Alipay, code: string, order: string): CodeVerdict {
  const record = alipay.payer_codes.codes.get(code);
  if (!record) return { kind: 'unknown' };
  if (record.used_by === order) return { kind: 'same_order', person: record.person };
  if (record.used_by !== null) return { kind: 'used' };
  const now = alipay.options.clock.now().getTime();
  if (now >= record.expires_at + GRACE_MS) return { kind: 'expired' };
  return { kind: 'good', person: record.person };
}

export function spendCode(alipay: Alipay, code: string, order: string): void {
  const record = alipay.payer_codes.codes.get(code);
  if (!record) return;
  record.used_by = order;
  alipay.payer_codes.codes.put(code, record);
}

function freeKey(alipay: Alipay, person: string): string {
  return `${person}/${businessDate(alipay.options.clock.now())}`;
}

export function needsPassword(alipay: Alipay, person: string, amount: bigint): boolean {
  if (amount > FREE_AMOUNT) return true;
  if (alipay.options.faults.strikes('password_asked', { operation: 'alipay.trade.pay', amount })) {
    return true;
  }
  return (alipay.payer_codes.free.get(freeKey(alipay, person))?.count ?? 0) >= FREE_A_DAY;
}

export function countFreePayment(alipay: Alipay, person: string): void {
  const key = freeKey(alipay, person);
  const count = (alipay.payer_codes.free.get(key)?.count ?? 0) + 1;
  alipay.payer_codes.free.put(key, { count });
}
