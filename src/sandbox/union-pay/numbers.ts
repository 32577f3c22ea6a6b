import { stamp } from '../../protocols/union-pay/transactions.ts';
import { randomDigits, type SandboxRandom } from '../random.ts';
import type { UnionPay } from './books.ts';

/** Numbers and tokens in the shapes that the wallet gives them. */

/** 21 digits: 95, time, the six digits of the trace number, one more. */
export function newTrace(union: UnionPay): { query_id: string; trace_no: string } {
  const { clock, random } = union.options;
  const time = stamp(clock.now()).slice(2);
  for (;;) {
    const trace_no = randomDigits(random, 6);
    const query_id = `95${time}${trace_no}${randomDigits(random, 1)}`;
    if (!union.by_query_id.has(query_id)) return { query_id, trace_no };
  }
}

/** The voucher of a merchant code: 32 digits that begin with 62. */
export function newVoucher(random: SandboxRandom): string {
  return `62${randomDigits(random, 30)}`;
}

/** 21 digits that an app hands to the SDK. */
export function newTn(random: SandboxRandom, at: Date): string {
  return `${stamp(at)}${randomDigits(random, 7)}`;
}

export function newSecret(random: SandboxRandom): string {
  return random.bytes(16).toString('hex');
}

/** 62, two digits of the product, fifteen that nobody can guess. */
export function newPayerCode(random: SandboxRandom): string {
  return `62${randomDigits(random, 17)}`;
}

/** A person's card as merchants see it. */
export function maskedCard(person: string): string {
  const tail = [...person].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 10_000, 7);
  return `621700********${tail.toString().padStart(4, '0')}`;
}
