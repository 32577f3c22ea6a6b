import { toYuan } from '../../money.ts';
import {
  type ConfirmOutcome,
  type PasswordPrompt,
  type PayerCode,
  PhoneRefusal,
  type ScannedCode,
} from '../sandbox.ts';
import { WireRefusal } from './api/call.ts';
import { balanceOf, isExpired, now, type Payment, type UnionPay } from './books.ts';
import { newPayerCode, newSecret } from './numbers.ts';
import { tokenOfCode } from './orders/create.ts';
import { current, failOrder, payOrder } from './orders/settle.ts';
import { openFront } from './pages/front.ts';

/** What the payer does, on the phone or at the cashier. */
const MAX_SCANS = 10_000;
const SCAN_LIFE_MS = 15 * 60_000;
const CODE_LIFE_MS = 60_000;
const MAX_CODES = 10_000;

interface Scan {
  readonly person: string;
  readonly payment: Payment;
  readonly expires_at: number;
}

/** Scans live in memory only: a restarted wallet asks its user to scan again. */
export class Payers {
  readonly #union: UnionPay;
  readonly #scans = new Map<string, Scan>();

  constructor(union: UnionPay) {
    this.#union = union;
  }

  async scan(person: string, code: string): Promise<ScannedCode> {
    const union = this.#union;
    const payment = orderBehind(union, code.trim());
    if (!payment) throw new PhoneRefusal('unknown_code');
    takeUp(union, payment, person);
    const id = newSecret(union.options.random);
    this.#scans.set(id, { person, payment, expires_at: now(union) + SCAN_LIFE_MS });
    const oldest = this.#scans.keys().next().value;
    if (this.#scans.size > MAX_SCANS && oldest !== undefined) this.#scans.delete(oldest);
    await union.options.store.committed();
    return {
      id,
      payee: payeeOf(union, payment).zh,
      amount: payment.amount,
      currency: 'CNY',
      description: payment.description,
    };
  }

  async confirm(id: string, outcome: ConfirmOutcome): Promise<{ state: 'paid' | 'cancelled' }> {
    const union = this.#union;
    const scan = this.#scans.get(id);
    if (!scan || now(union) >= scan.expires_at) throw new PhoneRefusal('scan_expired');
    if (outcome === 'wrong_password') throw new PhoneRefusal('wrong_password');
    if (outcome === 'pay') pay(union, scan.payment, scan.person);
    this.#scans.delete(id);
    await union.options.store.committed();
    return { state: outcome === 'pay' ? 'paid' : 'cancelled' };
  }

  /** The same code until it is used or its minute is over. */
  payerCode(person: string): PayerCode {
    const union = this.#union;
    if (!union.people.has(person)) throw new PhoneRefusal('unknown_code');
    for (const known of union.payer_codes.values()) {
      if (known.person === person && !known.used && now(union) < known.expires_at) {
        return { code: known.code, expires_at: new Date(known.expires_at) };
      }
    }
    forgetOldCodes(union);
    let code = newPayerCode(union.options.random);
    while (union.payer_codes.get(code)) code = newPayerCode(union.options.random);
    const expires_at = now(union) + CODE_LIFE_MS;
    union.payer_codes.put(code, { code, person, expires_at, used: false });
    return { code, expires_at: new Date(expires_at) };
  }

  prompts(person: string): PasswordPrompt[] {
    const union = this.#union;
    return waiting(union)
      .filter(({ payer }) => payer === person)
      .map((payment) => ({
        id: payment.token,
        payee: payeeOf(union, payment).zh,
        amount: payment.amount,
        description: payment.description,
      }));
  }

  async answerPrompt(
    id: string,
    outcome: ConfirmOutcome,
  ): Promise<{ state: 'paid' | 'cancelled' }> {
    const union = this.#union;
    const payment = waiting(union).find(({ token }) => token === id);
    if (!payment?.payer) throw new PhoneRefusal('prompt_over');
    if (outcome === 'wrong_password') throw new PhoneRefusal('wrong_password');
    if (outcome === 'pay') {
      if (balanceOf(union, payment.payer) < payment.amount) {
        throw new PhoneRefusal('insufficient_balance');
      }
      payOrder(union, payment, payment.payer);
    } else failOrder(union, payment, '30');
    await union.options.store.committed();
    return { state: outcome === 'pay' ? 'paid' : 'cancelled' };
  }
}

function waiting(union: UnionPay): Payment[] {
  return [...union.payments.values()].filter(
    (payment) => payment.state === 'processing' && current(union, payment).state === 'processing',
  );
}

function forgetOldCodes(union: UnionPay): void {
  if (union.payer_codes.size < MAX_CODES) return;
  for (const known of [...union.payer_codes.values()]) {
    if (known.used || now(union) >= known.expires_at) union.payer_codes.delete(known.code);
  }
}

export function payeeOf(
  union: UnionPay,
  payment: Payment,
): { readonly zh: string; readonly en: string } {
  return union.merchants.get(payment.mer_id)?.payee ?? { zh: '商户', en: 'Merchant' };
}

/** A merchant code, the app's number, a cashier's address or a signed form as a link. */
function orderBehind(union: UnionPay, code: string): Payment | undefined {
  if (/^\d{21}$/.test(code)) return ofProduct(union.by_token.get(code), ['app']);
  const voucher = tokenOfCode(code);
  if (voucher !== undefined) return ofProduct(union.by_token.get(voucher), ['code', 'order']);
  if (!URL.canParse(code)) return undefined;
  const url = new URL(code);
  if (url.pathname.startsWith('/cashier/')) {
    return ofProduct(union.by_token.get(url.pathname.slice(9)), ['front']);
  }
  if (!url.pathname.endsWith('/frontTransReq.do')) return undefined;
  try {
    return openFront(union, url.search.slice(1));
  } catch (error) {
    if (!(error instanceof WireRefusal)) throw error;
    if (error.code === '12') throw new PhoneRefusal('order_paid');
    return undefined;
  }
}

function ofProduct(
  payment: Payment | undefined,
  products: readonly Payment['product'][],
): Payment | undefined {
  return payment && products.includes(payment.product) ? payment : undefined;
}

/** Throws when this person may not pay this order now. */
export function takeUp(union: UnionPay, payment: Payment, person: string): void {
  if (!union.people.has(person)) throw new PhoneRefusal('unknown_code');
  if (payment.state === 'paid') throw new PhoneRefusal('order_paid');
  if (payment.state !== 'open') throw new PhoneRefusal('order_closed');
  if (isExpired(union, payment)) throw new PhoneRefusal('code_expired');
}

/** Final. */
export function pay(union: UnionPay, payment: Payment, person: string): void {
  takeUp(union, payment, person);
  const { amount } = payment;
  const short = union.options.faults.strikes('payer_short', { amount });
  if (short || balanceOf(union, person) < amount) throw new PhoneRefusal('insufficient_balance');
  payOrder(union, payment, person);
}

export function priceOf(payment: Payment): string {
  return `¥${toYuan(payment.amount)}`;
}
