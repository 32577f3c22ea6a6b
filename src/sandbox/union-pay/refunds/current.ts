import { clearingDate } from '../../../protocols/union-pay/transactions.ts';
import { balanceOf, now, type Return, saveReturn, type UnionPay } from '../books.ts';
import { notifyTrade } from '../notices.ts';

/** A refund that was held back arrives when its time has come. */
export function currentReturn(union: UnionPay, made: Return): Return {
  if (made.state !== 'processing' || now(union) < made.due_at) return made;
  arrive(union, made);
  return made;
}

/** The payer has the money; the merchant is told. */
export function arrive(union: UnionPay, made: Return): void {
  const payer = union.payments.get(made.original)?.payer ?? '';
  if (union.people.has(payer)) {
    union.balances.put(payer, { amount: balanceOf(union, payer) + made.amount });
  }
  made.state = 'done';
  made.resp_code = '00';
  made.record.done_at = made.due_at;
  made.record.settle_date = clearingDate(new Date(made.due_at));
  saveReturn(union, made);
  notifyTrade(union, made);
}
