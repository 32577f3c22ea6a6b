import { clearingDate } from '../../../protocols/union-pay/transactions.ts';
import {
  addressOf,
  amountOf,
  type Call,
  newTradeName,
  optional,
  required,
  tradeName,
  WireRefusal,
} from '../api/call.ts';
import type { Fields } from '../api/route.ts';
import {
  balanceOf,
  isPayment,
  keyOf,
  now,
  type Payment,
  type Return,
  savePayment,
  saveReturn,
  tradeNamed,
} from '../books.ts';
import { canReturn, debitReturn } from '../money.ts';
import { booking, current } from '../orders/settle.ts';
import { arrive } from './current.ts';

/**
 * Money back. A refund may be of a part and comes within eleven months; an undo is of the whole,
 * within the clearing day (to 23:00). Both are trades of their own, named by `origQryId`. A
 * reversal ends a scanned code under that trade's own name, whatever had become of it.
 */
const REFUND_WINDOW_MS = 330 * 86_400_000;
const DELAY_MS = 60_000;

function originalOf(call: Call): Payment {
  const { union, merchant } = call;
  const found = union.by_query_id.get(required(call, 'origQryId'));
  if (!found || !isPayment(found) || found.mer_id !== merchant.mer_id) {
    throw new WireRefusal('35', 'origQryId names no payment of this merchant');
  }
  const payment = current(union, found);
  if (payment.state !== 'paid') throw new WireRefusal('35', 'the payment was not paid');
  return payment;
}

function checkNew(call: Call): ReturnType<typeof newTradeName> {
  const name = newTradeName(call);
  if (tradeNamed(call.union, name)) {
    throw new WireRefusal('12', 'orderId and txnTime were used before');
  }
  return name;
}

function book(call: Call, payment: Payment, kind: Return['kind'], amount: bigint): Return {
  const { union } = call;
  const { faults } = union.options;
  const name = checkNew(call);
  const short = faults.strikes('merchant_short', { amount });
  if (short || !canReturn(union, payment, amount)) {
    throw new WireRefusal('90', 'the merchant’s account is short');
  }
  const delay = faults.strikes('refund_delayed', { amount });
  const at = now(union);
  const made: Return = {
    ...name,
    kind,
    original: keyOf(payment),
    amount,
    back_url: addressOf(call, 'backUrl'),
    req_reserved: optional(call, 'reqReserved', 1024),
    placed_at: at,
    due_at: at + (delay ? (delay.delay_ms ?? DELAY_MS) : 0),
    state: 'processing',
    resp_code: '05',
    record: booking(union),
    fee: 0n,
  };
  made.fee = debitReturn(union, payment, made);
  if (kind === 'undo') payment.undone = true;
  savePayment(union, payment);
  saveReturn(union, made);
  if (!delay) arrive(union, made);
  return made;
}

function answer(made: Return, payment: Payment): Fields {
  return {
    queryId: made.record.query_id,
    origQryId: payment.record?.query_id,
    txnAmt: made.amount.toString(),
  };
}

export function refund(call: Call): Fields {
  const amount = amountOf(call);
  checkNew(call);
  const payment = originalOf(call);
  if (payment.undone) throw new WireRefusal('45', 'the payment was undone');
  if (payment.refunded === payment.amount) throw new WireRefusal('45', 'nothing is left to refund');
  if (amount > payment.amount - payment.refunded) {
    throw new WireRefusal('36', 'more than is left of the payment');
  }
  if (now(call.union) > (payment.record?.done_at ?? 0) + REFUND_WINDOW_MS) {
    throw new WireRefusal('39', 'refunds end eleven months after the payment');
  }
  return answer(book(call, payment, 'refund', amount), payment);
}

export function undo(call: Call): Fields {
  const amount = amountOf(call);
  checkNew(call);
  const payment = originalOf(call);
  if (payment.refunded > 0n) throw new WireRefusal('45', 'money of this payment went back already');
  if (amount !== payment.amount) throw new WireRefusal('36', 'an undo is of the whole amount');
  const today = clearingDate(call.union.options.clock.now());
  if (payment.record?.settle_date !== today) {
    throw new WireRefusal('39', 'undone only within the clearing day; refund it');
  }
  return answer(book(call, payment, 'undo', amount), payment);
}

/** Under the number of the charge itself; asking again changes nothing. */
export function reverse(call: Call): Fields {
  const { union } = call;
  const trade = tradeNamed(union, tradeName(call));
  if (!trade || !isPayment(trade) || trade.product !== 'scanned') {
    throw new WireRefusal('34', 'no charge of a payer code has this number');
  }
  const payment = current(union, trade);
  if (payment.state === 'reversed') return {};
  if (payment.refunded > 0n) throw new WireRefusal('45', 'money of this payment went back already');
  const today = clearingDate(union.options.clock.now());
  if (payment.state === 'paid' && payment.record?.settle_date !== today) {
    throw new WireRefusal('39', 'reversed only within the clearing day; refund it');
  }
  if (payment.state === 'paid') giveBack(call, payment);
  payment.state = 'reversed';
  payment.resp_code = '46';
  payment.prompt_until = null;
  savePayment(union, payment);
  return {};
}

function giveBack({ union }: Call, payment: Payment): void {
  const { amount, order_id } = payment;
  debitReturn(union, payment, { kind: 'reversal', amount, order_id, record: booking(union) });
  const payer = payment.payer ?? '';
  union.balances.put(payer, { amount: balanceOf(union, payer) + amount });
}
