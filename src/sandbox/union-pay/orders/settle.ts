import type { RespCode } from '../../../protocols/union-pay/codes.ts';
import { clearingDate } from '../../../protocols/union-pay/transactions.ts';
import {
  type Booking,
  balanceOf,
  now,
  type Payment,
  savePayment,
  type UnionPay,
} from '../books.ts';
import { creditPayment } from '../money.ts';
import { notifyTrade } from '../notices.ts';
import { newTrace } from '../numbers.ts';

/** How a payment ends, whoever ended it. */
export function booking(union: UnionPay): Booking {
  const done_at = now(union);
  return { ...newTrace(union), done_at, settle_date: clearingDate(new Date(done_at)) };
}

/** Moves the money and tells the merchant; the payer's balance has been looked at. */
export function payOrder(union: UnionPay, payment: Payment, person: string): void {
  union.balances.put(person, { amount: balanceOf(union, person) - payment.amount });
  payment.state = 'paid';
  payment.resp_code = '00';
  payment.payer = person;
  payment.prompt_until = null;
  payment.record = booking(union);
  creditPayment(union, payment);
  savePayment(union, payment);
  notifyTrade(union, payment);
}

/** The trade is over without money; only a scanned code is told of it. */
export function failOrder(union: UnionPay, payment: Payment, code: RespCode): void {
  payment.state = 'failed';
  payment.resp_code = code;
  payment.prompt_until = null;
  payment.record = booking(union);
  savePayment(union, payment);
  if (payment.product === 'scanned') notifyTrade(union, payment);
}

/** Lets time act on a trade before anybody looks at it: an unanswered prompt ends. */
export function current(union: UnionPay, payment: Payment): Payment {
  const { state, prompt_until } = payment;
  if (state === 'processing' && prompt_until !== null && now(union) >= prompt_until) {
    failOrder(union, payment, '69');
  }
  return payment;
}
