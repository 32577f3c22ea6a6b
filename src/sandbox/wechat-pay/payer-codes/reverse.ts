import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { invalidRequest } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import { debitReversal } from '../money.ts';
import { settlementTotal } from '../orders/amounts.ts';
import type { OrderRecord } from '../orders/records.ts';

/**
 * Ends a charge by payer code for good: what was paid goes back, what was not paid cannot be paid
 * any more. Re-entrant; within seven days of the charge. The wallet advises to wait 15 seconds
 * after the charge, and does not enforce it.
 */
const REVERSIBLE_MS = 7 * 86_400_000;

/** Answers whether money went back; throws where the order cannot be reversed. */
export function reverseCharge(
  context: SandboxContext,
  order: OrderRecord,
): { money_returned: boolean } {
  const { books, charges, clock, funds } = context;
  if (order.kind !== 'codepay') {
    throw invalidRequest('只有付款码支付的订单可以撤销', INTERNAL_CODE.bad_parameter);
  }
  const now = clock.now().getTime();
  if (order.state === 'REVOKED') return { money_returned: order.paid_at !== null };
  if (now > order.created_at + REVERSIBLE_MS) {
    throw invalidRequest('订单已超过可撤销的期限（7天）', INTERNAL_CODE.order_expired);
  }
  if (order.state === 'REFUND') {
    throw invalidRequest('订单已发起退款，不能撤销', INTERNAL_CODE.bad_parameter);
  }
  const money_returned = order.paid_at !== null;
  if (money_returned) {
    const held = funds.holdOf(order.transaction_id ?? '')?.amount ?? 0n;
    if (order.profit_sharing && held !== settlementTotal(order) - order.fee) {
      throw invalidRequest('订单已分账，不能撤销', INTERNAL_CODE.bad_parameter);
    }
    debitReversal(context, order);
  }
  charges.over(order);
  books.revoke(order, now);
  return { money_returned };
}
